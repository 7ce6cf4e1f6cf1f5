"""Git processes whose result depends on the repository alone."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ..errors import MISSING, Problem, Refused
from ..source import without_git

OLDEST: Final = (2, 38)
# Any owner of a folder is trusted: only plumbing runs, and none of it starts a program that a repository names.
_PLAIN: Final = ("-c", "safe.directory=*", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false")


class GitFailed(Exception):
    """A git command that ended with an error; the text is what git said."""


class Git:
    """Git in one folder, with options and an environment of its own."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        """No variable of git's that the caller may have set counts: a hook sets some."""
        self._folder = folder
        self._environment = {**without_git(), "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", **environment}

    def run(self, *arguments: str, stdin: bytes = b"", accept: Sequence[int] = (0,)) -> bytes:
        """Return what one command prints.

        Raises:
            GitFailed: its exit code is none of `accept`.
            Refused: git is not installed.
        """
        try:
            done = subprocess.run(  # noqa: S603
                ["git", *_PLAIN, *arguments],  # noqa: S607
                cwd=self._folder,
                env=self._environment,
                input=stdin,
                capture_output=True,
                check=False,
            )
        except FileNotFoundError:
            raise Refused(Problem("git", None, "is not installed", "install git 2.38 or newer"), exit_code=MISSING) from None
        if done.returncode not in accept:
            told = done.stderr.decode(errors="replace").strip() or f"exit code {done.returncode}"
            raise GitFailed(f"git {arguments[0]}: {told}")
        return done.stdout

    def text(self, *arguments: str) -> str:
        """Return what one command prints, as one stripped text.

        Raises:
            GitFailed: it ended with an error.
        """
        return os.fsdecode(self.run(*arguments)).strip()

    def names(self, *arguments: str) -> list[str]:
        """Return the NUL-separated records that one command prints.

        Raises:
            GitFailed: it ended with an error.
        """
        return [part for part in os.fsdecode(self.run(*arguments)).split("\0") if part]


def users(folder: Path, index: Path | None = None) -> Git:
    """Git as its user has it configured: what decides the form of files in the work tree. `index` stands in for the index."""
    return Git(folder, {"GIT_INDEX_FILE": str(index)} if index else {})


def isolated(git_dir: Path) -> Git:
    """Git that reads no configuration or attributes but those in `git_dir`."""
    nothing = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_ATTR_NOSYSTEM": "1", "XDG_CONFIG_HOME": os.devnull}
    return Git(git_dir, {**nothing, "GIT_DIR": str(git_dir)})


def check_version(git: Git) -> None:
    """Check that git can merge without a work tree.

    Raises:
        Refused: git is missing or older than 2.38.
    """
    told = git.text("version")
    found = re.search(r"(\d+)\.(\d+)", told)
    if not found or (int(found[1]), int(found[2])) < OLDEST:
        raise Refused(Problem("git", told, "is too old to merge without touching files", "install git 2.38 or newer"), exit_code=MISSING)
