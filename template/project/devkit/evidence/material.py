"""What is said in the turns: lines of the project's own call scripts, the same in every run."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

import numpy as np
from livekit.agents import llm

from .. import project, script, speech
from ..caller import LOUD, RATE
from ..processes import Trouble
from ..speech.pcm import resample, samples

BOARD: Final = project.ROOT / "build" / "evidence" / "resting"  # not that of the workers


@dataclass(frozen=True)
class Spoken:
    """A line as sound: 16-bit PCM, mono, 16 kHz, ending with its last sample of speech."""

    text: str
    pcm: bytes


@dataclass(frozen=True)
class Material:
    """What the recognisers hear, what the models are told, what the voices say."""

    heard: list[Spoken]
    said: list[str]
    instructions: str
    tools: list[llm.Tool]
    voice: str

    def prompt(self, text: str) -> llm.ChatContext:
        """The first turn of a call in which the caller says `text`."""
        context = llm.ChatContext.empty()
        context.add_message(role="system", content=self.instructions)
        context.add_message(role="user", content=text)
        return context

    @property
    def prompt_characters(self) -> int:
        """Length of the instructions and of the tools as they are sent."""
        tools = llm.ToolContext(self.tools).parse_function_tools("openai")
        return len(self.instructions) + len(json.dumps(tools))


def gather(settings: Any) -> Material:
    """Read the scripts, let the local voice say the caller's lines, ask the app for its first agent.

    Raises:
        Trouble: there is no script, or no voice that speaks.
        WrongUse: a script cannot be read.
    """
    scripts = [script.load(path) for path in sorted((project.ROOT / "devkit" / "calls").glob("*.yaml"))]
    lines = dict.fromkeys(turn.words for one in scripts for turn in one.turns if turn.words)
    answers = dict.fromkeys(rule.say for one in scripts for rule in one.answers if rule.say and "{" not in rule.say)
    if not lines:
        raise Trouble("devkit/calls holds no call script: there is nothing to say")
    voice = speech.voice("auto", project.ESPEAK_VOICE)
    if voice.name == "tone":
        raise Trouble("no voice is installed that a recogniser understands: make setup VOICE=auto")
    agent = importlib.import_module(f"{project.PACKAGE}.runtime.hooks").first_agent(outside_a_job(settings, []))
    told = agent.instructions
    return Material(
        heard=[Spoken(line, _trimmed(resample(voice.synthesize(line), voice.rate, RATE))) for line in lines],
        said=[project.STRINGS["greeting"], *answers],
        instructions=told if isinstance(told, str) else told.render(modality="audio"),
        tools=llm.ToolContext(agent.tools).flatten(),
        voice=voice.name,
    )


def outside_a_job(settings: Any, closing: list[Any]) -> Any:
    """A call that no server dispatched; what is to be awaited at its end is added to `closing`."""
    hooks = importlib.import_module(f"{project.PACKAGE}.runtime.hooks")
    made = importlib.import_module(f"{project.PACKAGE}.runtime.call")
    breaker = importlib.import_module(f"{project.PACKAGE}.runtime.breaker")
    turns = importlib.import_module(f"{project.PACKAGE}.runtime.turns")
    process = SimpleNamespace(userdata={})
    turns.prewarm(process)
    job = SimpleNamespace(add_shutdown_callback=closing.append, proc=process)
    state = hooks.new_state({}, settings)
    return made.Call(ctx=job, settings=settings, metadata={}, state=state, board=breaker.Board(BOARD))


def _trimmed(pcm: bytes) -> bytes:
    loud = np.flatnonzero(np.abs(samples(pcm).astype(np.int32)) > LOUD)
    return pcm[: 2 * (int(loud[-1]) + 1)] if loud.size else pcm
