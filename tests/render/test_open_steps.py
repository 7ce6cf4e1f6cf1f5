"""A changed answer is carried by managed code, or is an open step until the owner's files say it: what `make doctor` (D501) judges.

An update renders managed files and leaves the owner's as they are, so the steps of the new answers are tried on files of the old ones.
"""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import ROOT, clean_clone, plan, render

Answers = dict[str, Any]
JUDGE = "import json, sys; from pathlib import Path; from devkit.health.steps import open_steps; print(json.dumps([one['id'] for one in open_steps(Path(), json.load(sys.stdin))]))"
REMINDERS = {"use_case": "reminders"}


def left_open(project: Path, **answers: Any) -> list[str]:
    """The steps of these answers that are open in a project, by its own doctor."""
    steps = json.dumps(plan(**answers)["document"]["owner_steps"])
    done = subprocess.run([sys.executable, "-c", JUDGE], cwd=project, input=steps, capture_output=True, text=True, check=True)
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def born(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Projects by their answers, each rendered once."""

    @functools.cache
    def project(given: str) -> Path:
        return render(tmp_path_factory.mktemp("born") / "project", json.loads(given))

    return lambda **given: project(json.dumps(given))


@pytest.mark.parametrize(
    ("given", "change", "expected"),
    [
        ({}, {"agents": "team"}, ["team", "team-calls", "team-behaviour"]),
        ({"agents": "team"}, {"agents": "single"}, ["single", "single-calls"]),
        ({}, {"use_case": "support"}, ["use-case"]),
        ({}, {"languages": ["de"]}, ["call-language"]),
        ({}, {"languages": ["en", "de"], "primary_language": "en"}, []),
        (REMINDERS, {"languages": ["de"]}, ["call-language", "sample-language"]),
        ({"use_case": "intake"}, {"languages": ["pt"]}, ["call-language", "sample-language"]),
        ({"use_case": "support"}, {"languages": ["fr"]}, ["call-language", "sample-language"]),
        ({}, {"organisation": "Müller & Söhne's"}, []),
        (REMINDERS, {"organisation": "Müller & Söhne's"}, ["spoken-organisation"]),
        ({}, {"compliance": ["eu-ai-act"]}, []),
        (REMINDERS, {"compliance": ["eu-ai-act", "gdpr"]}, ["first-words"]),
        (
            {},
            {"topology": "vm", "telemetry": "grafana", "project_license": "mit", "delivery": "github-actions", "data_residency": "eu"},
            [],
        ),
        ({}, {"tts": "deepgram-aura-2", "turn_detection": "text-model", "contact_email": "desk@example.org"}, []),
    ],
    ids=str,
)
def test_the_steps_of_changed_answers_are_open(born: Any, given: Answers, change: Answers, expected: list[str]) -> None:
    project = born(**given)
    assert left_open(project, **given) == [], "at its birth nothing is"
    assert left_open(project, **{**given, **change}) == expected
    assert left_open(born(**{**given, **change}), **{**given, **change}) == [], "what is rendered anew does what the step asks"


@contextmanager
def appended(path: Path, text: str) -> Iterator[None]:
    before = path.read_text()
    path.write_text(f"{before}\n{text}\n")
    try:
        yield
    finally:
        path.write_text(before)


def test_a_greeting_of_the_owner_must_tell_that_it_is_a_machine(born: Any) -> None:
    app = born() / "src" / "my_agent" / "app" / "__init__.py"
    with appended(app, 'PHRASES = {"greeting": "Hello, this is us."}'):
        assert left_open(born(), compliance=["eu-ai-act"]) == ["greeting"]
        assert left_open(born()) == []
    with appended(app, 'PHRASES = {"greeting": "Hello, this is our automated desk."}'):
        assert left_open(born(), compliance=["eu-ai-act"]) == []


def test_what_earlier_releases_wrote_into_the_owner_s_files_is_known(tmp_path: Path, born: Any) -> None:
    """Names of models, hosting and organisation stood in README and prompts until 0.4.4."""
    clone, project = clean_clone(tmp_path / "clone"), tmp_path / "project"
    release = yaml.safe_load((ROOT / "releases.yml").read_text())["0.4.4"]
    command = [
        str(Path(sys.executable).with_name("copier")),
        "copy",
        "--defaults",
        "--quiet",
        "--vcs-ref",
        release,
        str(clone),
        str(project),
    ]
    subprocess.run(command, check=True, capture_output=True)
    assert left_open(project) == []
    assert left_open(project, topology="vm") == ["readme-hosting"]
    assert left_open(project, llm="openai-gpt-5.6-luna", llm_fallback="none") == ["readme-models"]
    assert left_open(project, organisation="Other") == ["prompt-organisation"]
