"""`python -m livekit_planner`, the same as `livekit-planner`."""

from .cli import main

if __name__ == "__main__":
    main()
