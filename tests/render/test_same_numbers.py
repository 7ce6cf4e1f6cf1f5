"""Layer 4: a number that stands in the plan and in a file is the same number."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import plan, render

EXPERT = {
    "jobs_per_worker": 7,
    "drain_minutes": 33,
    "max_unrecoverable_errors": 5,
    "llm_first_token_deadline_ms": 2200,
}
SETTINGS = {
    "max_jobs": "jobs_per_worker",
    "max_cpu": "load_threshold",
    "idle_processes": "idle_processes",
    "job_memory_mb": "job_memory_mb",
    "drain_seconds": "drain_seconds",
    "max_unrecoverable_errors": "max_unrecoverable_errors",
    "llm_first_token_deadline_ms": "first_token_deadline_ms",
}


def defaults(source: str) -> dict[str, Any]:
    """Of each field of Settings that has one; a path in a temporary folder is none of the plan."""
    settings = next(node for node in ast.parse(source).body if isinstance(node, ast.ClassDef) and node.name == "Settings")
    fields = [node for node in settings.body if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Call)]
    return {
        field.target.id: ast.literal_eval(keyword.value)
        for field in fields
        if isinstance(field.target, ast.Name) and isinstance(field.value, ast.Call)
        for keyword in field.value.keywords
        if keyword.arg == "default" and isinstance(keyword.value, ast.Constant)
    }


@pytest.mark.parametrize(
    "answers",
    [{}, {"preset": "single-vm"}, EXPERT, {"preset": "single-vm", "longest_call_minutes": 90}],
    ids=["web-assistant", "single-vm", "expert", "long calls"],
)
def test_settings_and_compose_hold_what_the_plan_says(answers: dict[str, Any], tmp_path: Path) -> None:
    project = render(tmp_path / "project", answers)
    figures = plan(**answers)["document"]["capacity"]
    capacity: dict[str, Any] = {name: figure["value"] for name, figure in figures.items() if "value" in figure}
    found = defaults(next(project.glob("src/*/settings.py")).read_text())
    assert {name: found[name] for name in SETTINGS} == {name: capacity[figure] for name, figure in SETTINGS.items()}
    compose = yaml.safe_load((project / "compose.yaml").read_text())
    assert compose["services"]["agent"]["stop_grace_period"] == f"{capacity['grace_seconds']}s"
    assert capacity["grace_seconds"] > capacity["drain_seconds"]


@pytest.mark.parametrize("answers", [{}, {"preset": "single-vm"}], ids=["web-assistant", "single-vm"])
def test_a_stack_has_no_redis_where_its_plan_has_none(answers: dict[str, Any], tmp_path: Path) -> None:
    project = render(tmp_path / "project", answers)
    assert "redis" not in plan(**answers)["traits"]
    assert "redis" not in (project / "compose.yaml").read_text()
    assert "Redis" not in (project / "Makefile").read_text()


def test_an_expert_s_answers_reach_the_files(tmp_path: Path) -> None:
    project = render(tmp_path / "project", EXPERT)
    found = defaults(next(project.glob("src/*/settings.py")).read_text())
    expected = {"max_jobs": 7, "drain_seconds": 33 * 60, "max_unrecoverable_errors": 5, "llm_first_token_deadline_ms": 2200}
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize("answers", [{}, {"preset": "single-vm"}], ids=["web-assistant", "single-vm"])
def test_a_full_worker_and_its_servers_mean_the_same_load(answers: dict[str, Any], tmp_path: Path) -> None:
    project = render(tmp_path / "project", answers)
    threshold = plan(**answers)["document"]["capacity"]["load_threshold"]["value"]
    assert f"FULL: Final = {threshold}\n" in next(project.glob("src/*/runtime/load.py")).read_text()
    assert f"TARGET_LOAD: Final[float] = {threshold}\n" in (project / "devkit/project.py").read_text()
    server = yaml.safe_load((project / "compose.yaml").read_text())["services"]["livekit"]["environment"]["LIVEKIT_CONFIG"]
    assert f"agents: {{ target_load: {threshold} }}" in server
