"""Every number of PLAN.md is in plan.json, and every figure there says where it comes from."""

from __future__ import annotations

import pytest

from tests.document.numbers import figures, leaves, strange
from tests.document.pages import ANSWERS, design, document, page
from tests.support import questionnaire


@pytest.mark.parametrize("name", ANSWERS)
def test_every_number_is_a_figure(name: str) -> None:
    assert not strange(page(name) + design(name), document(name))


@pytest.mark.parametrize("planted", ["4,711 ms", "a P95 of 4711 ms", "| 99.123 % |", "×3.7", "every 4711th", "(0.0471 USD)", "-4711"])
def test_a_number_from_nowhere_is_found(planted: str) -> None:
    if planted == "every 4711th":  # part of a word: not a number to read
        assert not strange(planted, document("web-assistant"))
    else:
        assert strange(page("web-assistant") + planted, document("web-assistant"))


def test_a_figure_that_changes_is_missed_where_it_is_printed() -> None:
    moved = {**document("front-desk"), "latency": document("web-assistant")["latency"]}
    assert strange(page("front-desk"), moved)


@pytest.mark.parametrize("name", ANSWERS)
def test_every_figure_has_an_origin(name: str) -> None:
    found = list(figures(document(name)))
    assert len(found) > 60
    for path, figure in found:
        where = ".".join(path)
        assert figure["unit"], where
        assert figure["confidence"] in {"measured", "official", "third-party", "judgement"}, where
        assert figure.get("inputs") or (figure.get("source") and figure.get("date")), where


@pytest.mark.parametrize("name", ANSWERS)
def test_every_input_can_be_looked_up(name: str) -> None:
    """An answer, a figure of the plan, or a row of the catalogue that `sources` repeats."""
    told = document(name)
    answers = set(questionnaire().specifications)
    paths = [path for path, _ in leaves(told)]
    names = {".".join(path[i:j]) for path in paths for i in range(len(path)) for j in range(i + 1, len(path) + 1)}
    for path, figure in figures(told):
        for given in figure.get("inputs", []):
            # Beside the lines of a bill stand their prices, each with its source.
            assert given in answers or given in names or given in told["sources"] or given == "catalogue.prices", (
                f"{'.'.join(path)}: {given}"
            )
