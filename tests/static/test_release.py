"""What a release says of itself is one thing everywhere, and what the README tells people to type is run by a test."""

from __future__ import annotations

import re
import tomllib

import pytest
import yaml

import livekit_planner
from tests.support import ROOT

README = (ROOT / "README.md").read_text()
# Each command of the README and the test that runs it.
RUN_BY = {
    "make new PRESET=web-assistant DEST=../my-agent": "tests/run/test_make_new.py",
    "cd ../my-agent": "tests/run/test_make_new.py",
    "make setup": "tests/run/conftest.py",
    "make call": "tests/run/test_calls.py",
    "livekit-planner plan --preset front-desk --set peak_calls_per_hour=480": "tests/cli/test_plan.py",
    "livekit-planner plan --preset front-desk --format json": "tests/cli/test_plan.py",
    "livekit-planner update my-agent --dry-run": "tests/cli/test_safe_update.py",
    "livekit-planner update my-agent --yes": "tests/cli/test_safe_update.py",
    "livekit-planner update my-agent --set agents=team": "tests/cli/test_safe_update_releases.py",
    "livekit-planner options": "tests/cli/test_new.py",
    "livekit-planner new my-agent --preset web-assistant --set agents=team --set languages=de --defaults": "tests/cli/test_new.py",
    'make new PRESET=single-vm DEST=../my-agent SET="agents=team vad=silero-plugin"': "tests/run/test_make_new.py",
    "make test": "tests/conftest.py",  # this is it
    "make test-fast": "tests/conftest.py",
    "make bench": "tests/cli/test_bench.py",
}


def test_a_version_is_one_thing_everywhere() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert livekit_planner.__version__ == version
    assert yaml.safe_load((ROOT / "template" / "catalogue" / "versions.yml").read_text())["template"] == version
    assert f"## {version}\n" in (ROOT / "CHANGELOG.md").read_text()


def test_every_release_has_its_entry_and_its_commit() -> None:
    releases = yaml.safe_load((ROOT / "releases.yml").read_text())
    changelog = (ROOT / "CHANGELOG.md").read_text()
    for version, commit in releases.items():
        assert f"## {version}\n" in changelog
        assert re.fullmatch(r"[0-9a-f]{40}", commit)


def test_every_command_of_the_readme_is_run_by_a_test() -> None:
    assert {line.strip() for line in README.splitlines() if line.startswith("    ")} == set(RUN_BY)


@pytest.mark.parametrize("file", sorted(set(RUN_BY.values())))
def test_the_tests_that_run_them_exist(file: str) -> None:
    assert (ROOT / file).is_file()
