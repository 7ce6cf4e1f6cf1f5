"""A project in its owner's git repository. Everything here only reads."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from ..errors import MISSING, Problem, Refused
from . import git as command
from .git import Git, GitFailed
from .paths import ANSWERS_FILE

MARKERS: Final = re.compile(rb"^<<<<<<< .*?^=======\r?$.*?^>>>>>>> ", re.MULTILINE | re.DOTALL)
NOTHING: Final = "000000"


@dataclass(frozen=True)
class Entry:
    """One file of a git tree or index."""

    mode: str
    oid: str


@dataclass(frozen=True)
class Project:
    """A project's place: its folder, the work tree and git directory around it, its path in the tree, and its commit."""

    root: Path
    top: Path
    git_dir: Path
    objects: Path
    format: str
    prefix: str
    head: str
    git: Git

    @property
    def index_file(self) -> Path:
        """The index of the work tree."""
        return self.git_dir / "index"

    @property
    def tree(self) -> str:
        """Return the name of the project's own tree at its commit."""
        return f"{self.head}:{self.prefix.rstrip('/')}"

    def recorded(self) -> dict[str, Any]:
        """Return the answers file: source, version and answers.

        Raises:
            Refused: it is no mapping with a source and a version.
        """
        try:
            loaded = yaml.safe_load((self.root / ANSWERS_FILE).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise Refused(Problem(ANSWERS_FILE, None, f"cannot be read: {error}", f"git checkout -- {ANSWERS_FILE}")) from None
        if not isinstance(loaded, dict) or not {"_commit", "_src_path"} <= loaded.keys():
            raise Refused(Problem(ANSWERS_FILE, None, "names no template and version", f"git checkout -- {ANSWERS_FILE}"))
        return loaded

    def files(self) -> dict[str, Entry]:
        """Return every file at the commit by its path within the project."""
        return listed(self.git, self.tree)

    def dirty(self) -> set[str]:
        """Return tracked files whose index or work tree differs from the commit.

        Raises:
            Refused: a merge is not finished.
        """
        flags = ("--porcelain=v2", "-z", "--untracked-files=no", "--no-renames", "--ignore-submodules=all", "--no-ahead-behind")
        found, unmerged = set(), []
        for record in self.git.names("status", *flags, "--", self._pathspec()):
            kind = record[0]
            path = record.split(" ", {"1": 8, "u": 10}[kind])[-1].removeprefix(self.prefix)
            found.add(path)
            if kind == "u":
                unmerged.append(path)
        if unmerged:
            fix = "resolve them and commit, then update"
            raise Refused(Problem("work tree", ", ".join(sorted(unmerged)), "has conflicts that are not resolved", fix))
        return found

    def private(self) -> dict[str, list[str]]:
        """Return tracked files whose work tree git is told to ignore, and the options that say so."""
        flags = {"S": ["--skip-worktree"], "h": ["--assume-unchanged"], "s": ["--skip-worktree", "--assume-unchanged"]}
        found = {}
        for record in self.git.names("ls-files", "-v", "-z", "--full-name", "--", self._pathspec()):
            flag, path = record[0], record[2:]
            if flag in flags:
                found[path.removeprefix(self.prefix)] = flags[flag]
        return found

    def removal(self, path: str) -> str:
        """Return the line for `update-index --index-info` that takes a path out of the index."""
        return f"{NOTHING} {'0' * (64 if self.format == 'sha256' else 40)} 0\t{self.prefix}{path}"

    def index(self, paths: Iterable[str]) -> list[str]:
        """Return the lines for `update-index --index-info` that bring `paths` back as they are in the index now."""
        wanted = {self.prefix + path for path in paths}
        lines = [self.removal(path.removeprefix(self.prefix)) for path in sorted(wanted)]
        for record in self.git.names("ls-files", "-s", "-z", "--full-name", "--", self._pathspec()):
            if record.partition("\t")[2] in wanted:
                lines.append(record)
        return lines

    def marked(self) -> list[str]:
        """Return the text files that hold conflict markers."""
        flags = ("-l", "-z", "-I", "-G", "--no-color", "--no-recurse-submodules", "--threads=1")
        out = self.git.run("grep", *flags, "-e", "^<<<<<<< ", self.tree, accept=(0, 1))
        paths = [record.removeprefix(f"{self.tree}:") for record in os.fsdecode(out).split("\0") if record]
        contents = (self.git.run("cat-file", "blob", f"{self.head}:{self.prefix}{path}") for path in paths)
        return [path for path, data in zip(paths, contents, strict=True) if MARKERS.search(data)]

    def blobs(self, oids: Iterable[str]) -> list[bytes]:
        """Return the contents of objects."""
        out, found, position = self.git.run("cat-file", "--batch", stdin="".join(f"{oid}\n" for oid in oids).encode()), [], 0
        while position < len(out):
            end = out.index(b"\n", position)
            size = int(out[position:end].split()[2])
            found.append(out[end + 1 : end + 1 + size])
            position = end + size + 2
        return found

    def _pathspec(self) -> str:
        return f":(top,literal){self.prefix}" if self.prefix else ":(top)"


def find(folder: Path) -> Project:
    """Find the project in `folder` and the repository around it.

    Raises:
        Refused: there is no project, no git, no repository, or nothing of it is committed.
    """
    if not (folder / ANSWERS_FILE).is_file():
        fix = "name the folder of a project; livekit-planner new makes one"
        raise Refused(Problem("DEST", str(folder), f"holds no {ANSWERS_FILE}", fix))
    root = folder.resolve()
    git = command.users(root)
    command.check_version(git)
    try:
        names = ("--show-toplevel", "--absolute-git-dir", "--git-path", "objects", "--show-object-format", "--show-prefix")
        told = os.fsdecode(git.run("rev-parse", "--path-format=absolute", *names)).split("\n")
    except GitFailed as failed:
        fix = "git init && git add -A && git commit -m 'as it was born'"
        raise Refused(Problem("DEST", str(folder), f"is in no git repository ({failed})", fix), exit_code=MISSING) from None
    top, git_dir, objects, form, prefix = told[:5]
    try:
        head = git.text("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        git.text("rev-parse", "--verify", "--quiet", f"{head}:{prefix}{ANSWERS_FILE}")
    except GitFailed:
        reason = "is not committed: an update merges with the last commit"
        raise Refused(Problem("DEST", str(folder), reason, "git add -A && git commit -m 'as it was born'")) from None
    return Project(root, Path(top), Path(git_dir), Path(objects), form, prefix, head, command.users(Path(top)))


def listed(git: Git, tree: str) -> dict[str, Entry]:
    """Return every file of a tree by its path."""
    found = {}
    for record in git.names("ls-tree", "-r", "-z", tree):
        kept, _, path = record.partition("\t")
        mode, _, oid = kept.split(" ")
        found[path] = Entry(mode, oid)
    return found


def check_clean(project: Project, paths: Sequence[str]) -> None:
    """Check that no file which is to be written holds work that is not committed.

    Raises:
        Refused: some do.
    """
    changed = sorted(project.dirty() & set(paths))
    if changed:
        raise Refused(Problem("work tree", ", ".join(changed), "would be written and has changes that are not committed", "commit them"))
