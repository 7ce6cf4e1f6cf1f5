"""Find the history with the template's versions: the checkout around this code, a named repository, or the recorded one."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .. import source
from ..errors import MISSING, Problem, Refused
from . import git as command
from .git import GitFailed
from .history import History


@dataclass(frozen=True)
class Step:
    """From which version of the template to which, by full hash, and what the project records as its source.

    Without `history` both are the version that this installation carries.
    """

    old: str
    new: str
    location: str
    history: History | None

    def extract(self, commit: str, place: Path) -> Path:
        """Write the template at a commit into a folder and return it."""
        if self.history:
            return self.history.extract(commit, place)
        with source.staged(source.find()) as bundled:
            shutil.copytree(bundled, place)
        return place

    def name(self, commit: str) -> str:
        """Return the name of a version for people."""
        return self.history.name(commit) if self.history else source.version_of(source.find()).recorded.partition("+")[0]

    @property
    def recorded(self) -> str:
        """Return the name of the new version that a project records."""
        return self.history.recorded(self.new) if self.history else source.version_of(source.find()).recorded

    @property
    def is_older(self) -> bool:
        """Tell whether the step goes back: the new version is in the history of the old one."""
        return bool(self.history) and self.old != self.new and self.history.contains(self.old, self.new)  # type: ignore[union-attr]

    @property
    def is_same(self) -> bool:
        """Tell whether both versions hold the same template."""
        return self.old == self.new or (self.history is not None and self.history.same(self.old, self.new))


def choose(project: Path, recorded: dict[str, object], named: str | None, to: str | None) -> Step:
    """Find the history that has the recorded version, and the version to go to.

    The version to go to is `to`, else the newest commit of the repository that is `named`, else the version that this
    installation generates, else the newest commit of the recorded repository.

    Raises:
        Refused: no history has the recorded version, or there is no version of that name.
    """
    commit, location = str(recorded["_commit"]), _absolute(project, str(recorded["_src_path"]))
    own, bundled = source.version_of(source.find()), source.BUNDLE.is_dir()
    if bundled and not (named or to) and commit in (own.commit, own.recorded):
        return Step(own.commit, own.commit, location, None)
    history = _history(commit, location, named, bundled=bundled)
    old = history.resolve(commit)
    if not old:
        reason = f"is the version of this project, and {history.location} does not have it"
        fix = "name a clone of the template that has it: --source PATH"
        raise Refused(Problem("_commit", commit, reason, fix), exit_code=MISSING)
    return Step(old, _target(history, own, named, to), history.location if named else location, history)


def _target(history: History, own: source.Version, named: str | None, to: str | None) -> str:
    if to:
        if found := history.resolve(to):
            return found
        known = ", ".join(history.releases())
        raise Refused(Problem("--to", to, f"{history.location} has no such version", f"choose one of {known}, or a commit"))
    return (not named and history.resolve(own.commit)) or history.settled(history.head())


def _history(commit: str, location: str, named: str | None, *, bundled: bool) -> History:
    if named:
        return _open(named, commit)
    beside = None if bundled else _local(str(source.CHECKOUT))
    if beside and (around := History(beside, location)).resolve(commit):
        return around
    return _open(location, commit)


def _open(location: str, commit: str) -> History:
    """Open the history at a path, or a copy of the one at an address.

    Raises:
        Refused: there is none, or it cannot be fetched.
    """
    for prefix, address in source.SHORT.items():
        if location.startswith(prefix):
            location = f"{address}{location.removeprefix(prefix)}"
    location = location.removeprefix("git+")
    if local := _local(location):
        return History(local, str(Path(location).expanduser().resolve()))
    return History(_mirror(location, commit), location)


def _local(location: str) -> Path | None:
    folder = Path(location).expanduser()
    if not folder.is_dir():
        return None
    try:
        names = command.users(folder).text("rev-parse", "--path-format=absolute", "--git-dir", "--show-prefix").split("\n")
    except GitFailed:
        return None
    return None if names[1:] else Path(names[0])


def _mirror(address: str, commit: str) -> Path:
    """Return this machine's copy of a repository, fetched anew when it lacks the commit or this is the first time.

    Raises:
        Refused: it cannot be fetched.
    """
    home = source.cache() / "templates"
    mirror = home / hashlib.sha256(address.encode()).hexdigest()[:16]
    home.mkdir(parents=True, exist_ok=True)
    fetch = ["fetch", "--quiet", "--prune", "--tags"] if mirror.is_dir() else ["clone", "--quiet", "--mirror", "--", address, str(mirror)]
    place = mirror if mirror.is_dir() else home
    try:
        done = subprocess.run(["git", *fetch], cwd=place, env=source.without_git(), capture_output=True, text=True, check=False)  # noqa: S603, S607
    except FileNotFoundError:
        raise Refused(Problem("git", None, "is not installed", "install git 2.38 or newer"), exit_code=MISSING) from None
    if done.returncode and not (mirror.is_dir() and History(mirror, address).resolve(commit)):
        told = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        fix = "name a clone of the template on this machine: --source /path/to/clone"
        raise Refused(Problem("--source", address, f"cannot be read: {told}", fix), exit_code=MISSING)
    return mirror


def _absolute(project: Path, location: str) -> str:
    """Resolve a relative path from the project's folder, or from the folder around it, where the project was made; an address stays."""
    if location.startswith(("/", "~")) or source.is_address(location):
        return location
    places = [(start / location).resolve() for start in (project, project.parent)]
    return str(next((place for place in places if place.is_dir()), places[0]))
