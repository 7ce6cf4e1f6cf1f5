"""What a model answers, and how it reads what it is asked: chat completions, whatever the provider speaks."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field
from typing import Any, Final

QUOTED: Final = re.compile(r"Say exactly: (.+)", re.DOTALL)


@dataclass
class Call:
    """A tool that the model calls."""

    tool: str
    arguments: dict[str, Any] = field(default_factory=dict)
    call_id: str = field(default_factory=lambda: f"call_{uuid.uuid4().hex[:12]}")


@dataclass
class Answer:
    """What the model says, or the tools that it calls at once."""

    text: str = ""
    calls: list[Call] = field(default_factory=list)

    def records(self) -> list[dict[str, Any]]:
        """For the journal: one line a call, or one with the text."""
        called = [{"tool": call.tool, "arguments": call.arguments, "call_id": call.call_id} for call in self.calls]
        return called or [{"text": self.text}]


def completion(answer: Answer) -> list[dict[str, Any]]:
    """The answer as the pieces of a streamed completion."""
    if answer.calls:
        return [{"tool_calls": [_tool_call(index, call)]} for index, call in enumerate(answer.calls)]
    return [{"content": word if first == 0 else f" {word}"} for first, word in enumerate(answer.text.split())]


def _tool_call(index: int, call: Call) -> dict[str, Any]:
    function = {"name": call.tool, "arguments": json.dumps(call.arguments, ensure_ascii=False)}
    return {"index": index, "id": call.call_id, "type": "function", "function": function}


def called_by(messages: list[dict[str, Any]], told: dict[str, Any]) -> Call:
    """The call whose result `told` is; one without a name if it was forgotten."""
    for message in messages:
        for call in message.get("tool_calls") or []:
            if call["id"] == told.get("tool_call_id"):
                return Call(call["function"]["name"], json.loads(call["function"]["arguments"] or "{}"), call["id"])
    return Call("")


def said_in(messages: list[dict[str, Any]]) -> str:
    """The caller's words in these messages."""
    return " ".join(text_of(message) for message in messages if message.get("role") == "user")


def text_of(message: dict[str, Any]) -> str:
    """The text of a message, whose content may be a list of parts."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return " ".join(part.get("text", "") for part in content if isinstance(part, dict))
