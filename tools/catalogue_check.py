"""`make catalogue-check`: every dated entry of the catalogue with its age, and what is wrong with it.

An entry is dead when nothing reads it, and stale when nobody looked at its source for 180 days before `catalogue.as_of`. There is
no exception for figures that hardly change: the date says when somebody last looked, and looking again is what a release asks for.
Exit codes: 0 all well, 5 something is stale, dead or malformed.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = ROOT / "template" / "catalogue"
GRADES = {"measured", "official", "third-party", "judgement"}
MAX_DAYS = 180
# What a figure consists of; everything else is a name by which something reads it.
PARTS = {"value", "unit", "source", "date", "confidence", "p50", "p95", "low", "high"}
# Files in which every name must be read, and the folders whose files read them.
READ = ("limits", "prices", "clouds", "observed", "carriers")
READERS = ("logic", "reasons", "document", "questions", "project")
# Files whose records are chosen by their key, so that the key is an answer and each field of a record must be read.
CHOSEN = ("stt", "llm", "tts", "vendors", "carriers", "regions", "compliance")


@dataclasses.dataclass(frozen=True)
class Entry:
    """One mapping of the catalogue that carries a date or a value."""

    name: str
    record: dict[str, Any]

    def age(self, today: datetime.date) -> int:
        """Days since somebody looked at its source."""
        return (today - datetime.date.fromisoformat(str(self.record["date"]))).days

    def faults(self, today: datetime.date) -> list[str]:
        """Describe what is wrong with it."""
        record = self.record
        missing = sorted({"source", "date", "confidence"} - set(record))
        if is_figure(record) and "unit" not in record:
            missing.append("unit")
        if missing:
            return [f"lacks {', '.join(missing)}"]
        found = [f"{part} is not a number" for part in ("value", "p50", "p95", "low", "high") if not _number(record.get(part))]
        if record["confidence"] not in GRADES:
            found.append(f"confidence {record['confidence']}")
        if not isinstance(record["date"], str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", record["date"]):
            return [*found, "date is no text like 2026-11-24"]
        if self.age(today) < 0:
            found.append("from the future")
        if self.age(today) > MAX_DAYS:
            found.append("stale")
        return found


def is_figure(record: dict[str, Any]) -> bool:
    """Tell whether a mapping is a figure: a value, or percentiles."""
    return "value" in record or "p50" in record


def _number(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def load(name: str, folder: Path = CATALOGUE) -> Any:
    """One file of the catalogue."""
    return yaml.safe_load((folder / f"{name}.yml").read_text(encoding="utf-8"))


def as_of(folder: Path = CATALOGUE) -> datetime.date:
    """Return `as_of`, the only date of today that the template knows."""
    return datetime.date.fromisoformat(load("versions", folder)["as_of"])


def entries(folder: Path = CATALOGUE) -> Iterator[Entry]:
    """Every figure and every other dated mapping, with its dotted name."""
    for path in sorted(folder.glob("*.yml")):
        yield from _entries(path.stem, load(path.stem, folder))


def _entries(name: str, value: Any) -> Iterator[Entry]:
    if isinstance(value, dict):
        if is_figure(value) or {"date", "confidence"} & set(value):
            yield Entry(name, value)
        for key, inner in value.items():
            yield from _entries(f"{name}.{key}", inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _entries(f"{name}.{index}", inner)


def dead(folder: Path = CATALOGUE) -> list[str]:
    """Names in the files of READ, and fields in the records of CHOSEN, that no logic, text or template mentions."""
    template = folder.parent
    # Laws carry texts of their own, filled with figures.
    paths = [folder / "compliance.yml", *(path for reader in READERS for path in (template / reader).rglob("*") if path.is_file())]
    readers = "\n".join(path.read_text(encoding="utf-8", errors="ignore") for path in paths if path.suffix in {".jinja", ".yml", ".py"})
    answers = {str(key) for name in CHOSEN for key in load(name, folder)}
    names = {pair for name in READ for pair in _names(name, load(name, folder))}
    names |= {(f"{name}.{key}.{field}", field) for name in CHOSEN for key, record in load(name, folder).items() for field in record}
    found = []
    for path, word in sorted(names):
        if word not in PARTS | answers and not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", readers):
            found.append(path)
    return found


def _names(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Dotted name and last part of it; that one may hold dots too."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{name}.{key}", str(key)
            yield from _names(f"{name}.{key}", inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _names(name, inner)


def main(folder: Path = CATALOGUE) -> int:
    """Print the list, the marked ones once more at its end."""
    today, unread, wrong = as_of(folder), dead(folder), 0
    for entry in entries(folder):
        faults = entry.faults(today) + (["dead"] if entry.name in unread else [])
        wrong += bool(faults)
        record, known = entry.record, "date" in entry.record
        value = record.get("value", record.get("p50", ""))
        shown = "unknown" if value is None else f"{value} {record.get('unit', '')}".strip()
        age = f"{entry.age(today):4} d" if known and "date is no text like 2026-11-24" not in faults else "   ? d"
        print(f"{entry.name:58} {shown:24} {age}  {record.get('confidence', '?'):11} {record.get('source', '?')}")
        if faults:
            print(f"{'':58} ^ {', '.join(faults)}")
    others = [name for name in unread if name not in {entry.name for entry in entries(folder)}]
    for name in others:
        print(f"{name:58} ^ dead")
    print(f"as of {today}: {wrong + len(others)} entries are stale, dead or malformed")
    return 5 if wrong or others else 0


if __name__ == "__main__":
    sys.exit(main())
