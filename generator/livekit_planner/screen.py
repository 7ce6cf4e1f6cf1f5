"""Text for a terminal: lines that it shows whole."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from typing import NoReturn

import click

from .errors import Refused

WIDEST = 100


def wrapped(text: str, first: str = "", later: str = "") -> list[str]:
    """Break one paragraph into lines that fit the terminal; only the last column stays free."""
    width = min(shutil.get_terminal_size().columns, WIDEST) - 1
    lines = textwrap.wrap(text, width, initial_indent=first, subsequent_indent=later, break_on_hyphens=False, break_long_words=False)
    return lines or [""]


def say(text: str, *, err: bool = False) -> None:
    """Print lines; in a terminal, each broken at its width, the rest of it indented. For a pipe they stay as they are."""
    for line in text.split("\n"):
        shown = [line]
        if (sys.stderr if err else sys.stdout).isatty():
            indent = " " * (len(line) - len(line.lstrip()))
            shown = wrapped(line.lstrip(), indent, indent + "  ")
        click.echo("\n".join(shown), err=err)


def fail(refused: Refused, as_json: bool) -> NoReturn:
    """Tell every problem and end with the exit code that they have."""
    if as_json:
        click.echo(json.dumps({"ok": False, "errors": [one.record() for one in refused.problems]}, indent=2, ensure_ascii=False))
    else:
        for problem in refused.problems:
            say(problem.line(), err=True)
    sys.exit(refused.exit_code)
