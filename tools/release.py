"""`make release`: check that the commit at HEAD is a release, tag it, and record it in releases.yml by one more commit.

Nothing is pushed. What is wrong is told at once, and then nothing is done.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]


def main(root: Path = ROOT) -> None:
    """Tag and record the release, or say what it lacks and exit with 2."""
    version = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    wrong = problems(root, version)
    if wrong:
        sys.exit("\n".join(f"{version}: {one}" for one in wrong))
    commit = git(root, "rev-parse", "HEAD")
    with (root / "releases.yml").open("a", encoding="utf-8") as record:
        record.write(f'"{version}": {commit}\n')
    git(root, "commit", "--quiet", "--message", f"chore: record the commit of {version}", "--", "releases.yml")
    git(root, "tag", "--annotate", "--message", version, f"v{version}", commit)
    print(f"{version} is {commit}, tagged v{version} and recorded. Look at both, then: git push --follow-tags")


def problems(root: Path, version: str) -> list[str]:
    """Return what keeps HEAD from being the release `version`."""
    module = re.search(r'__version__ = "(.*)"', (root / "generator/livekit_planner/__init__.py").read_text())
    named = {
        "generator/livekit_planner/__init__.py": module[1] if module else "",
        "template/catalogue/versions.yml": yaml.safe_load((root / "template/catalogue/versions.yml").read_text())["template"],
    }
    found = [f"{path} says {other or 'none'}: write the version of pyproject.toml" for path, other in named.items() if other != version]
    if changed := git(root, "status", "--porcelain"):
        found.append(f"the tree is not clean, a release is a commit:\n{changed}")
    if not re.search(rf"^## {re.escape(version)}$", (root / "CHANGELOG.md").read_text(), re.MULTILINE):
        found.append(f"CHANGELOG.md has no section '## {version}'")
    if version in yaml.safe_load((root / "releases.yml").read_text()):
        found.append("releases.yml has it already: a release is never moved, raise the version")
    if git(root, "tag", "--list", f"v{version}"):
        found.append(f"the tag v{version} exists already: a release is never moved, raise the version")
    return found


def git(root: Path, *arguments: str) -> str:
    """Return what a git command prints."""
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main()
