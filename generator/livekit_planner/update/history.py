"""The template's versions, read from its git history."""

from __future__ import annotations

import io
import re
import tarfile
from pathlib import Path
from typing import Final

import yaml

from . import git as command

PARTS: Final = ("copier.yml", "template")
_TAG: Final = re.compile(r"refs/tags/v?(\d+(?:\.\d+)+)")
_DESCRIBED: Final = re.compile(r"v?(\d+(?:\.\d+)+)(?:(?:\+git)?-(\d+)-g([0-9a-f]+))?")


class History:
    """The git repository of a template. `location` is what a project records as its source."""

    def __init__(self, git_dir: Path, location: str) -> None:
        """`git_dir` is a repository on this machine."""
        self.location = location
        self._git = command.isolated(git_dir)

    def resolve(self, name: str) -> str:
        """Return the full hash of a release, tag, branch or commit; empty when it is none.

        A project that plain Copier made records what `git describe` says, also for a tag that did not travel here; ours records what
        `recorded` returns, and up to 0.4.5 the hash alone.
        """
        described = _DESCRIBED.fullmatch(name)
        for candidate in (described and described[3], self.releases().get(described[1]) if described else None, name):
            if candidate and (found := self._hash(candidate)):
                return found
        return ""

    def _hash(self, name: str) -> str:
        flags = ("--verify", "--quiet", "--end-of-options")
        return self._git.run("rev-parse", *flags, f"{name}^{{commit}}", accept=(0, 1)).decode().strip()

    def head(self) -> str:
        """Return the full hash of the newest commit, empty when there is none."""
        return self._hash("HEAD")

    def releases(self) -> dict[str, str]:
        """Return the released versions and their commits, oldest first."""
        loaded = yaml.safe_load(self.file("HEAD", "releases.yml") or "{}")
        return {str(version): str(commit) for version, commit in loaded.items()}

    def file(self, commit: str, path: str) -> str:
        """Return the text of one file at a commit, empty when it is not there."""
        header, _, rest = self._git.run("cat-file", "--batch", stdin=f"{commit}:{path}\n".encode()).partition(b"\n")
        return "" if header.endswith(b" missing") else rest[: int(header.split()[2])].decode()

    def name(self, commit: str) -> str:
        """Return the name of a commit for people: its release, or the newest release in it and the number of commits since."""
        version, count = self._since(commit)
        if not version:
            return commit[:9]
        return f"{version}+{count} ({commit[:9]})" if count else version

    def recorded(self, commit: str) -> str:
        """Return the name that a project records: a version of PEP 440 that git resolves by the hash in it."""
        version, count = self._since(commit)
        return f"{version}+git-{count}-g{commit}" if version else commit

    def _since(self, commit: str) -> tuple[str, int]:
        """Return the newest release in the history of a commit and the number of commits since; an empty name when there is none.

        A release does not list itself yet: its tag says what it is.
        """
        for tag in self._git.text("for-each-ref", f"--points-at={commit}", "--format=%(refname)", "refs/tags").splitlines():
            if found := _TAG.fullmatch(tag):
                return found[1], 0
        for version, released in reversed(self.releases().items()):
            if released == commit:
                return version, 0
            if self.contains(commit, released):
                return version, int(self._git.text("rev-list", "--count", f"{released}..{commit}"))
        return "", 0

    def contains(self, commit: str, ancestor: str) -> bool:
        """Tell whether `ancestor` is in the history of `commit`, or is it."""
        return bool(self._hash(ancestor)) and self._git.text("rev-list", "--count", ancestor, f"^{commit}") == "0"

    def same(self, one: str, other: str) -> bool:
        """Tell whether two commits hold the same template; other files may differ."""
        return all(self._object(one, part) == self._object(other, part) for part in PARTS)

    def _object(self, commit: str, path: str) -> str:
        return self._git.text("rev-parse", f"{commit}:{path}")

    def settled(self, commit: str) -> str:
        """Return the newest release in the history of a commit if it holds the same template, else the commit itself."""
        for released in reversed(self.releases().values()):
            if self.contains(commit, released):
                return released if self.same(commit, released) else commit
        return commit

    def changelog(self, old: str, new: str) -> str:
        """Return the sections of the changelog at `new` that the one at `old` does not have."""
        known = set(_sections(self.file(old, "CHANGELOG.md")))
        return "\n".join(text for title, text in _sections(self.file(new, "CHANGELOG.md")).items() if title not in known)

    def extract(self, commit: str, place: Path) -> Path:
        """Write the template at a commit into the folder `place` and return it."""
        with tarfile.open(fileobj=io.BytesIO(self._git.run("archive", "--format=tar", commit, *PARTS))) as archive:
            archive.extraction_filter = getattr(tarfile, "data_filter", None)  # Python 3.11.3 and older have none
            archive.extractall(place)  # noqa: S202 (the filter above)
        return place


def _sections(changelog: str) -> dict[str, str]:
    parts = re.split(r"^(## .*)$", changelog, flags=re.MULTILINE)[1:]
    return {title: f"{title}{text}" for title, text in zip(parts[::2], parts[1::2], strict=True)}
