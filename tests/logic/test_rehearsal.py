"""What the emulated model makes of a caller's words when no script tells it: in every language, what was said is taken."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import pytest
import yaml

from tests.support import ROOT

WORDS: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "template/catalogue/rehearsal.yml").read_text("utf-8"))
LANGUAGES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "template/catalogue/languages.yml").read_text("utf-8"))
BOOKING = {"name": "Ben", "day": "Friday", "time": "15:00"}
# What is said for that, at once and in two parts with the question in between.
ASKED = {
    "en": (
        "I'm Ben, please book an appointment on Friday at 3 pm.",
        "My name is Ben, I want an appointment.",
        "Friday at three in the afternoon",
    ),
    "de": (
        "Ich bin Ben, ich hätte gern einen Termin am Freitag um 15 Uhr.",
        "Ich heiße Ben und möchte einen Termin.",
        "Freitag um drei Uhr nachmittags",
    ),
    "fr": (
        "Je m'appelle Ben, je voudrais un rendez-vous vendredi à 15h.",
        "Je suis Ben, un rendez-vous s'il vous plaît.",
        "vendredi à trois heures de l'après-midi",
    ),
    "es": ("Me llamo Ben, quisiera una cita el viernes a las 15:00.", "Soy Ben, quisiera una cita.", "El viernes a las tres de la tarde"),
    "it": (
        "Mi chiamo Ben, vorrei un appuntamento venerdì alle 15.",
        "Sono Ben, vorrei un appuntamento.",
        "Venerdì alle tre del pomeriggio",
    ),
    "nl": ("Ik heet Ben, ik wil een afspraak op vrijdag om 15 uur.", "Ik ben Ben en wil een afspraak.", "Vrijdag om drie uur 's middags"),
    "pt": (
        "Meu nome é Ben, queria marcar um horário na sexta-feira às 15 horas.",
        "Sou o Ben, queria marcar uma consulta.",
        "Sexta às três da tarde",
    ),
}


def tool(name: str, *arguments: str) -> dict[str, Any]:
    properties = {argument: {"type": "string"} for argument in arguments}
    return {"name": name, "description": "", "parameters": {"properties": properties, "required": list(arguments)}}


TOOLS = {
    one["name"]: one
    for one in (
        tool("opening_hours", "day"),
        tool("book_appointment", "name", "day", "time"),
        tool("cancel_appointment", "name"),
        tool("end_call"),
    )
}


@pytest.fixture
def rehearsals(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The emitted module."""
    monkeypatch.syspath_prepend(str(ROOT / "template/project"))
    yield importlib.import_module("devkit.emulators.rehearsal")
    for name in [name for name in sys.modules if name.split(".")[0] == "devkit"]:
        del sys.modules[name]


def said(*texts: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text} for text in texts]


def test_every_offered_language_can_be_rehearsed() -> None:
    assert set(WORDS) == {name for name, record in LANGUAGES.items() if record["offered"]}
    for words in WORDS.values():
        assert set(words) == set(WORDS["en"])
        assert list(words["tools"]) == list(WORDS["en"]["tools"])
        assert (len(words["days"]), len(words["numbers"])) == (7, 12)


@pytest.mark.parametrize("language", ASKED)
def test_the_tool_takes_what_was_said(rehearsals: Any, language: str) -> None:
    rehearsal = rehearsals.Rehearsal(WORDS[language])
    answer = rehearsal.answer(said(ASKED[language][0]), TOOLS)
    assert [(call.tool, call.arguments) for call in answer.calls] == [("book_appointment", BOOKING)]
    called = {"id": "1", "function": {"name": "book_appointment", "arguments": '{"name": "Ben", "day": "Friday"}'}}
    told = {"role": "tool", "tool_call_id": "1", "content": "Booked: Ben."}
    sentence = rehearsal.after_tool([{"role": "assistant", "tool_calls": [called]}, told], told)
    assert all(word in sentence for word in ("book_appointment", "name: Ben", "day: Friday", "Booked: Ben."))


@pytest.mark.parametrize("language", ASKED)
def test_what_is_missing_is_asked_for(rehearsals: Any, language: str) -> None:
    _, first, second = ASKED[language]
    rehearsal = rehearsals.Rehearsal(WORDS[language])
    asked = rehearsal.answer(said(first), TOOLS)
    assert not asked.calls
    assert asked.text.endswith("day, time.")
    answer = rehearsal.answer([*said(first), {"role": "assistant", "content": asked.text}, *said(second)], TOOLS)
    assert [call.arguments for call in answer.calls] == [BOOKING | ({"name": "Ben"})]


@pytest.mark.parametrize("language", ASKED)
def test_the_lines_of_the_call_script_find_their_tools(rehearsals: Any, language: str) -> None:
    lines = LANGUAGES[language]["calls"]
    rehearsal = rehearsals.Rehearsal(WORDS[language])
    hours = rehearsal.answer(said(lines["ask_hours"]), TOOLS)
    assert [(call.tool, call.arguments) for call in hours.calls] == [("opening_hours", {"day": "Monday"})]
    booking = rehearsal.answer(said(lines["ask_booking"]), TOOLS)
    assert booking.text == WORDS[language]["missing"].format(tool="book_appointment", arguments="time")
    cancel = rehearsal.answer(said(lines["ask_booking"], lines["ask_cancel"]), TOOLS)
    assert [(call.tool, call.arguments) for call in cancel.calls] == [("cancel_appointment", {"name": "Anna"})]
    assert [call.tool for call in rehearsal.answer(said(lines["say_goodbye"]), TOOLS).calls] == ["end_call"]


def test_a_short_reply_is_the_name_that_was_missing(rehearsals: Any) -> None:
    rehearsal = rehearsals.Rehearsal(WORDS["en"])
    messages = said("An appointment on Friday at 15:00, please.")
    asked = rehearsal.answer(messages, TOOLS)
    assert asked.text.endswith(": name.")
    answer = rehearsal.answer([*messages, {"role": "assistant", "content": asked.text}, *said("ben")], TOOLS)
    assert answer.calls[0].arguments == BOOKING


def test_what_fits_no_tool_is_told(rehearsals: Any) -> None:
    answer = rehearsals.Rehearsal(WORDS["fr"]).answer(said("Quel temps fait-il ?"), TOOLS)
    assert not answer.calls
    assert answer.text.startswith("Ceci est une répétition")
    assert "opening_hours" in answer.text


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("at 10", "10:00"), ("10:30 am", "10:30"), ("12 a.m.", "00:00"), ("at noon", "12:00"), ("room 12", ""),
        ("half of 20 people at 7 in the evening", "19:00"), ("3 p.m.", "15:00"), ("at 99", ""),
    ],
)  # fmt: skip
def test_a_time_is_told_from_other_numbers(rehearsals: Any, text: str, time: str) -> None:
    assert rehearsals.Rehearsal(WORDS["en"])._time(text) == time
