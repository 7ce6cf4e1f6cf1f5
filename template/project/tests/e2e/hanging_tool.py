"""The project's worker, whose first agent has one more tool: an owner's tool that never returns."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Any

from livekit.agents import Agent, JobContext, function_tool

from devkit import project

worker = import_module(f"{project.PACKAGE}.worker")
lifecycle = import_module(f"{project.PACKAGE}.runtime.lifecycle")
records = import_module(f"{project.PACKAGE}.runtime.records")
app: Any = import_module(f"{project.PACKAGE}.app")

server = lifecycle.build_server(worker.settings)
own_first_agent = app.first_agent


@function_tool
async def never_returns() -> str:
    """Look something up where nothing answers."""
    await asyncio.Event().wait()
    return "found"


def first_agent(call: Any) -> Agent:
    """Make the project's own first agent, with the tool."""
    agent = own_first_agent(call)
    return Agent(instructions=agent.instructions, tools=[*agent.tools, never_returns])


@server.rtc_session(agent_name=worker.settings.livekit_agent_name, on_session_end=records.after_call)  # type: ignore[untyped-decorator]
async def take_call(ctx: JobContext) -> None:
    """One call as the project takes it. The process of a call imports this module, and so has the tool."""
    app.first_agent = first_agent
    await worker.take_call(ctx)
