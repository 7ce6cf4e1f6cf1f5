"""livekit-planner: deployment answers in, a complete LiveKit voice-agent repository out."""

__version__ = "0.4.6"
