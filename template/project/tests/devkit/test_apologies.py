"""Half an apology is none: what counts is what was heard, by words or, without a recogniser, by its length."""

from __future__ import annotations

import pytest

from devkit import apologies
from devkit.apologies import Apology, in_sound, in_words
from devkit.words import breaks_off, coverage

PHRASES = {
    "apology": "I am sorry, something went wrong on my side. Could you say that again?",
    "not_heard": "I am sorry, I did not catch that. Could you say it again?",
    "giving_up": "I am sorry, we have a technical problem. Please call again in a few minutes. Goodbye.",
}
LENGTHS_S = {"apology": 4.0, "not_heard": 3.0, "giving_up": 5.0}


@pytest.mark.parametrize("name", PHRASES)
def test_a_whole_one_is_recognised(name: str) -> None:
    assert in_words(PHRASES[name], PHRASES) == Apology(name, whole=True)
    assert in_words(f"We are open on. {PHRASES[name]}", PHRASES) == Apology(name, whole=True)


@pytest.mark.parametrize(
    "heard",
    [
        "I'm sorry. Something went wrong on my side, could you say that again?",
        "I am sorry, something went wrong on my sight. Could you say that again.",
    ],
)
def test_a_recognisers_slips_are_allowed(heard: str) -> None:
    assert in_words(heard, PHRASES) == Apology("apology", whole=True)


@pytest.mark.parametrize(
    "heard",
    [
        "I am sorry.",
        "I am",
        "I am sorry, something went wrong.",
        "I am sorry, something went wrong on my side.",
        "We are open from nine to. I am sorry, something",
    ],
)
def test_a_part_is_not_the_whole(heard: str) -> None:
    found = in_words(heard, PHRASES)
    assert found is not None
    assert not found.whole


@pytest.mark.parametrize(
    "heard",
    [
        "",
        "On Monday we are open from 9 a.m. to 6 p.m.",
        "I am sorry, we have no room left on Tuesday. Is there another day that suits you?",
        "Could you say when you would like to come?",
    ],
)
def test_an_answer_is_no_apology(heard: str) -> None:
    assert in_words(heard, PHRASES) is None


def test_without_a_recogniser_the_length_tells() -> None:
    asked = f"On Monday. {PHRASES['not_heard']}"
    assert in_sound(2.9, asked, LENGTHS_S, PHRASES) == Apology("not_heard", whole=True)
    assert in_sound(0.9, asked, LENGTHS_S, PHRASES) == Apology("not_heard", whole=False)
    assert in_sound(3.9, "", LENGTHS_S, PHRASES) == Apology("apology", whole=True)
    assert in_sound(0.9, "", LENGTHS_S, PHRASES) == Apology("apology", whole=False)
    assert in_sound(3.9, "On Monday.", LENGTHS_S, PHRASES) is None


def test_the_projects_own_sentences_are_looked_for() -> None:
    assert set(apologies.texts()) == set(PHRASES)


def test_words_are_covered_in_their_order() -> None:
    assert coverage("we could not hear", "hear not could we") == 0.25
    assert coverage("we could not hear", "sorry we could not hear you") == 1.0
    assert coverage("", "hear") == 0.0
    assert breaks_off("we could not hear", "sorry we could")
    assert not breaks_off("we could not hear", "we could not hear")
    assert not breaks_off("we could not hear", "we could and did")
