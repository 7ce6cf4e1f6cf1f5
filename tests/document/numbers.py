"""Numbers of a page, and how plan.json would be written: told again here, not taken from the template."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

NUMBER = re.compile(r"(?<![\w.])-?\d(?:[\d,]*\d)?(?:\.\d+)?(?!\w)")
CODE = re.compile(r"`[^`\n]*`")
# Names of protocols, ports, laws, signals and times of day that hold digits and are no quantity.
TERMS = re.compile(
    r"\b(?:HTTP|RFC|TLS|TCP|UDP|TLS on|Article|Articles|Art\.|Annex|ISO|SOC|Python|CFR|U\.S\.C\.|section) ?§? ?\d[\d.()a-z-]*"
    r"|\b(?:on|use) 443\b|\bkill -9\b|\b\d\d:\d\d(?:-\d\d:\d\d)?\b"
)
# Where strings of plan.json are names and not text.
NAMES = {"label", "key", "model", "retires", "name", "link", "fallback", "source", "date", "version", "as_of", "chosen"}


def leaves(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Everything that is no container, with the keys that lead to it."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from leaves(value, (*path, key))
    elif isinstance(node, list):
        for value in node:
            yield from leaves(value, path)
    else:
        yield path, node


def figures(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Every figure, with the keys that lead to it."""
    if isinstance(node, dict) and "value" in node and "unit" in node:
        yield path, node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from figures(value, (*path, key))
    elif isinstance(node, list):
        for value in node:
            yield from figures(value, path)


def plain(value: float) -> str:
    """1234.5 as 1,234.5."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.6f}".rstrip("0").rstrip(".")


def forms(figure: dict[str, Any]) -> set[str]:
    """How a figure may be written: as it is, a share in per cent, money rounded."""
    value, unit = figure["value"], figure["unit"]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return set()
    found = {plain(value)}
    if unit.startswith("share"):
        found.add(plain(round(value * 100, 3)))
    if unit.startswith(("USD", "EUR")):
        found.add(f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}" if abs(value) >= 1 else plain(round(value, 4)))
    return found


def known(document: dict[str, Any]) -> set[str]:
    """Every number that the page may print."""
    found = {plain(value) for _, value in leaves(document) if isinstance(value, (int, float)) and not isinstance(value, bool)}
    for path, figure in figures(document):
        found |= forms(figure)
        found |= set(NUMBER.findall(figure["unit"]))  # "9 of 39 calls": the unit tells of how many
        if "change" in path[-1] and figure["value"]:  # "-580 ms" is told as "580 ms behind"
            found.add(plain(abs(figure["value"])))
    main = document["latency"][document["latency"]["main"]]["p50_ms"]["value"]
    found |= {plain(abs(other["p50_ms"]["value"] - main)) for other in document["latency"]["alternatives"]}
    # "the fastest of 5": the chosen one and those that it is compared with.
    stages = [other["stage"] for other in document["latency"]["alternatives"]]
    found |= {plain(stages.count(stage) + 1) for stage in stages}
    # An answer is a bare value; this one is a share.
    found |= forms({"value": document["answers"]["blocking_target"], "unit": "share"})
    # share_over_1500_ms: the name holds the limit.
    return found | {
        plain(int(number))
        for key in document["latency"]["web" if "web" in document["latency"] else "phone"]
        for number in re.findall(r"\d+", key)
    }


def named(document: dict[str, Any]) -> list[str]:
    """Names with digits in them, the longest first."""
    found = {
        value
        for path, value in leaves(document)
        if isinstance(value, str) and re.search(r"\d", value) and (path[0] == "answers" or path[-1] in NAMES)
    }
    return sorted(found, key=lambda name: (-len(name), name))


def strange(text: str, document: dict[str, Any]) -> list[str]:
    """Numbers of a page that plan.json does not have."""
    text = CODE.sub(" ", re.sub(r"^```.*$", "", text, flags=re.M))
    for name in named(document):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", " ", text)
    allowed = known(document)
    return [number for number in NUMBER.findall(TERMS.sub(" ", text)) if number not in allowed]
