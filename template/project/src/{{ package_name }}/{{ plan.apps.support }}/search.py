"""Full-text search over `documents/`: Markdown files, indexed by SQLite in memory. No service, no model."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).with_name("documents")
_TABLE: Final = "CREATE VIRTUAL TABLE sections USING fts5(title, text, tokenize='porter unicode61 remove_diacritics 2')"
_FIND: Final = "SELECT title, text FROM sections WHERE sections MATCH ? ORDER BY rank LIMIT ?"
_COUNT: Final = "SELECT count(*) FROM sections WHERE sections MATCH ?"


@dataclass(frozen=True)
class Section:
    """A heading and the text below it; `title` names the headings above it too."""

    title: str
    text: str


def read(folder: Path) -> list[Section]:
    """All sections of the Markdown files in `folder`, file by file; headings without text are left out."""
    found = []
    for path in sorted(folder.glob("*.md")):
        above: list[str] = []
        for part in re.split(r"^(?=#{1,6} )", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
            heading = re.match(r"(#+) (.+)\n", part)
            if heading:
                above = [*above[: len(heading[1]) - 1], heading[2].strip()]
            if text := part[heading.end() if heading else 0 :].strip():
                found.append(Section(": ".join(above), text))
    return found


class Documents:
    """An index of sections. Read-only once made, so any thread may search."""

    def __init__(self, sections: list[Section]) -> None:
        """Index `sections`."""
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        self._database.execute(_TABLE)
        self._database.executemany("INSERT INTO sections VALUES (?, ?)", [(one.title, one.text) for one in sections])
        # A word that stands in more than half of all sections tells none of them from the others.
        self._common = max(1, len(sections) // 2)

    def search(self, words: str, limit: int = 3) -> list[Section]:
        """The sections that fit best, the best first; none when they know none of the `words`."""
        telling = [word for word in re.findall(r"\w{3,}", words) if 0 < self._count(word) <= self._common]
        rows = self._database.execute(_FIND, (" OR ".join(f'"{word}"' for word in telling), limit)) if telling else []
        return [Section(title, text) for title, text in rows]

    def _count(self, word: str) -> int:
        return int(self._database.execute(_COUNT, (f'"{word}"',)).fetchone()[0])


@cache
def documents() -> Documents:
    """The index of this project's documents; made once a process."""
    return Documents(read(FOLDER))
