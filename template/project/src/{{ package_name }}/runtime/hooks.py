"""The only places where managed code calls the app.

Each has a default for an app that has no such name, or whose hook fails or hangs. An app written for an older release
runs under newer managed code because of these defaults.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any, Final, cast

from livekit.agents import Agent, AgentSession

from .phrases import PHRASES

if TYPE_CHECKING:
    from ..settings import Settings
    from .call import Call

logger = logging.getLogger(__name__)

# How long a hook may take, in s: a caller waits for it.
HOOK_S: Final = 5.0


def load() -> ModuleType:
    """The app. Imported here and not above, because the app uses this module too."""
    from .. import app

    return app


def _hook(name: str) -> Callable[..., Any] | None:
    return cast("Callable[..., Any] | None", getattr(load(), name, None))


def new_state(metadata: dict[str, Any], settings: Settings) -> Any:
    """Make what the call remembers by `app.new_state(metadata, settings)`; default: an empty dictionary.

    An app of a release before 0.4.4 takes the metadata alone. A hook that fails is asked once more without metadata: a
    dispatch may hold what the app does not expect.
    """
    hook = _hook("new_state")
    if hook is None:
        return {}
    takes_settings = len(inspect.signature(hook).parameters) > 1
    for given in (metadata, {}) if metadata else ({},):
        try:
            with _limited():
                return hook(given, settings) if takes_settings else hook(given)
        except TimeoutError:
            logger.exception("hook hangs", extra={"hook": "new_state"})
            break
        except Exception:
            logger.exception("hook failed", extra={"hook": "new_state"})
    return {}


def first_agent(call: Call) -> Agent:
    """Make the agent that takes the call by `app.first_agent(call)`; default: an agent without tools."""
    hook = _hook("first_agent")
    if hook:
        try:
            with _limited():
                agent = hook(call)
            if isinstance(agent, Agent):
                return agent
            logger.error("hook returned no agent", extra={"hook": "first_agent", "type": type(agent).__name__})
        except Exception:
            logger.exception("hook failed", extra={"hook": "first_agent"})
    return Agent(instructions="You are a helpful assistant.")


async def greet(session: AgentSession[Any], call: Call) -> None:
    """Say the first words by `await app.greet(session, call)`; default: the greeting phrase.

    Returns when the hook does, or when its first words are on their way: it then goes on until the session closes. A
    hook that fails, or has no words after `HOOK_S`, gives way to the default.
    """
    hook = _hook("greet")
    if hook is None:
        _greet(session)
        return
    spoken = asyncio.Event()
    session.on("speech_created", lambda _: spoken.set())
    greeting = asyncio.create_task(_greeting(hook, session, call))
    session.on("close", lambda _: greeting.cancel())
    words = asyncio.create_task(spoken.wait())
    await asyncio.wait([greeting, words], timeout=HOOK_S, return_when=asyncio.FIRST_COMPLETED)
    words.cancel()
    if spoken.is_set() or (greeting.done() and not greeting.cancelled() and greeting.result()):
        return
    if not greeting.done():
        logger.error("hook hangs", extra={"hook": "greet"})
        greeting.cancel()
    _greet(session)


async def _greeting(hook: Callable[..., Any], session: AgentSession[Any], call: Call) -> bool:
    """Whether the hook came to its end."""
    try:
        said = hook(session, call)
        if inspect.isawaitable(said):
            await said
    except Exception:
        logger.exception("hook failed", extra={"hook": "greet"})
        return False
    return True


def _greet(session: AgentSession[Any]) -> None:
    with suppress(RuntimeError):  # the caller has hung up already
        session.say(phrase("greeting"))


def tool_deadline(name: str, default_s: float) -> float:
    """Deadline of the tool `name` in s: `app.TOOL_DEADLINES[name]`, else `default_s`; `math.inf` is none."""
    return float(cast("dict[str, float]", getattr(load(), "TOOL_DEADLINES", {})).get(name, default_s))


def phrase(name: str) -> str:
    """A sentence that the agent says by itself: `app.PHRASES[name]`, else the one of the template.

    Raises:
        KeyError: there is no such phrase.
    """
    return cast("dict[str, str]", getattr(load(), "PHRASES", {})).get(name) or PHRASES[name]


@contextmanager
def _limited() -> Iterator[None]:
    """Interrupt a hook that blocks the event loop for `HOOK_S`; only the main thread of a process can be interrupted.

    Raises:
        TimeoutError: it was interrupted.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def over(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"no answer within {HOOK_S:.0f} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, HOOK_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
