"""The terminal's way to talk: typed lines, the agent's words as they are spoken."""

from __future__ import annotations

import time

import pytest

from devkit import page, project, script
from devkit.chat import Chat
from devkit.emulators.rehearsal import project_words
from devkit.stack import Stack
from devkit.talk import SCRIPT, setup
from devkit.words import normal

TURNS = script.load(SCRIPT).turns
BOOKING = [turn for turn in TURNS if any(one.name == "book_appointment" for one in turn.expect.tools)]


async def test_typed_lines_are_answered_until_the_agent_hangs_up(stack: Stack) -> None:
    whole = script.load(SCRIPT)
    shown: list[str] = []
    token = page.token(f"chat-{time.time_ns()}", "you", metadata=whole.dispatch())
    async with Chat(stack.url, token, shown.append) as chat:
        assert await chat.wait_for_agent()
        assert await chat.answer()
        assert await chat.say(TURNS[0].caller)
        await chat.say(TURNS[-1].caller)
        assert await chat.wait_for_end(20)
    text = "".join(shown)
    assert chat.hung_up
    if not whole.metadata:  # an agent that is told what the call is about says so instead
        assert normal(project.STRINGS["greeting"]) in normal(text)
    assert text.count("Agent: ") >= 3
    assert all(normal(word) in normal(text) for word in TURNS[0].expect.agent[:1])


@pytest.mark.skipif(not BOOKING, reason="this business books nothing")
async def test_a_rehearsal_says_so_and_takes_what_was_said() -> None:
    shown: list[str] = []
    with Stack(setup(real=False, text=True)) as stack:
        async with Chat(stack.url, page.token(f"chat-{time.time_ns()}", "you"), shown.append) as chat:
            assert await chat.wait_for_agent()
            assert await chat.answer()
            assert await chat.say(BOOKING[0].words)
            asked = "".join(shown)
            assert await chat.say("10:30")
    words = project_words()
    honest = words["called"].split("{")[0].split(".")[0]
    assert words["missing"].format(tool="book_appointment", arguments="time") in asked
    assert all(text in "".join(shown).removeprefix(asked) for text in (honest, "day: Tuesday", "time: 10:30"))
