"""Every row of the covering array of plans: whatever is answered together, the document holds."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from livekit_planner import answers as merge
from tests.document.numbers import CODE, strange
from tests.document.pages import diagrams
from tests.document.schema import problems
from tests.document.test_layout import BAD, prose
from tests.render.pairwise import PLANS, answers_of
from tests.support import ROOT, questionnaire

ROWS = PLANS.rows()
SCHEMA = json.loads((ROOT / "template/project/docs/architecture/plan.schema.json").read_text())


@pytest.mark.parametrize("row", ROWS, ids=[f"{number:02d}" for number in range(len(ROWS))])
def test_a_plan_of_any_answers_holds(row: dict[str, Any]) -> None:
    steps = merge.judge(questionnaire(), answers_of(row.items()), planning=True)
    pages = {name: questionnaire().page(f"docs/architecture/{name}.jinja", steps) for name in ("PLAN.md", "design.md", "plan.json")}
    document = json.loads(pages["plan.json"])
    assert list(problems(document, SCHEMA, SCHEMA)) == []
    assert "NaN" not in pages["plan.json"]
    assert "Infinity" not in pages["plan.json"]
    text = pages["PLAN.md"] + pages["design.md"]
    assert strange(text, document) == []
    assert len(diagrams(pages["PLAN.md"])) == 4
    assert [line for line in prose(text).splitlines() if BAD.search(CODE.sub("`", line.lstrip("* ")))] == []
    assert len(re.findall(r"\S*\w\S*", prose(pages["PLAN.md"]).replace("|", " "))) <= 3700
    assert len({finding["code"] for finding in document["findings"]}) == len(document["findings"])
