"""Each question is answered differently and as before again: the answers come back, or the plan names what stays and what it would be.

An update feeds what was recorded as Copier does: a recorded answer stays as long as it is possible, whoever gave it. Equal answers
render equal files, so only answers are compared here; tests/render/test_plain_update.py updates real projects.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import pytest

from tests.render import pairwise
from tests.support import evaluate, plan, planned, possible, questions_alone

Answers = dict[str, Any]
BASES: dict[str, Answers] = {
    "defaults": {},
    "two of each": {"preset": "single-vm", "topology": "cloud", "languages": ["en", "de"], "regions": ["us-central1", "europe-west3"]},
}
ASKED = {name: spec for name, spec in questions_alone().specifications.items() if spec.get("when") is not False}
# What an update refuses to change, and what only phone channels ask: planned, not emitted yet.
STAYS = {"preset", "project_name", "package_name"}
TOGGLED = [name for name, spec in ASKED.items() if name not in STAYS and "phone" not in str(spec.get("when", ""))]
# Questions without choices: another value that is possible for every preset.
OTHERS: Answers = {
    "project_summary": ["Ours."],
    "organisation": ["Müller & Söhne's"],
    "contact_email": ["desk@example.org"],
    "github_repository": ["acme/desk"],
    "time_zone": ["Asia/Tokyo"],
    "peak_calls_per_hour": [1, 300],
    "monthly_calls": [12000],
    "mean_call_minutes": [30.0],
    "longest_call_minutes": [90],
    "blocking_target": [0.001],
    "growth_factor": [1.0],
    "retention_days": [7],
    "jobs_per_worker": [2],
    "worker_cpu": [8],
    "worker_memory_gib": [16],
    "drain_minutes": [5],
    "token_ttl_minutes": [30],
    "max_unrecoverable_errors": [5],
    "llm_first_token_deadline_ms": [4000],
    "livekit_plan": ["scale"],
    "stt_concurrency": [200],
    "tts_concurrency": [200],
    "llm_tokens_per_minute": [5000000],
}


@functools.cache
def born(base: str) -> Answers:
    return {step.name: step.value for step in questions_alone().evaluate(BASES[base]) if step.name in ASKED and step.visible}


def updated(recorded: Answers, change: Answers) -> Answers:
    """What Copier makes of recorded answers and some new ones: what has become impossible falls back to its default, silently."""
    last = dict(recorded)
    while True:
        steps = [step for step in questions_alone().evaluate(change, last) if step.name in ASKED]
        gone = [step.name for step in steps if step.error and step.name in last and step.name not in change]
        if not gone:
            assert not [step.name for step in steps if step.error]
            return {step.name: step.value for step in steps if step.visible}
        last.pop(gone[0])


def others(base: str, name: str) -> Iterator[Any]:
    """Other possible answers to one question: each choice, or what is listed."""
    if name not in born(base):
        return
    now = born(base)[name]
    if ASKED[name]["type"] == "bool":
        values: list[Any] = [not now]
    elif "choices" in ASKED[name]:
        step = next(step for step in questions_alone().evaluate(born(base)) if step.name == name)
        free = [choice.value for choice in step.choices() if not choice.reason]
        free = free if len(free) < 9 else free[:2] + free[-2:]
        values = [[one] for one in free] + [free[:1] + free[1:][-1:]] if ASKED[name].get("multiselect") else free
    else:
        values = OTHERS[name]
    yield from (value for value in values if value != now and possible({**without_followers(born(base), name), name: value}))


@functools.cache
def because() -> dict[str, set[str]]:
    """For each answer that follows others, those, with what they follow themselves."""
    every = planned(channels=["web", "inbound_phone", "outbound_phone"])["follows"]
    direct = {row["answer"]: set(row["because"]) for row in every}
    for _ in direct:
        direct = {name: asked | {far for one in asked for far in direct.get(one, ())} for name, asked in direct.items()}
    return direct


def without_followers(answers: Answers, name: str) -> Answers:
    kept = (other for other in answers if name not in because().get(other, ()) and "when" not in ASKED[other])
    return {other: answers[other] for other in kept}


def test_every_question_is_toggled() -> None:
    assert [name for name in TOGGLED if not any(list(others(base, name)) for base in BASES)] == [
        "channels", "recording", "web_client",
    ]  # fmt: skip


def named(before: Answers, after: Answers, chosen: set[str]) -> Answers:
    """What the message after an update offers: answers that stayed, and what today's others would give, unless somebody chose them."""
    changed = {name for name in ASKED if before.get(name) != after.get(name)}
    rows = plan(**after)["document"]["follows"]
    return {row["answer"]: row["default"] for row in rows if changed & set(row["because"]) and row["answer"] not in changed | chosen}


@pytest.mark.parametrize("name", TOGGLED)
@pytest.mark.parametrize("base", BASES)
def test_there_and_back_is_as_before_or_what_is_named_leads_there(base: str, name: str) -> None:
    before = born(base)
    for value in others(base, name):
        there = now = updated(before, {name: value})
        change = {name: before[name]}
        for _ in range(3):  # what is set back may have something of its own behind it: a model has its fallback
            now, last = updated(now, change), now
            if now == before:
                break
            change = named(last, now, set(BASES[base]))
        lost = {other for other in before if now.get(other) != before[other]}
        chosen = set(BASES[base]) - {name}
        assert all(other in chosen or because()[other] & chosen for other in lost), value
        assert all(there.get(other) != before[other] for other in lost), "told with its old value when it became impossible"


@pytest.mark.parametrize("name", TOGGLED)
@pytest.mark.parametrize("base", BASES)
def test_what_a_new_project_has_differently_is_known_to_follow(base: str, name: str) -> None:
    before = born(base)
    for value in others(base, name):
        fresh = {step.name: step.value for step in questions_alone().evaluate({**BASES[base], name: value}) if step.visible}
        differ = {other for other in before if other in fresh and fresh[other] != before[other]} - {name}
        assert all(name in because().get(other, ()) for other in differ), (value, differ)


@pytest.mark.parametrize("row", pairwise.PLANS.rows()[::12], ids=str)
def test_the_default_that_is_named_is_the_question_s(row: Answers) -> None:
    given = pairwise.answers_of(row.items())
    steps = evaluate(given, planning=True)
    answers = {name: step.value for name, step in steps.items() if name in ASKED and step.visible}
    asked = questions_alone()
    for named in steps["plan"].value["follows"]:
        left = {name: value for name, value in answers.items() if name != named["answer"]}
        default = next(step.value for step in asked.evaluate(left, planning=True) if step.name == named["answer"])
        lines = isinstance(named["default"], list) and isinstance(default, str)
        assert named["default"] == (default.split("\n") if lines else default), named["answer"]


def test_what_was_chosen_is_named_too_and_what_follows_is_not() -> None:
    assert plan()["document"]["follows"] == []
    assert plan(topology="vm")["document"]["follows"] == []
    [row] = plan(noise_cancellation="none")["document"]["follows"]
    assert row == {"answer": "noise_cancellation", "value": "none", "default": "krisp-cloud", "because": ["topology"]}
