"""What a page looks like: length, tables, no hole, nothing twice, same answers same bytes."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.document.numbers import CODE
from tests.document.pages import ANSWERS, FENCE, cells, design, page, rendered, sections
from tests.support import PRESETS, ROOT

BAD = re.compile(r"\b(?:nan|inf|None(?= [a-z]+\b(?<!of))|Undefined|N/A|null|True|False|TODO)\b(?!:)|[{}]|  +(?=\S)|\$\{")


def prose(text: str) -> str:
    return FENCE.sub("", text)


@pytest.mark.parametrize("name", ANSWERS)
def test_a_page_can_be_read_in_one_sitting(name: str) -> None:
    words = len(re.findall(r"\S*\w\S*", prose(page(name)).replace("|", " ")))
    assert words <= 3300
    assert words >= 1200
    more = len(re.findall(r"\S*\w\S*", design(name).replace("|", " ")))
    assert 400 <= more <= 1900


@pytest.mark.parametrize("name", ANSWERS)
def test_nothing_is_missing_in_a_line(name: str) -> None:
    for line in (prose(page(name)) + design(name)).splitlines():
        found = BAD.search(CODE.sub("`", line.lstrip("* ")))
        assert not found, line
        assert "| |" not in line.removeprefix("| |"), line
        assert not re.search(r"\s[.,;]|\(\)|``|\.\.(?!/)|,\.", line), line
        assert not line.endswith(" "), line


@pytest.mark.parametrize("name", ANSWERS)
def test_tables_are_narrow(name: str) -> None:
    columns = 0
    for line in (page(name) + "\n" + design(name)).splitlines():
        if not line.startswith("|"):
            columns = 0
            continue
        row = cells(line)[0]
        assert len(row) <= 5, line
        assert columns in (0, len(row)), f"another number of cells: {line}"
        columns = len(row)
        assert all(len(cell.split()) <= 45 for cell in row), line


@pytest.mark.parametrize("name", ANSWERS)
def test_no_section_is_empty_and_no_sentence_stands_twice(name: str) -> None:
    found = sections(page(name))
    assert list(found)[1:4] == ["Goals and service levels", "Context, containers, deployment", "One call"]
    for title, body in found.items():
        assert len(body.split()) > 5, title
        assert body.startswith("\n"), title
        rows = cells(body)
        assert not rows or len(rows) > 2, f"a table without rows: {title}"
    for text in (page(name), design(name)):
        assert "\n\n\n" not in text
        assert text.endswith("\n")
        assert not re.search(r"(?<!\n)\n## ", text), "an empty line before each heading"
    said = [row[0] for row in cells(prose(page(name))) if len(row[0].split()) > 8]
    said += [s for line in prose(page(name)).splitlines() if line.startswith("*") for s in [line]]
    assert len(said) == len(set(said))


def test_the_same_answers_give_the_same_bytes() -> None:
    for name in PRESETS:
        assert rendered(name, "PLAN.md") == page(name)
    other = subprocess.run(
        [sys.executable, "-c", "from tests.document.pages import page; print(page('contact-centre'), end='')"],
        cwd=ROOT,
        env={"PYTHONPATH": "generator:.", "PYTHONHASHSEED": "4", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        check=True,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert other.stdout == page("contact-centre")
