"""Every model of the pipeline, one after the other, turn by turn: what it took, and what it refused."""

from __future__ import annotations

import asyncio
import importlib
import logging
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from typing import Any

from livekit.agents import utils

from .. import project
from ..processes import Trouble
from . import turns
from .bill import Meter
from .material import Material, outside_a_job
from .plan import Plan, Planned

PAUSE_S = 2.0  # between two turns, so that no limit is met because of us
LONGEST_REST_S = 60.0
MESSAGE_LENGTH = 200


@dataclass(frozen=True)
class Failure:
    """A turn that failed. `status` is 0 and `retry_after_s` None where the provider gave none."""

    kind: str
    status: int
    message: str
    retry_after_s: float | None


@dataclass
class Measured:
    """What a model did: the time of each turn that succeeded, in ms, and those that did not."""

    planned: Planned
    wanted: int
    ms: list[float] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    paces: list[float] = field(default_factory=list)

    @property
    def given_up(self) -> bool:
        """Whether more than a tenth of the turns failed; two may always fail."""
        return len(self.failures) > max(2, self.wanted // 10)


async def everything(
    settings: Any, plan: Plan, material: Material, wanted: int, meter: Meter, redact: Callable[[str], str]
) -> list[Measured]:
    """Measure the models in the order of the plan, `wanted` turns each; fewer where one fails or the cap is reached.

    `redact` takes secrets out of what an error says.

    Raises:
        Trouble: the pipeline cannot be built.
    """
    closing: list[Callable[[], Awaitable[None]]] = []
    async with utils.http_context.open():
        try:
            models = build(settings, closing)
        except Exception as error:
            raise Trouble(redact(f"the pipeline cannot be built: {type(error).__name__}: {error}")) from None
        found = []
        try:
            for planned, model in zip(plan.models, models, strict=True):
                print(f"{planned.stage}: {planned.label}, {wanted} turns ...", file=sys.stderr, flush=True)
                found.append(await _one(planned, model, material, wanted, meter, redact))
        finally:
            for model in models:
                await model.aclose()
            for close in closing:
                await close()
    return found


def build(settings: Any, closing: list[Callable[[], Awaitable[None]]]) -> list[Any]:
    """The plugins as the worker builds them: recognisers, models, voices, each in the order in which they are asked."""
    pipeline = importlib.import_module(f"{project.PACKAGE}.runtime.pipeline")
    made = pipeline.build(outside_a_job(settings, closing))
    return [*made["stt"].models, *made["llm"].models, *made["tts"].models]


async def _one(
    planned: Planned, model: Any, material: Material, wanted: int, meter: Meter, redact: Callable[[str], str]
) -> Measured:
    result = Measured(planned, wanted)
    advised: list[float] = []

    def note(event: Any) -> None:
        if (seconds := retry_after(event.error)) is not None:
            advised.append(seconds)

    model.on("error", note)
    for text, turn in _turns(planned, model, material):
        if len(result.ms) == wanted or result.given_up or not meter.allows():
            break
        advised.clear()
        try:
            took = await turn()
        except Exception as error:
            result.failures.append(_failure(error, redact(str(error)), advised))
        else:
            meter.add(planned.cost(took.used))
            result.ms.append(took.ms)
            result.said.append(text)
            result.heard.append(took.heard)
            result.paces += [took.pace] if took.pace else []
        await asyncio.sleep(min(LONGEST_REST_S, max(PAUSE_S, *advised, 0.0)))
    model.off("error", note)
    return result


def _turns(
    planned: Planned, model: Any, material: Material
) -> Iterator[tuple[str, Callable[[], Awaitable[turns.Turn]]]]:
    """What is said in each turn, and the turn, without end."""
    if planned.stage == "tts":
        for text in cycle(material.said):
            yield text, partial(turns.speak, model, text)
    for line in cycle(material.heard):
        if planned.stage == "stt":
            yield line.text, partial(turns.recognise, model, line)
        else:
            yield line.text, partial(turns.think, model, material.prompt(line.text), material.tools)


def _failure(error: Exception, message: str, advised: Sequence[float]) -> Failure:
    status = importlib.import_module(f"{project.PACKAGE}.runtime.refusals").status_of(error)
    first_line = message.partition("\n")[0]
    return Failure(type(error).__name__, status, first_line[:MESSAGE_LENGTH], max(advised, default=None))


def retry_after(error: BaseException | None) -> float | None:
    """The seconds that a provider asks to wait, as far as the plugin shows its answer."""
    while error is not None:
        for answer in (error, getattr(error, "response", None)):
            asked = (getattr(answer, "headers", None) or {}).get("retry-after", "")
            if asked.isdigit():
                return float(asked)
        error = error.__cause__ or error.__context__
    return None


@contextmanager
def silenced() -> Iterator[None]:
    """No log line of a plugin: it may quote what it was sent."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
