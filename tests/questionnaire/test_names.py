"""Names that a project cannot have are those that its packages have: all of them, and each leads to a free one."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from livekit_planner import answers as merge
from livekit_planner.errors import Refused
from tests.emitted import environment
from tests.support import evaluate, known, plan, questions_alone, render
from tools import names as tool

NAMES = known("names")


def test_the_lists_are_what_is_installed() -> None:
    distributions, modules = tool.look(environment() / "bin" / "python")
    assert (NAMES["distributions"], NAMES["modules"]) == (distributions, modules), "python -m tools.names writes them anew"
    text = tool.NAMES.read_text(encoding="utf-8")
    assert tool.written(text, distributions, modules) == text


def test_the_standard_library_is_whole() -> None:
    assert {name.lower() for name in sys.stdlib_module_names if not name.startswith("_")} <= set(NAMES["standard_library"])


@pytest.mark.parametrize("name", NAMES["modules"])
def test_a_package_of_that_name_is_refused_and_the_derived_one_is_free(name: str) -> None:
    derived = next(step for step in questions_alone().evaluate({"project_name": name}) if step.name == "package_name")
    assert derived.value not in {*NAMES["modules"], *NAMES["standard_library"]}
    assert not derived.error
    with pytest.raises(Refused) as refused:
        merge.judge(questions_alone(), {"package_name": name})
    (problem,) = refused.value.problems
    assert problem.field == "package_name"
    offered = re.search(r"\(for example: (\w+)\)", problem.reason)
    assert offered
    assert merge.judge(questions_alone(), {"package_name": offered[1]}), "what a message offers can be taken"


@pytest.mark.parametrize(
    ("project_name", "distribution", "package"),
    [
        ("LiveKit", "livekit-agent", "voice_agent"),
        ("LiveKit agents", "livekit-agents-agent", "voice_agent"),
        ("OpenAI", "openai-agent", "openai_agent"),
        ("pytest", "pytest-agent", "pytest_agent"),
        ("Google", "google", "google_agent"),
        ("PyYAML", "pyyaml-agent", "pyyaml"),
        ("YAML", "yaml", "yaml_agent"),
        ("hatchling", "hatchling-agent", "hatchling_agent"),
        ("Front desk", "front-desk", "front_desk"),
    ],
)
def test_a_project_never_depends_on_itself(project_name: str, distribution: str, package: str) -> None:
    steps = evaluate({"project_name": project_name})
    assert (steps["plan"].value["distribution"], steps["package_name"].value) == (distribution, package)
    assert distribution not in {requirement.split("==")[0] for requirement in steps["plan"].value["requirements"]}


def test_the_agent_s_name_stays_what_it_was() -> None:
    assert plan(project_name="OpenAI")["agent_name"] == "openai", "callers are dispatched to it"


# What YAML takes for no text, or a shell or Compose for more than text.
ODD = ["true", "#1", "null", "1e3", "on", "007", "2026-11-30", "12:30", "a: b", "- a #b", "*a & b", "O'Neil", "$HOME a", "$(id)"]
READ: dict[str, Callable[[str], Any]] = {
    ".yml": lambda text: list(yaml.safe_load_all(text)),
    ".yaml": lambda text: list(yaml.safe_load_all(text)),
    ".json": json.loads,
    ".toml": tomllib.loads,
    ".py": lambda text: compile(text, "", "exec", dont_inherit=True) and None,
}
SAME = {"package_name": "front_desk", "telemetry": "gcp", "delivery": "github-actions"}


def shape(value: Any) -> Any:
    """A document without its text: what YAML takes for a number or for nothing differs."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return [shape(inner) for inner in value] if isinstance(value, list) else type(value).__name__


def shapes(project: Path) -> dict[str, Any]:
    files = [path for path in sorted(project.rglob("*")) if path.is_file()]
    return {str(path.relative_to(project)): shape(READ[path.suffix](path.read_text()) if path.suffix in READ else None) for path in files}


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return shapes(render(tmp_path_factory.mktemp("usual") / "agent", {**SAME, "project_name": "Front desk"}))


@pytest.mark.parametrize("name", ODD)
def test_a_name_is_a_text_in_every_file(name: str, usual: dict[str, Any], tmp_path: Path) -> None:
    texts = dict.fromkeys(("project_name", "organisation", "project_summary"), name)
    mail = {"contact_email": f"{re.sub('[^a-z0-9]', '', name.lower()) or 'null'}@example.com"}
    assert shapes(render(tmp_path / "agent", {**SAME, **texts, **mail})) == usual
