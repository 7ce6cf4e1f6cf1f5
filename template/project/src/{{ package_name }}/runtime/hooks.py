"""The only places where managed code calls the app, each with what happens when the app has nothing to say.

An app written for an older release runs under newer managed code because of these defaults.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import signature
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from livekit.agents import Agent, AgentSession

from .phrases import PHRASES

if TYPE_CHECKING:
    from ..settings import Settings
    from .call import Call


def load() -> ModuleType:
    """The app. Imported here and not above, because the app uses this module too."""
    from .. import app

    return app


def _hook(name: str) -> Callable[..., Any] | None:
    return cast("Callable[..., Any] | None", getattr(load(), name, None))


def new_state(metadata: dict[str, Any], settings: Settings) -> Any:
    """`app.new_state(metadata, settings)`: what the call remembers; default: an empty dictionary.

    An app of a release before 0.5 takes the metadata alone.
    """
    hook = _hook("new_state")
    if hook is None:
        return {}
    return hook(metadata, settings) if len(signature(hook).parameters) > 1 else hook(metadata)


def first_agent(call: Call) -> Agent:
    """`app.first_agent(call)`: who takes the call; default: an agent without tools."""
    hook = _hook("first_agent")
    return cast("Agent", hook(call)) if hook else Agent(instructions="You are a helpful assistant.")


async def greet(session: AgentSession[Any], call: Call) -> None:
    """`await app.greet(session, call)`: the first words; default: the greeting phrase."""
    hook = _hook("greet")
    if hook:
        await cast("Awaitable[None]", hook(session, call))
    else:
        session.say(phrase("greeting"))


def phrase(name: str) -> str:
    """A sentence that the agent says by itself: `app.PHRASES[name]`, else the one of the template.

    Raises:
        KeyError: there is no such phrase.
    """
    return cast("dict[str, str]", getattr(load(), "PHRASES", {})).get(name) or PHRASES[name]
