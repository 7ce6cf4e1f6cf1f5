"""The page of `make talk` in Chromium: real page, server and agent; the microphone says what the test wants."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import wave
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from livekit import api

from devkit import page as talk_page
from devkit import project, script, server, speech
from devkit.processes import free_port
from devkit.stack import Stack
from devkit.talk import SCRIPT, hears, suggestions

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
SHOTS = project.ROOT / "build" / "talk" / "screenshots"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
]
AUDIBLE = 0.05  # of 1: speech on the remote track peaks at 0.3
QUIET = 0.01
SLOW_MS = 45_000.0
LONG_ANSWER = SCRIPT.with_name("barge-in.yaml")

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    if not talk_page.BUNDLE.is_file():
        pytest.skip("livekit-client is not installed: make setup, with npm")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


Open = Callable[..., Any]


@pytest.fixture
def visit(browser: Any, stack: Stack) -> Iterator[Open]:
    """Opens the page; the site may be another than the usual one."""
    with ExitStack() as closing:

        def go(site: talk_page.Site | None = None, **context: Any) -> Any:
            stack.forget()
            metadata = script.load(SCRIPT).dispatch()
            usual = talk_page.Site(stack.url, suggestions=suggestions(), metadata=metadata, hears=hears())
            address = closing.enter_context(talk_page.serving(site or usual, free_port()))
            window = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **context})
            closing.callback(window.close)
            tab = window.new_page()
            tab.set_default_timeout(SLOW_MS)
            tab.add_init_script(path=str(Path(__file__).with_name("microphone.js")))
            tab.goto(address)
            tab.wait_for_selector("body[data-phase=idle]")
            return tab

        yield go


def sound(text: str, folder: Path) -> str:
    """`text`, spoken: a WAV file in base64."""
    voice = speech.voice("auto", project.ESPEAK_VOICE)
    with wave.open(str(folder / "line.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(voice.rate)
        file.writeframes(voice.synthesize(text))
    return base64.b64encode((folder / "line.wav").read_bytes()).decode()


def start(tab: Any) -> None:
    tab.get_by_role("button", name="Start the call").click()
    tab.wait_for_selector("body[data-phase=live]")


def wait_for_sound(tab: Any) -> None:
    tab.wait_for_function(f"() => __heard.now > {AUDIBLE}")


def wait_for_quiet(tab: Any) -> None:
    tab.wait_for_function(
        f"() => __heard.samples.slice(-60).length > 59 && __heard.samples.slice(-60).every(s => s[1] < {QUIET})"
    )


def said(tab: Any, who: str) -> list[str]:
    """The finished lines of `who` in the transcript."""
    found: list[str] = tab.locator(f"#lines li[data-who={who}][data-final=true] span").all_inner_texts()
    return found


def wait_for_line(tab: Any, who: str, count: int) -> None:
    tab.wait_for_function(
        "([who, count]) => document.querySelectorAll(`#lines li[data-who=${who}][data-final=true]`).length >= count",
        arg=[who, count],
    )


def wait_for_word(tab: Any, who: str, word: str) -> None:
    tab.wait_for_function(
        "([who, word]) => [...document.querySelectorAll(`#lines li[data-who=${who}] span`)]"
        ".some(line => line.textContent.toLowerCase().includes(word))",
        arg=[who, word],
    )


def microphones_live(tab: Any) -> int:
    live: int = tab.evaluate("__heard.microphones.filter(track => track.readyState === 'live').length")
    return live


def wait_for_notice(tab: Any, code: str) -> Any:
    tab.wait_for_selector(f"#notice[data-code={code}]")
    assert tab.get_by_role("alert").is_visible()
    assert "eyJ" not in tab.content(), "a token is on the page"
    return tab.get_by_role("alert")


async def remove_agents(stack: Stack) -> None:
    """Take the agents out of the rooms, as their sudden end does, without the 20 s until the server notices one."""
    async with api.LiveKitAPI(stack.url.replace("ws", "http", 1), server.KEY, server.SECRET) as lk:
        for room in (await lk.room.list_rooms(api.ListRoomsRequest())).rooms:
            people = await lk.room.list_participants(api.ListParticipantsRequest(room=room.name))
            for someone in people.participants:
                if someone.kind == api.ParticipantInfo.Kind.AGENT:
                    await lk.room.remove_participant(
                        api.RoomParticipantIdentity(room=room.name, identity=someone.identity)
                    )


def shoot(tab: Any, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    tab.wait_for_timeout(250)
    tab.screenshot(path=str(SHOTS / f"{name}.png"))


def test_a_spoken_turn_is_heard_and_written(visit: Open, stack: Stack, tmp_path: Path) -> None:
    tab = visit()
    shoot(tab, "ready-1280")
    start(tab)
    wait_for_sound(tab)
    shoot(tab, "agent-speaks-1280")
    wait_for_line(tab, "agent", 1)
    wait_for_quiet(tab)
    question = suggestions()[0]
    stack.control("POST", "expect", {"text": question})
    tab.evaluate("__say", sound(question, tmp_path))
    wait_for_sound(tab)
    assert "The agent speaks" in tab.get_by_role("status").inner_text()
    wait_for_line(tab, "agent", 2)
    assert said(tab, "you"), "what was spoken is not in the transcript"
    if project.LANGUAGE == "en":  # a pause may cut what was said into several lines
        wait_for_word(tab, "you", "monday")
        wait_for_word(tab, "agent", "monday")
    assert tab.evaluate("__heard.loudest") > AUDIBLE, "the agent's words were written but not heard"
    shoot(tab, "listening-1280")
    tab.get_by_role("button", name="End", exact=True).click()
    tab.wait_for_selector("body[data-phase=ended]")
    assert microphones_live(tab) == 0
    assert len(said(tab, "agent")) >= 2, "the transcript is kept after the call"
    shoot(tab, "ended-1280")


def test_the_caller_interrupts_the_agent(visit: Open, stack: Stack, tmp_path: Path) -> None:
    if not LONG_ANSWER.is_file():
        pytest.skip(f"the call with a long answer is gone: {LONG_ANSWER.name}")
    tab = visit()
    start(tab)
    wait_for_line(tab, "agent", 1)
    wait_for_quiet(tab)
    question = script.load(LONG_ANSWER).turns[0].caller
    tab.get_by_label("Type to the agent").fill(question)
    tab.get_by_role("button", name="Send").click()
    wait_for_sound(tab)
    without_a_pause = " ".join([question.rstrip(".?!")] * 2)
    stack.control("POST", "expect", {"text": without_a_pause})
    tab.evaluate("__say", sound(without_a_pause, tmp_path))
    ended = tab.evaluate("performance.now() - __heard.spokeFrom")
    loud = tab.evaluate(f"__heard.samples.filter(s => s[1] > {AUDIBLE}).map(s => s[0] - __heard.spokeFrom)")
    during = [at for at in loud if 0 < at < ended]
    # The answer would go on for a quarter of a minute; how fast it stops is measured in the spoken calls.
    assert max(during, default=0) < ended - 1000, f"the agent spoke on for {max(during):.0f} of {ended:.0f} ms"


def test_a_muted_microphone_is_not_heard(visit: Open, tmp_path: Path) -> None:
    tab = visit()
    start(tab)
    wait_for_sound(tab)
    wait_for_quiet(tab)
    tab.get_by_role("button", name="Mute microphone").click()
    assert tab.get_by_role("button", name="Mute microphone").get_attribute("aria-pressed") == "true"
    tab.get_by_role("status").filter(has_text="muted").wait_for()
    tab.evaluate("__say", sound(suggestions()[0], tmp_path))
    tab.wait_for_timeout(2500)
    assert said(tab, "you") == []


def test_typing_is_answered_in_sound_on_a_phone(visit: Open) -> None:
    tab = visit(viewport={"width": 390, "height": 844}, color_scheme="dark")
    shoot(tab, "ready-390-dark")
    tab.evaluate("window.__microphoneError = 'NotAllowedError'")
    tab.get_by_role("button", name="Start the call").click()
    wait_for_notice(tab, "micRefused")
    shoot(tab, "refused-390-dark")
    tab.get_by_role("button", name="Go on by typing").click()
    tab.wait_for_selector("body[data-phase=live]")
    wait_for_line(tab, "agent", 1)
    tab.evaluate("__heard.loudest = 0")
    tab.get_by_label("Type to the agent").fill(suggestions()[0])
    tab.get_by_role("button", name="Send").click()
    wait_for_line(tab, "agent", 2)
    assert tab.evaluate("__heard.loudest") > AUDIBLE
    assert said(tab, "you") == [suggestions()[0]]
    width = tab.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, "the page can be moved sideways"
    small = tab.evaluate(
        "[...document.querySelectorAll('button, input')].filter(e => e.offsetParent && (e.offsetHeight < 44 || "
        "e.offsetWidth < 44)).map(e => e.id)"
    )
    assert small == [], "too small for a finger"
    shoot(tab, "talking-390-dark")


def test_an_agent_that_is_not_there_is_said(visit: Open, stack: Stack) -> None:
    tab = visit(talk_page.Site(stack.url, agent_name="nobody"))
    tab.get_by_role("button", name="Start the call").click()
    assert "did not join" in wait_for_notice(tab, "noAgent").inner_text()
    assert microphones_live(tab) == 0
    shoot(tab, "no-agent-1280")


def test_an_agent_that_dies_in_the_call_is_said(visit: Open, stack: Stack) -> None:
    tab = visit()
    start(tab)
    wait_for_line(tab, "agent", 1)
    with ThreadPoolExecutor(1) as other:  # Playwright has a loop in this thread
        other.submit(asyncio.run, remove_agents(stack)).result()
    notice = wait_for_notice(tab, "agentLeft")
    assert microphones_live(tab) == 0
    assert len(said(tab, "agent")) >= 1, "the transcript is kept"
    shoot(tab, "agent-left-1280")
    notice.get_by_role("button", name="Try again").click()
    tab.wait_for_selector("body[data-phase=live]")


def test_an_agent_that_hangs_up_is_no_failure(visit: Open) -> None:
    tab = visit()
    start(tab)
    wait_for_line(tab, "agent", 1)
    wait_for_quiet(tab)
    tab.get_by_label("Type to the agent").fill(script.load(SCRIPT).turns[-1].caller)
    tab.keyboard.press("Enter")
    tab.wait_for_selector("body[data-phase=ended]")
    assert tab.get_by_role("heading", name="The agent ended the call").is_visible()
    assert not tab.get_by_role("alert").is_visible()


def test_a_server_that_is_not_there_is_said(visit: Open) -> None:
    tab = visit(talk_page.Site(f"ws://127.0.0.1:{free_port()}"))
    tab.get_by_role("button", name="Start the call").click()
    wait_for_notice(tab, "server")


def test_another_web_server_is_not_asked_for_ever(visit: Open, stack: Stack) -> None:
    tab = visit(talk_page.Site(stack.control_url.replace("http", "ws")))
    tab.get_by_role("button", name="Start the call").click()
    wait_for_notice(tab, "server")
    sockets: list[str] = []
    tab.on("websocket", lambda socket: sockets.append(socket.url))
    tab.wait_for_timeout(3000)
    assert sockets == [], "it goes on asking"


def test_a_token_service_that_is_gone_is_said_and_tried_again(visit: Open) -> None:
    tab = visit()
    tab.route("**/token", lambda route: route.abort())
    tab.get_by_role("button", name="Start the call").click()
    notice = wait_for_notice(tab, "token")
    tab.unroute("**/token")
    notice.get_by_role("button", name="Try again").click()
    tab.wait_for_selector("body[data-phase=live]")
    assert not tab.get_by_role("alert").is_visible()
