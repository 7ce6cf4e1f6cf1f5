"""A model without weights: answers and tool calls come from the call script, so that a call is the same each time.

Without a script, or where no rule matches, it rehearses: see `rehearsal`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from .answers import QUOTED, Answer, Call, called_by, said_in, text_of
from .rehearsal import Rehearsal


@dataclass
class Brain:
    """`rules` are the `answers` of a call script; `rehearsal` answers where none of them fits."""

    rules: list[dict[str, Any]] = field(default_factory=list)
    rehearsal: Rehearsal = field(default_factory=Rehearsal)

    def answer(self, request: dict[str, Any]) -> Answer:
        """The answer to a chat completion request."""
        messages: list[dict[str, Any]] = request.get("messages") or []
        tools = {tool["function"]["name"]: tool["function"] for tool in request.get("tools") or []}
        if request.get("tool_choice") == "none":
            tools = {}
        last = messages[-1] if messages else {}
        if last.get("role") == "tool":
            return self._after_tools(messages, results(messages))
        if last.get("role") in ("system", "developer") and (quoted := QUOTED.search(text_of(last))):
            return Answer(text=quoted[1])
        since = unanswered(messages)
        told = max((at for at, one in enumerate(since) if one.get("role") == "tool"), default=-1)
        answer = self._by_rule(said_in(since[told + 1 :]), tools)
        if told >= 0 and not (answer and answer.calls):  # without asking for it again, the caller went on after a pause
            begun = self._by_rule(said_in(since), tools)
            if begun and called_by(messages, since[told]).tool in [call.tool for call in begun.calls]:
                return self._after_tools(messages, [since[told]])
        return answer or self.rehearsal.answer(messages, tools)

    def _after_tools(self, messages: list[dict[str, Any]], told: list[dict[str, Any]]) -> Answer:
        if quoted := QUOTED.search(" ".join(text_of(one) for one in told)):
            return Answer(text=quoted[1])
        return Answer(text=" ".join(self._after_tool(messages, one) for one in told))

    def _after_tool(self, messages: list[dict[str, Any]], told: dict[str, Any]) -> str:
        result, name = text_of(told), called_by(messages, told).tool
        for rule in self.rules:
            if rule.get("when_tool") == name and (found := re.search(rule.get("result", ""), result, re.IGNORECASE)):
                return _fill(rule["say"], {"result": result, **found.groupdict()})
        return result if self.rules else self.rehearsal.after_tool(messages, told)

    def _by_rule(self, said: str, tools: dict[str, Any]) -> Answer | None:
        for rule in self.rules:
            found = re.search(rule["when"], said, re.IGNORECASE) if said and "when" in rule else None
            if not found:
                continue
            words = {name: value or "" for name, value in found.groupdict().items()}
            if rule.get("say") is not None:
                return Answer(text=_fill(rule["say"], words))
            wanted = rule.get("tools") or [rule["tool"]]
            if all(one["name"] in tools for one in wanted):
                return Answer(calls=[_call(one, words) for one in wanted])
        return None


def results(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The results of tools that the messages end with: several, if several were called at once.

    A client may send each of these calls in a message of its own.
    """
    first = len(messages)
    while first and (messages[first - 1].get("role") == "tool" or messages[first - 1].get("tool_calls")):
        first -= 1
    return [message for message in messages[first:] if message.get("role") == "tool"]


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


def _call(wanted: dict[str, Any], words: dict[str, str]) -> Call:
    arguments = wanted.get("arguments") or {}
    filled = {key: _fill(value, words) if isinstance(value, str) else value for key, value in arguments.items()}
    return Call(wanted["name"], filled)


def _fill(text: str, words: dict[str, str]) -> str:
    for name, value in words.items():
        text = text.replace("{" + name + "}", value)
    return text
