"""`python -m devkit <command>`. Exit codes: 0 done, 2 wrong use, 4 something missing, 5 a check failed."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from types import FrameType
from typing import Final, NoReturn

from .processes import Trouble, WrongUse, end_with_parent

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
PANIC_ENDS_WITHIN_S: Final = 20  # native code that panicked may never come back from its clearing up


class Panicked(KeyboardInterrupt):
    """Native code gave up this process. Like Ctrl-C, it ends an event loop whichever task it meets."""


def main(argv: list[str]) -> int:
    """Run one command and return its exit code."""
    if not argv or argv[0] not in COMMANDS:
        print("\n".join(f"python -m devkit {name:10}{text}" for name, text in COMMANDS.items()), file=sys.stderr)
        return WRONG_USE
    signal.signal(signal.SIGINT, _interrupted)  # a shell that starts us in the background ignores it
    try:
        return int(importlib.import_module(f"devkit.{argv[0]}").main(argv[1:]))
    except WrongUse as error:
        print(error, file=sys.stderr)
        return WRONG_USE
    except Trouble as error:
        print(error, file=sys.stderr)
        return MISSING
    except Panicked:
        print("the WebRTC library panicked, see above: the command came to no result, repeat it", file=sys.stderr)
        return MISSING
    except KeyboardInterrupt:
        print("interrupted: everything that was started is stopped", file=sys.stderr)
        return INTERRUPTED


def apart(argv: list[str]) -> int:
    """Run one command in a process of its own and return its exit code, 4 when native code ended it.

    The WebRTC library of the devkit's callers ends its process by SIGTERM when it panics, speech models can crash: no
    code of ours is reached then, and whatever exit code the system leaves would pass for a verdict.
    """
    pid = os.fork()
    if pid == 0:
        _end_as(_command(argv))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os.kill(pid, signal.SIGINT))
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code >= 0:
        return code
    print(f"native code ended the command by {signal.Signals(-code).name}: it came to no result", file=sys.stderr)
    return MISSING


def _command(argv: list[str]) -> int:
    """The exit code of `main`, whatever it raises."""
    end_with_parent()
    signal.signal(signal.SIGTERM, _panicked)
    try:
        return main(argv)
    except SystemExit as end:  # of argparse
        return end.code if isinstance(end.code, int) else WRONG_USE
    except BaseException:
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # what an interrupted command raises while it ends
            print("interrupted: everything that was started is stopped", file=sys.stderr)
            return INTERRUPTED
        traceback.print_exc()
        return 1


def _end_as(code: int) -> NoReturn:
    """End at once: the libraries' own clearing up could still crash."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _panicked(number: int, frame: FrameType | None) -> None:
    """SIGTERM is the library's way out of a panic: the parent passes on no other signal than SIGINT."""
    signal.alarm(PANIC_ENDS_WITHIN_S)
    raise Panicked


def _interrupted(number: int, frame: FrameType | None) -> None:
    """Once is enough: a terminal tells this process, and the parent does too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(apart(sys.argv[1:]))
