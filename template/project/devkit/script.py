"""A call script: what the caller says, how the emulated model answers, and what must come of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from . import project
from .emulators.faults import check
from .processes import WrongUse

CALLS: Final = project.ROOT / "devkit" / "calls"


class Strict(BaseModel):
    """An unknown field is an error."""

    model_config = ConfigDict(extra="forbid")


class ToolCall(Strict):
    """A tool with arguments: called by the model, or expected."""

    name: str
    arguments: dict[str, Any] = Field(default_factory=dict)


class Rule(Strict):
    """How the emulated model answers: when the caller's words match `when`, or after the tool `when_tool`."""

    when: str | None = None
    when_tool: str | None = None
    result: str = ""
    say: str | None = None
    tool: ToolCall | None = None

    @model_validator(mode="after")
    def _one_cause_one_effect(self) -> Rule:
        if (self.when is None) == (self.when_tool is None):
            raise ValueError("give either when or when_tool")
        if (self.say is None) == (self.tool is None):
            raise ValueError("give either say or tool")
        re.compile(self.when or self.result)
        return self


class Expectation(Strict):
    """What a turn must show: tools, words that are heard, who takes over."""

    tools: list[ToolCall] = Field(default_factory=list)
    agent: list[str] = Field(default_factory=list)
    handoff: str | None = None


class Turn(Strict):
    """One line of the caller. `barge_in_after_s`: said while the agent speaks, that long after its first sound."""

    caller: str = Field(min_length=1)
    barge_in_after_s: float | None = Field(default=None, ge=0.1, le=10)
    expect: Expectation = Field(default_factory=Expectation)


class Script(Strict):
    """A whole call. `ends`: the agent must hang up after the last turn. `metadata`: the agent is dispatched with it."""

    name: str
    summary: str
    language: str
    ends: bool = False
    metadata: dict[str, Any] = Field(default_factory=dict)
    answers: list[Rule] = Field(default_factory=list)
    turns: list[Turn] = Field(min_length=1)

    def dispatch(self) -> str:
        """The metadata as a dispatch carries it: JSON, or nothing."""
        return json.dumps(self.metadata, ensure_ascii=False) if self.metadata else ""


class Fault(Strict):
    """A provider that fails in one turn: the first of its stage, or `everyone` there."""

    stage: str
    kind: str
    turn: int = Field(ge=1)
    everyone: bool = False


def usual() -> Path:
    """The script of a plain `make call`: that of the use case.

    Scripts are the owner's: where another use case was chosen after the project was born, the first one that is there.
    """
    own = CALLS / f"{project.USE_CASE}.yaml"
    others = sorted(CALLS.glob("*.yaml"), key=lambda path: (path.stem == "barge-in", path.name))
    return own if own.is_file() or not others else others[0]


def load(path: Path) -> Script:
    """Read a script.

    Raises:
        WrongUse: it is not there, not YAML, or a field is wrong; the message names file and field.
    """
    try:
        return Script.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        there = ", ".join(sorted(str(found) for found in path.parent.glob("*.yaml"))) or "none"
        raise WrongUse(f"{path} does not exist; scripts there: {there}") from None
    except yaml.YAMLError as error:
        raise WrongUse(f"{path} is not YAML: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise WrongUse(f"{path}: {where}: {first['msg']} (got {first['input']!r})") from None


def parse_faults(text: str, turns: int) -> list[Fault]:
    """Faults of one call, separated by commas.

    Raises:
        WrongUse: stage, kind or turn of one does not exist.
    """
    return [parse_fault(part.strip(), turns) for part in text.split(",")]


def parse_fault(text: str, turns: int) -> Fault:
    """`<stage>[-all]:<kind>[@turn]` as a fault; without a turn, turn 2.

    Raises:
        WrongUse: stage, kind or turn does not exist.
    """
    found = re.fullmatch(r"([a-z]+)(-all)?:([a-z0-9-]+)(?:@(\d+))?", text)
    if not found:
        raise WrongUse(f"FAULT={text} is not <stt|llm|tts>[-all]:<kind>[@turn], for example llm:hang@2")
    try:
        check(found[1], found[3])
    except ValueError as error:
        raise WrongUse(f"FAULT={text}: {error}") from None
    turn = int(found[4] or 2)
    if not 1 <= turn <= turns:
        raise WrongUse(f"FAULT={text}: the script has turns 1 to {turns}")
    return Fault(stage=found[1], kind=found[3], turn=turn, everyone=bool(found[2]))
