"""The terminal's way to talk: typed lines, the agent's words as they are spoken."""

from __future__ import annotations

import time

from devkit import page, project, script
from devkit.chat import Chat
from devkit.stack import Stack
from devkit.talk import SCRIPT
from devkit.words import normal


async def test_typed_lines_are_answered_until_the_agent_hangs_up(stack: Stack) -> None:
    whole = script.load(SCRIPT)
    turns = whole.turns
    shown: list[str] = []
    token = page.token(f"chat-{time.time_ns()}", "you", metadata=whole.dispatch())
    async with Chat(stack.url, token, shown.append) as chat:
        assert await chat.wait_for_agent()
        assert await chat.answer()
        assert await chat.say(turns[0].caller)
        await chat.say(turns[-1].caller)
        assert await chat.wait_for_end(20)
    text = "".join(shown)
    assert chat.hung_up
    if not whole.metadata:  # an agent that is told what the call is about says so instead
        assert normal(project.STRINGS["greeting"]) in normal(text)
    assert text.count("Agent: ") >= 3
    assert all(normal(word) in normal(text) for word in turns[0].expect.agent[:1])
