"""A model without weights: answers and tool calls come from the call script, so that a call is the same each time.

Without a script, or where no rule matches, it calls the offered tool that shares words with what the caller said, and
else says that it is only a rehearsal.
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field
from typing import Any, Final

NOT_WORDS: Final = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "at",
        "be",
        "can",
        "do",
        "for",
        "from",
        "have",
        "i",
        "in",
        "is",
        "it",
        "me",
        "my",
        "of",
        "on",
        "please",
        "the",
        "this",
        "to",
        "when",
        "what",
        "you",
        "your",
    ]
)
NUMBERS: Final = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
}
QUOTED: Final = re.compile(r"Say exactly: (.+)", re.DOTALL)


@dataclass
class Answer:
    """What the model says, or the one tool that it calls."""

    text: str = ""
    tool: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    call_id: str = field(default_factory=lambda: f"call_{uuid.uuid4().hex[:12]}")

    def record(self) -> dict[str, Any]:
        """For the journal."""
        called = {"tool": self.tool, "arguments": self.arguments, "call_id": self.call_id}
        return called if self.tool else {"text": self.text}


@dataclass
class Brain:
    """`rules` are the `answers` of a call script; `fallback` is said when nothing fits."""

    rules: list[dict[str, Any]] = field(default_factory=list)
    fallback: str = "This is a rehearsal without a model. Ask for our opening hours or an appointment."

    def answer(self, request: dict[str, Any]) -> Answer:
        """The answer to a chat completion request."""
        messages: list[dict[str, Any]] = request.get("messages") or []
        tools = {tool["function"]["name"]: tool["function"] for tool in request.get("tools") or []}
        if request.get("tool_choice") == "none":
            tools = {}
        last = messages[-1] if messages else {}
        if last.get("role") == "tool":
            return self._after_tool(messages, last)
        if last.get("role") in ("system", "developer") and (quoted := QUOTED.search(text_of(last))):
            return Answer(text=quoted[1])
        since = unanswered(messages)
        told = max((at for at, one in enumerate(since) if one.get("role") == "tool"), default=-1)
        answer = self._to(said_in(since[told + 1 :]), tools)
        if told >= 0 and not answer.tool:  # who does not ask for it again has only gone on after a pause
            begun = self._to(said_in(since), tools)
            if begun.tool and begun.tool == _tool_of(messages, since[told]):
                return self._after_tool(messages, since[told])
        return answer

    def _to(self, said: str, tools: dict[str, Any]) -> Answer:
        return self._by_rule(said, tools) or self._by_words(said, tools) or Answer(text=self.fallback)

    def _after_tool(self, messages: list[dict[str, Any]], told: dict[str, Any]) -> Answer:
        result = text_of(told)
        if quoted := QUOTED.search(result):
            return Answer(text=quoted[1])
        name = _tool_of(messages, told)
        for rule in self.rules:
            if rule.get("when_tool") == name and (found := re.search(rule.get("result", ""), result, re.IGNORECASE)):
                return Answer(text=_fill(rule["say"], {"result": result, **found.groupdict()}))
        return Answer(text=result)

    def _by_rule(self, said: str, tools: dict[str, Any]) -> Answer | None:
        for rule in self.rules:
            found = re.search(rule["when"], said, re.IGNORECASE) if said and "when" in rule else None
            if not found:
                continue
            words = {name: value or "" for name, value in found.groupdict().items()}
            if "tool" not in rule:
                return Answer(text=_fill(rule["say"], words))
            if (name := rule["tool"]["name"]) in tools:
                arguments = rule["tool"].get("arguments") or {}
                filled = {
                    key: _fill(value, words) if isinstance(value, str) else value for key, value in arguments.items()
                }
                return Answer(tool=name, arguments=filled)
        return None

    def _by_words(self, said: str, tools: dict[str, Any]) -> Answer | None:
        heard = _words(said)
        scores = {
            name: len(heard & _words(name.replace("_", " ") + " " + tool.get("description", "")))
            for name, tool in tools.items()
        }
        best = max(scores, key=lambda name: scores[name], default="")
        if not best or scores[best] < 2:
            return None
        properties = (tools[best].get("parameters") or {}).get("properties") or {}
        arguments = {name: guess(name, spec, said) for name, spec in properties.items()}
        return Answer(tool=best, arguments=arguments) if all(arguments.values()) else None


def unanswered(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """From the caller's first message that no words of the agent have followed. A pause may have cut what was said into
    several messages, and a tool may have been called at the first of them before a word of its answer was heard."""
    first = len(messages)
    for at, message in reversed(list(enumerate(messages))):
        if message.get("role") == "user":
            first = at
        elif first < len(messages) and message.get("role") == "assistant" and text_of(message):
            break
    return messages[first:]


def said_in(messages: list[dict[str, Any]]) -> str:
    """The caller's words in these messages."""
    return " ".join(text_of(message) for message in messages if message.get("role") == "user")


def text_of(message: dict[str, Any]) -> str:
    """The text of a message, whose content may be a list of parts."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return " ".join(part.get("text", "") for part in content if isinstance(part, dict))


def guess(name: str, spec: dict[str, Any], said: str) -> Any:
    """An argument out of what was said; empty when there is none."""
    low = said.casefold()
    if "enum" in spec:
        return next((value for value in spec["enum"] if str(value).casefold() in low), "")
    if spec.get("type") in ("integer", "number"):
        return next(
            (NUMBERS.get(word) or int(word) for word in re.findall(r"\w+", low) if word in NUMBERS or word.isdigit()), 0
        )
    if name == "day":
        found = re.search(r"\b(\w+day)\b", low)
    elif name == "time":
        found = re.search(r"\b(\d{1,2}(?::\d\d)?\s*(?:[ap]\.?m\.?)?)(?=\W|$)", low)
    elif name == "name":
        found = re.search(r"(?:name is|i am|i'm|this is|for) ([A-Z]\w+(?: [A-Z]\w+)?)", said)
    else:
        found = re.search(r"\b(?:for|in|at|on|about) (.+?)[.?!]*$", said)
    return found[1].strip() if found else ""


def completion(answer: Answer) -> list[dict[str, Any]]:
    """The answer as the pieces of a streamed completion."""
    if answer.tool:
        function = {"name": answer.tool, "arguments": json.dumps(answer.arguments, ensure_ascii=False)}
        return [{"tool_calls": [{"index": 0, "id": answer.call_id, "type": "function", "function": function}]}]
    return [{"content": word if first == 0 else f" {word}"} for first, word in enumerate(answer.text.split())]


def _tool_of(messages: list[dict[str, Any]], told: dict[str, Any]) -> str:
    calls = {call["id"]: call["function"]["name"] for one in messages for call in one.get("tool_calls") or []}
    return str(calls.get(told.get("tool_call_id", ""), ""))


def _fill(text: str, words: dict[str, str]) -> str:
    for name, value in words.items():
        text = text.replace("{" + name + "}", value)
    return text


def _words(text: str) -> set[str]:
    return {word.rstrip("s") for word in re.findall(r"[a-z]{3,}", text.casefold())} - NOT_WORDS
