"""A call script: what the caller says, how the emulated model answers, and what must come of it.

All that a script can say:

    name: example
    summary: For a reader.
    language: en
    ends: true                                     # the agent must hang up; leave it out where the caller does
    metadata: {name: Anna}                         # of the dispatch: the app gets it in `new_state`
    answers:                                       # of the emulated model: the first rule that matches
      - {when: "hours", say: "From nine to six."}  # `when` is searched in the caller's words
      - when: 'weekend (?P<name>\\w+)'             # what it finds goes into {name}
        tools: [{name: one, arguments: {who: "{name}"}}, {name: two}]   # at once; `tool` for a single one
      - {when_tool: one, result: "^Done", say: "Done."}                 # what follows the result of a tool
    turns:
      - caller: "Hello, [700 ms] what are your hours?"                  # with a pause
        expect: {agent: ["nine"]}                                       # words that are heard
      - caller: "Wait a moment."
        barge_in_after_s: 1.5                      # while the agent speaks
      - acts:                                      # instead of a line, one after the other
          - {noise: {kind: cough, ms: 400, level_dbfs: -22}}            # or babble, music
          - {mute: true}
          - {pause_ms: 500}
          - {mute: false}
          - {rejoin: {how: lost, after_ms: 2000}}  # or reload, rebuilt
        expect: {answer: false}                    # nothing may be heard; the default where nothing is said or typed
      - acts: [{keys: "12#"}, {type: "Anna, please"}, {say: "Goodbye."}]
        expect: {tools: [{name: end_call}], handoff: bookings}
      # `- acts: [{say: "I will", hang_up_after_ms: 300}]` as the last turn hangs up in the middle of a word.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from . import project
from .emulators.faults import check
from .processes import WrongUse

CALLS: Final = project.ROOT / "devkit" / "calls"
PAUSE: Final = re.compile(r"\s*\[(\d+) ms\]\s*")


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
    tools: list[ToolCall] = Field(default_factory=list)  # at once

    @model_validator(mode="after")
    def _one_cause_one_effect(self) -> Rule:
        if (self.when is None) == (self.when_tool is None):
            raise ValueError("give either when or when_tool")
        if [self.say is not None, self.tool is not None, bool(self.tools)].count(True) != 1:
            raise ValueError("give one of say, tool and tools")
        if self.when_tool is not None and self.say is None:
            raise ValueError("after a tool the model says something: give say")
        re.compile(self.when or self.result)
        return self


class Expectation(Strict):
    """What a turn must show: tools, words that are heard, who takes over.

    `answer` says whether anything may be heard; without it, what is said or typed is answered and noise is not.
    """

    answer: bool | None = None
    tools: list[ToolCall] = Field(default_factory=list)
    agent: list[str] = Field(default_factory=list)
    handoff: str | None = None


class Noise(Strict):
    """A burst of sound that is no speech; `level_dbfs` is its root mean square against full scale."""

    kind: Literal["cough", "babble", "music"]
    ms: int = Field(ge=100, le=60_000)
    level_dbfs: float = Field(default=-22.0, ge=-60, le=-6)


class Rejoin(Strict):
    """The caller is away for `after_ms` and comes back under the same identity; see `Caller.rejoin` for `how`."""

    how: Literal["lost", "reload", "rebuilt"] = "lost"
    after_ms: int = Field(default=0, ge=0, le=60_000)

    @model_validator(mode="after")
    def _at_once(self) -> Rejoin:
        if self.how == "rebuilt" and self.after_ms:
            raise ValueError("after_ms: a connection that is rebuilt is back at once; leave after_ms out")
        return self


class Act(Strict):
    """One thing that a caller does: exactly one of these, in the order of the turn.

    `say` a line, and hang up in the middle of it if `hang_up_after_ms`; `pause_ms` of silence; `noise`; `mute` the
    microphone or not; `type` a text; press `keys`; `rejoin`.
    """

    say: str | None = Field(default=None, min_length=1)
    hang_up_after_ms: int | None = Field(default=None, ge=100, le=60_000)
    pause_ms: int | None = Field(default=None, ge=20, le=60_000)
    noise: Noise | None = None
    mute: bool | None = None
    type: str | None = Field(default=None, min_length=1)
    keys: str | None = Field(default=None, pattern="^[0-9*#A-D]+$")
    rejoin: Rejoin | None = None

    @model_validator(mode="after")
    def _one(self) -> Act:
        given = self.model_dump(exclude_none=True).keys() - {"hang_up_after_ms"}
        if len(given) != 1:
            told = " and ".join(sorted(given)) or "nothing"
            raise ValueError(f"an act is one of say, pause_ms, noise, mute, type, keys and rejoin; {told} is given")
        if self.hang_up_after_ms is not None and self.say is None:
            raise ValueError("hang_up_after_ms: the caller hangs up while saying something: give say")
        return self

    def shown(self) -> str:
        """For a transcript."""
        if self.hang_up_after_ms is not None:
            return f"{self.say} [hangs up after {self.hang_up_after_ms} ms]"
        if self.say is not None:
            return self.say
        if self.pause_ms is not None:
            return f"[{self.pause_ms} ms]"
        if self.noise:
            return f"[{self.noise.kind} for {self.noise.ms} ms]"
        if self.mute is not None:
            return "[mutes]" if self.mute else "[unmutes]"
        if self.rejoin:
            return f"[is back: {self.rejoin.how}]"
        return f"[types] {self.type}" if self.type else f"[presses {self.keys}]"


class Turn(Strict):
    """What the caller does before it is the agent's turn: a line, or acts.

    A pause within a line is written into it: `I am [700 ms] Anna.` `barge_in_after_s`: done while the agent speaks,
    that long after its first sound.
    """

    caller: str = ""
    acts: list[Act] = Field(default_factory=list)
    barge_in_after_s: float | None = Field(default=None, ge=0.1, le=10)
    expect: Expectation = Field(default_factory=Expectation)
    _steps: list[Act] = PrivateAttr(default_factory=list)
    _words: str = PrivateAttr(default="")

    @model_validator(mode="after")
    def _as_steps(self) -> Turn:
        if bool(self.caller) == bool(self.acts):
            raise ValueError("give either caller, a line, or acts")
        parts = PAUSE.split(self.caller)
        if re.search(r"[\[\]]", " ".join(parts[::2])):
            raise ValueError("caller: brackets hold a pause in ms, as in [700 ms]")
        line = [Act(pause_ms=int(part)) if number % 2 else Act(say=part) for number, part in enumerate(parts) if part]
        self._steps = self.acts or line
        self._words = " ".join(act.say for act in self._steps if act.say)
        if self.expect.answer is False and (self.expect.agent or self.expect.handoff):
            raise ValueError("expect.answer is false, and yet expect.agent or expect.handoff tells what is answered")
        return self

    @property
    def steps(self) -> list[Act]:
        """The acts, those of a line too."""
        return self._steps

    @property
    def words(self) -> str:
        """What is said into an open microphone."""
        return self._words

    @property
    def hangs_up(self) -> bool:
        """Whether the caller leaves for good."""
        return any(act.hang_up_after_ms is not None for act in self._steps)

    @property
    def answered(self) -> bool:
        """Whether the agent must answer."""
        if self.expect.answer is not None:
            return self.expect.answer
        return not self.hangs_up and (bool(self._words) or any(act.type for act in self._steps))

    @property
    def goes_on(self) -> bool:
        """Whether the agent must go on with what it says."""
        return self.barge_in_after_s is not None and not self.answered and not self.hangs_up

    @property
    def shown(self) -> str:
        """For a transcript."""
        return " ".join(act.shown() for act in self._steps if act.pause_ms is None)


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

    @model_validator(mode="after")
    def _can_be_done(self) -> Script:
        muted = False
        for number, turn in enumerate(self.turns):
            heard: list[str] = []
            for place, act in enumerate(turn.steps):
                where = f"turns.{number}.acts.{place}"
                if act.mute is not None and act.mute == muted:
                    raise ValueError(f"{where}.mute: the microphone is {'muted' if muted else 'open'} already")
                muted = False if act.rejoin else act.mute if act.mute is not None else muted
                heard += [act.say] if act.say and not muted else []
                if act.hang_up_after_ms is not None and (turn is not self.turns[-1] or act is not turn.steps[-1]):
                    raise ValueError(f"{where}.hang_up_after_ms: only the last act of a call hangs up")
            turn._words = " ".join(heard)
            if turn.hangs_up and (self.ends or turn.answered or turn.expect != Expectation()):
                raise ValueError(f"turns.{number}: the caller hangs up: leave out ends and expect")
        return self


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
        there = ", ".join(str(found.relative_to(project.ROOT)) for found in sorted(CALLS.glob("*.yaml"))) or "none"
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
