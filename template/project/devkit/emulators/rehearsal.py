"""A rehearsal without a script: the model calls tools with what the caller said, and says that it is no real one.

It knows the words of one language for days, times, names and for the tools of the samples. A tool that it has no words
for is called when the caller's words are in its name and its description.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from .answers import Answer, Call, called_by, said_in, text_of

DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")  # as tools take them
SHARED_WORDS: Final = 2  # of the caller and the tool, so that it is called
SHORT: Final = 3  # words, in which a caller says no more than a name
CLOCK: Final = r"(?<![\d:.])(\d{{1,2}})(?:\s?(?::|\.(?=\d\d)|h)\s?(\d\d))?(?:\s?({hour})\b)?(?:\s?([ap])\.?m\b)?"
NAME: Final = r"[^\W\d_][\w'\u2019-]*"
WORD: Final = re.compile(r"\b(?!(?:and|are|can|for|from|have|please|the|this|what|when|with|you|your)\b)[^\W\d_]{3,}")


def project_words() -> dict[str, Any]:
    """Those of the project's language."""
    words: dict[str, Any] = json.loads(Path(__file__).with_name("rehearsal.json").read_text("utf-8"))
    return words


@dataclass(frozen=True)
class Rehearsal:
    """`words` are those of a language: sentences to say, and patterns to find days, times, names and tools by."""

    words: dict[str, Any] = field(default_factory=project_words)

    def answer(self, messages: list[dict[str, Any]], tools: dict[str, Any]) -> Answer:
        """The tool that the caller asks for, with what was said; a question where something is missing."""
        told = max((at for at, one in enumerate(messages) if one.get("role") == "tool"), default=-1)
        said = [text_of(one) for one in messages[told + 1 :] if one.get("role") == "user"]
        wanted = next((name for text in reversed(said) if (name := self._tool(text, tools))), "")
        if not wanted and told >= 0 and not any(one.get("role") == "assistant" for one in messages[told + 1 :]):
            return Answer(text=self.after_tool(messages, messages[told]))  # the caller only went on after a pause
        if not wanted:
            return Answer(text=self.words["known"].format(tools=", ".join(tools) or "-"))
        parameters = tools[wanted].get("parameters") or {}
        required = parameters.get("required", list(parameters.get("properties") or {}))
        found = {
            name: value
            for name, spec in (parameters.get("properties") or {}).items()
            if (value := self._argument(name, spec, said, messages)) not in ("", None)
        }
        missing = [name for name in required if name not in found]
        if missing:
            return Answer(text=self.words["missing"].format(tool=wanted, arguments=", ".join(missing)))
        return Answer(calls=[Call(wanted, found)])

    def after_tool(self, messages: list[dict[str, Any]], told: dict[str, Any]) -> str:
        """What the tool was called with, and what came of it."""
        call = called_by(messages, told)
        given = ", ".join(f"{name}: {value}" for name, value in call.arguments.items()) or "-"
        return str(self.words["called"].format(tool=call.tool, arguments=given, result=text_of(told)))

    def _tool(self, text: str, tools: dict[str, Any]) -> str:
        for name, pattern in self.words["tools"].items():
            if name in tools and re.search(pattern, text, re.IGNORECASE):
                return str(name)
        shared = {
            name: len(_words(text) & _words(f"{name} {tool.get('description', '')}"))
            for name, tool in tools.items()
            if name not in self.words["tools"]
        }
        best = max(shared, key=lambda name: shared[name], default="")
        return best if best and shared[best] >= SHARED_WORDS else ""

    def _argument(self, name: str, spec: dict[str, Any], said: list[str], messages: list[dict[str, Any]]) -> Any:
        """A value out of what was said last; empty if there is none."""
        if "enum" in spec:
            return _latest(said, lambda text: next((one for one in spec["enum"] if _has(text, str(one))), ""))
        if spec.get("type") in ("integer", "number"):
            return _latest(said, self._number)
        if re.search("day|date", name):
            return _latest(said, self._day)
        if "time" in name:
            return _latest(said, self._time)
        if "name" in name:
            everything = [said_in([one]) for one in messages]
            return _latest(everything, self._name) or self._bare_name(said)
        return said[-1]

    def _day(self, text: str) -> str:
        places = [(text.casefold().rfind(day), DAYS[at]) for at, day in enumerate(self.words["days"])]
        return max(places)[1] if max(places)[0] >= 0 else ""

    def _time(self, text: str) -> str:
        low = text.casefold()
        for number, word in enumerate(self.words["numbers"], 1):
            low = re.sub(rf"\b{word}\b", str(number), low)
        for found in re.finditer(CLOCK.format(hour=self.words["hour"]), low):
            hour, minute, named, half = int(found[1]), int(found[2] or 0), found[3], found[4]
            before = re.search(rf"(?:{self.words['at']})\s+$", low[: found.start()])
            if hour > 23 or minute > 59 or not (found[2] or named or half or before):
                continue
            late = half == "p" or (half is None and re.search(self.words["late"], low[found.end() :]))
            return f"{hour + 12 if late and hour < 12 else 0 if half == 'a' and hour == 12 else hour:02d}:{minute:02d}"
        return "12:00" if re.search(self.words["noon"], low) else ""

    def _name(self, text: str) -> str:
        if found := re.search(rf"\b(?i:{self.words['name']})\s+({NAME}(?:\s+{NAME})?)", text):
            first, *rest = found[1].split()
            return " ".join([first[:1].upper() + first[1:], *(word for word in rest if word[0].isupper())])
        found = re.search(rf"\b(?i:{self.words['perhaps_name']})\s+({NAME}(?:\s+{NAME})?)", text)
        words = [word for word in found[1].split() if word[0].isupper() and not self._day(word)] if found else []
        return " ".join(words)

    def _bare_name(self, said: list[str]) -> str:
        """A short reply to the question for it, without a day and a time."""
        if len(said) < 2 or len(said[-1].split()) > SHORT or self._day(said[-1]) or self._time(said[-1]):
            return ""
        found = re.findall(NAME, said[-1])
        return " ".join(word[:1].upper() + word[1:] for word in found)

    def _number(self, text: str) -> int | None:
        for word in re.findall(r"\w+", text.casefold()):
            if word.isdigit():
                return int(word)
            for number, pattern in enumerate(self.words["numbers"], 1):
                if re.fullmatch(pattern, word):
                    return number
        return None


def _latest(said: list[str], find: Callable[[str], Any]) -> Any:
    return next((value for text in reversed(said) if (value := find(text)) not in ("", None)), "")


def _has(text: str, word: str) -> bool:
    return word.casefold() in text.casefold()


def _words(text: str) -> set[str]:
    return {word.rstrip("s") for word in WORD.findall(text.casefold().replace("_", " "))}
