"""The samples: each use case has its own files and no other's, in every language, and its call scripts go together."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from livekit_planner import answers as merge
from tests.support import ROOT, choices, known, plan, possible, questionnaire, questions_alone, render

CASES = list(known("use_cases"))
LANGUAGES = [key for key, record in known("languages").items() if record["offered"]]
SAMPLES: dict[str, Any] = {case: read[0] for case, read in questions_alone().specifications["catalogue"]["default"]["samples"].items()}
PROJECT = ROOT / "template" / "project"
APPS = {path.name: path for path in (PROJECT / "src" / "{{ package_name }}").iterdir() if path.name.startswith("{{ plan.apps.")}


def shape(value: Any) -> Any:
    """Names and lengths of some data, without its texts."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return len(value) if isinstance(value, list) and len(value) > 3 else type(value).__name__


@pytest.mark.parametrize("case", SAMPLES)
def test_every_language_says_the_same_things(case: str) -> None:
    assert list(SAMPLES[case]) == LANGUAGES
    for language in LANGUAGES:
        assert shape(SAMPLES[case][language]) == shape(SAMPLES[case]["en"]), language


def placeholders(value: Any) -> list[str]:
    return sorted(re.findall(r"\{\w+\}", str(value)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_fills_in_the_same_words(language: str) -> None:
    own, english = SAMPLES["reminders"][language]["sentences"], SAMPLES["reminders"]["en"]["sentences"]
    assert {name: placeholders(own[name]) for name in ("reminder", "voicemail", "moment")} == {
        name: placeholders(english[name]) for name in ("reminder", "voicemail", "moment")
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_words_have_a_place_for_what_a_law_asks(language: str) -> None:
    own = SAMPLES["reminders"][language]
    assert own["disclosure"].endswith(".")
    assert all(own["sentences"][name].count("{disclosure} ") == 1 for name in ("reminder", "voicemail"))


@pytest.mark.parametrize("law", ["gdpr", "eu-ai-act"])
def test_the_first_words_say_that_it_is_a_machine_where_a_law_asks(law: str) -> None:
    made = plan(use_case="reminders", languages=["de"], compliance=[law], organisation="Müller & Söhne's")["sample"]["sentences"]
    for name in ("reminder", "voicemail"):
        assert (SAMPLES["reminders"]["de"]["disclosure"] in made[name]) == (law == "eu-ai-act")
        assert "Müller & Söhne's" in made[name]
        assert not [left for left in ("  ", "{disclosure}", "{organisation}") if left in made[name]]


@pytest.mark.parametrize("case", CASES)
def test_a_use_case_has_its_own_files_and_no_others(case: str, tmp_path: Path) -> None:
    made = render(tmp_path / "project", {"preset": "single-vm", "use_case": case})
    for other in CASES:
        for path in known("use_cases")[other]["files"]:
            if path != "devkit/calls/team.yaml":  # a team's, which this project is not
                assert (made / path).is_file() == (other == case), path
    app = APPS[f"{{{{ plan.apps.{case.replace('-', '_')} }}}}"]
    own = {str(path.relative_to(app)).removesuffix(".jinja") for path in app.rglob("*") if path.is_file()}
    emitted = {str(path.relative_to(made / "src/my_agent/app")) for path in (made / "src/my_agent/app").rglob("*") if path.is_file()}
    assert emitted == {path for path in own if "__pycache__" not in path} - set(team_only(own))
    assert sorted(path.name for path in (made / "src" / "my_agent").iterdir() if path.is_dir()) == ["app", "runtime"]
    assert not (made / "src" / "my_agent" / "app" / "team").exists()


def team_only(files: set[str]) -> list[str]:
    return [path for path in files if path.startswith("team/") or path in ("prompts/bookings.md", "prompts/support.md")]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", SAMPLES)
def test_each_line_of_a_call_leads_to_its_own_answer(case: str, language: str) -> None:
    """The first rule that fits is taken; all scripts of a project stand together in its emulated model."""
    steps = merge.judge(questionnaire(), {"use_case": case, "languages": [language]})
    made = next(step.value for step in steps if step.name == "plan")
    own = [path for path in known("use_cases")[case]["files"] if path.startswith("devkit/calls")]
    pages = [questionnaire().page(f"{path}.jinja", steps) for path in sorted([*own, "devkit/calls/barge-in.yaml"])]
    scripts = [yaml.safe_load(page) for page in pages]
    rules = [rule for script in scripts for rule in script["answers"] if "when" in rule]
    assert all(script["ends"] for script in scripts)
    for script, turn in [(one, turn) for one in scripts for turn in one["turns"]]:
        taken = next(rule for rule in rules if re.search(rule["when"], turn["caller"], re.IGNORECASE))
        assert taken in script["answers"], turn["caller"]
        expected = turn.get("expect", {})
        called = [taken["tool"]["name"]] if "tool" in taken else []
        assert [tool["name"] for tool in expected.get("tools", [])] == called, turn["caller"]
        answers = [taken["say"]] if "say" in taken else answers_after(called[0], script, made)
        for word in expected.get("agent", []):
            assert any(word in answer.casefold() for answer in answers), word


def answers_after(tool: str, script: dict[str, Any], made: dict[str, Any]) -> list[str]:
    """What the agent may say after a tool: as the script has it, or a sentence of its own."""
    own = {"end_call": made["strings"]["goodbye"], "leave_message": made["sample"].get("sentences", {}).get("voicemail")}
    return [own[tool]] if tool in own else [rule["say"] for rule in script["answers"] if rule.get("when_tool") == tool]


def test_a_team_is_a_sample_of_the_front_desk_alone() -> None:
    assert possible({"agents": "team"})
    assert not possible({"agents": "team", "use_case": "support"})
    assert dict(choices("agents", {"use_case": "support"}))["team"] == "planned, not emitted yet for support"
    assert possible({"agents": "team", "use_case": "support"}, planning=True)


def test_the_summary_follows_the_use_case_unless_somebody_wrote_one() -> None:
    assert "appointments" in plan()["summary"]
    assert plan(use_case="support")["summary"] == known("use_cases")["support"]["summary"]
    assert plan(use_case="support", project_summary="Ours.")["summary"] == "Ours."


@pytest.mark.parametrize("case", CASES)
def test_a_use_case_that_was_changed_later_is_an_open_step(case: str) -> None:
    """Every sample brings a call script of its own name, by which the step knows that the app is its own."""
    step = next(one for one in plan(use_case=case)["document"]["owner_steps"] if one["id"] == "use-case")
    assert step["done"]["files"] == [f"devkit/calls/{case}.yaml"]
    assert f"devkit/calls/{case}.yaml" in known("use_cases")[case]["files"]
