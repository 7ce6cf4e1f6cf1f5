"""Locate the template and its version: bundled in the wheel, or the checkout around this file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .errors import MISSING, Problem, Refused

SOURCE: Final = "https://github.com/livekit-planner/livekit-planner"
SHORT: Final = {"gh:": "https://github.com/", "gl:": "https://gitlab.com/"}
BUNDLE: Final = Path(__file__).parent / "_template"
RECORD: Final = BUNDLE / "source.json"
CHECKOUT: Final = Path(__file__).resolve().parents[2]
PARTS: Final = ("copier.yml", "template")


@dataclass(frozen=True)
class Version:
    """The version of a template: the full hash of its commit, and the name that a project records of it.

    That name holds release, distance and hash (0.4.6+git-12-g1234…): git finds the commit by it without any tag, and PEP 440
    orders it. `dirty` tells that the files hold changes which no commit has.
    """

    commit: str
    recorded: str
    dirty: bool = False


@dataclass(frozen=True)
class Template:
    """A template on disk."""

    root: Path

    @property
    def questions(self) -> list[Path]:
        """Return the files of the questionnaire, in order."""
        return sorted((self.root / "template" / "questions").glob("*.yml"))


def is_address(location: str) -> bool:
    """Tell whether a location is an address that Copier takes, and no path on this machine."""
    return location.startswith(("git@", "git+", *SHORT)) or "://" in location


def located(location: str) -> str:
    """Return what a project records of a source: an address as it stands, a folder by its absolute path.

    Raises:
        Refused: it is neither.
    """
    if is_address(location):
        return location
    folder = Path(location).expanduser()
    if not folder.is_dir():
        fix = "name a clone on this machine, or an address such as https://example.com/fork"
        raise Refused(Problem("--source", location, "is no folder and no address", fix))
    return str(folder.resolve())


def cache() -> Path:
    """Return the folder for what can be had again.

    Raises:
        RuntimeError: this user has no home.
    """
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "livekit-planner"


def find() -> Template:
    """Return the bundled template if there is one, else the checkout.

    Raises:
        Refused: neither is there.
    """
    if BUNDLE.is_dir():
        return Template(BUNDLE)
    if not (CHECKOUT / "copier.yml").is_file():
        raise Refused(
            Problem("template", None, "is neither bundled nor beside the code", "install livekit-planner again"), exit_code=MISSING
        )
    return Template(CHECKOUT)


def version_of(template: Template) -> Version:
    """Return the version of the bundled template or the checkout; the newest release while the checkout's template is the same.

    Raises:
        Refused: the checkout has no git or no commit.
    """
    if template.root == BUNDLE:
        record = json.loads(RECORD.read_text())
        return Version(record["commit"], record["recorded"])
    from .update.git import GitFailed  # both need this module
    from .update.history import History

    try:
        history = History(Path(_git("rev-parse", "--absolute-git-dir")), str(CHECKOUT))
        commit = history.settled(_git("rev-parse", "--verify", "HEAD"))
        return Version(commit, history.recorded(commit), bool(_git("status", "--porcelain", "--", *PARTS)))
    except GitFailed as failed:
        problem = Problem("template", str(CHECKOUT), f"its version is unknown: {failed}", "fetch the whole history of the clone")
        raise Refused(problem, exit_code=MISSING) from failed


def without_git() -> dict[str, str]:
    """Return this process's environment without git's variables: inside a hook they name another repository."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def _git(*arguments: str) -> str:
    try:
        if not (CHECKOUT / ".git").exists():  # git would answer for a repository around it
            raise OSError("no repository")
        done = subprocess.run(["git", *arguments], cwd=CHECKOUT, env=without_git(), check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        problem = Problem("template", None, "its version is unknown: git or its history is missing", "clone the repository with git")
        raise Refused(problem, exit_code=MISSING) from error
    return done.stdout.strip()


def _parts(template: Template) -> list[str]:
    """List the files that belong to the template: installers, editors and Python leave others in its folder."""
    if template.root == BUNDLE:
        listed: list[str] = json.loads(RECORD.read_text())["files"]
    else:
        listed = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *PARTS).split("\0")
    return [name for name in listed if (template.root / name).is_file()]


@contextmanager
def staged(template: Template) -> Iterator[Path]:
    """Yield a copy of the template alone. Copier takes a folder with history for something to clone."""
    with tempfile.TemporaryDirectory(prefix="livekit-planner-") as place:
        for name in _parts(template):
            target = Path(place, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(template.root / name, target)
        yield Path(place)
