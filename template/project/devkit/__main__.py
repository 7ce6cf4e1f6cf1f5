"""`python -m devkit <command>`. Exit codes: 0 done, 2 wrong use, 4 something missing, 5 a check failed."""

from __future__ import annotations

import importlib
import signal
import sys
from types import FrameType

from .processes import Trouble, WrongUse

COMMANDS = {
    "call": "a caller talks to the agent",
    "talk": "you talk to the agent",
    "drill": "what the caller hears when providers fail, beside the bare framework",
    "doctor": "what this machine lacks",
    "prices": "what the plan's models cost now",
    "evidence": "how fast they answer with your keys, against the plan",
    "phrases": "record what the agent says when its voice is dead",
    "load": "many calls at a time, and what one costs",
    "deploy": "a rolling deploy under calls: how many are dropped or lost",
    "setup": "get the LiveKit server and the page of `talk`",
}
WRONG_USE, MISSING, INTERRUPTED = 2, 4, 130


def main(argv: list[str]) -> int:
    """Run one command and return its exit code."""
    if not argv or argv[0] not in COMMANDS:
        print("\n".join(f"python -m devkit {name:10}{text}" for name, text in COMMANDS.items()), file=sys.stderr)
        return WRONG_USE
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that starts us in the background ignores it
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return int(importlib.import_module(f"devkit.{argv[0]}").main(argv[1:]))
    except WrongUse as error:
        print(error, file=sys.stderr)
        return WRONG_USE
    except Trouble as error:
        print(error, file=sys.stderr)
        return MISSING
    except KeyboardInterrupt:
        print("interrupted: everything that was started is stopped", file=sys.stderr)
        return INTERRUPTED


def _interrupt(number: int, frame: FrameType | None) -> None:
    """SIGTERM ends the command as Ctrl-C does, so that its children end too."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
