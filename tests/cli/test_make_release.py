"""`make release`: a commit becomes a release once, or nothing happens and all that it lacks is said."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.cli.updating import committed, write
from tests.support import git
from tools.release import main, problems


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Test")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "test@example.com")
    place = tmp_path / "template"
    write(
        place,
        {
            "pyproject.toml": '[project]\nversion = "1.1.0"\n',
            "generator/livekit_planner/__init__.py": '__version__ = "1.1.0"\n',
            "template/catalogue/versions.yml": 'template: "1.1.0"\n',
            "CHANGELOG.md": "# Changelog\n\n## 1.1.0\n\nNew.\n",
            "releases.yml": f'"1.0.0": {"a" * 40}\n',
        },
    )
    return committed(place, init=True)


def test_a_release_is_tagged_and_recorded_by_the_next_commit(repository: Path) -> None:
    commit = git(repository, "rev-parse", "HEAD")
    main(repository)
    assert yaml.safe_load((repository / "releases.yml").read_text()) == {"1.0.0": "a" * 40, "1.1.0": commit}
    assert git(repository, "rev-parse", "v1.1.0^{commit}") == git(repository, "rev-parse", "HEAD~1") == commit
    assert git(repository, "show", "--format=", "--name-only", "HEAD") == "releases.yml"
    assert git(repository, "status", "--porcelain") == ""


def test_all_that_a_release_lacks_is_said_and_nothing_is_done(repository: Path) -> None:
    write(repository, {"generator/livekit_planner/__init__.py": '__version__ = "1.0.0"\n', "CHANGELOG.md": "# Changelog\n\n## 1.0.0\n"})
    write(repository, {"template/catalogue/versions.yml": 'template: "1.0.0"\n'})
    head = git(repository, "rev-parse", "HEAD")
    told = "\n".join(problems(repository, "1.1.0"))
    for words in ("__init__.py says 1.0.0", "versions.yml says 1.0.0", "tree is not clean", "no section '## 1.1.0'"):
        assert words in told
    with pytest.raises(SystemExit, match="not clean"):
        main(repository)
    assert (git(repository, "rev-parse", "HEAD"), git(repository, "tag")) == (head, "")


def test_a_release_is_never_moved(repository: Path) -> None:
    main(repository)
    committed(repository)
    assert {one.split(":")[0] for one in problems(repository, "1.1.0")} == {
        "releases.yml has it already",
        "the tag v1.1.0 exists already",
    }
