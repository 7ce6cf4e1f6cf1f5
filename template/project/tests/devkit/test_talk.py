"""What `make talk` is made of, without a call: tokens, the page's files, lines from stdin."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from devkit import page, project, talk
from devkit.chat import keyboard
from devkit.processes import Trouble, free_port


def claims(token: str) -> dict[str, dict[str, object]]:
    payload = token.split(".")[1]
    body: dict[str, dict[str, object]] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return body


def get(address: str, data: bytes | None = None, host: str = "") -> tuple[str, dict[str, str]]:
    request = urllib.request.Request(address, data, {"Host": host} if host else {})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read().decode(), dict(answer.headers)


def test_the_token_brings_the_agent_and_opens_one_room_only() -> None:
    body = claims(page.token("talk-1", "you"))
    granted = {name for name, value in body["video"].items() if value is True}
    assert granted == {"roomJoin", "canPublish", "canPublishData", "canSubscribe"}
    assert body["video"]["room"] == "talk-1"
    assert body["roomConfig"]["agents"] == [{"agentName": project.AGENT_NAME}]


def test_the_page_is_whole_and_comes_from_here_alone() -> None:
    with page.serving(page.Site("ws://127.0.0.1:1", suggestions=["Hello?"]), free_port()) as address:
        html, headers = get(address)
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert not re.search(r"https?://", html), "the page asks other machines"
        wanted = re.findall(r'(?:src|href)="(/static/[^"]+)"', html)
        scripts = [get(address.rstrip("/") + path)[0] for path in wanted]
        assert len(scripts) == len(wanted) > 2
        facts = json.loads(get(address + "facts")[0])
        assert (facts["suggestions"], facts["project"]) == (["Hello?"], project.PROJECT_NAME)
        invitation = json.loads(get(address + "token", data=b"")[0])
        assert invitation["url"] == "ws://127.0.0.1:1"
        with pytest.raises(urllib.error.HTTPError, match="403"):
            get(address + "token", data=b"", host="elsewhere.test")


def test_every_element_that_the_scripts_use_exists() -> None:
    html = (page.STATIC / "index.html").read_text(encoding="utf-8")
    names = set(re.findall(r'\$\("([\w-]+)"\)', (page.STATIC / "app.js").read_text(encoding="utf-8")))
    assert names
    assert {name for name in names if f'id="{name}"' not in html} == set()


def test_every_problem_says_what_happened_and_what_to_do() -> None:
    source = (page.STATIC / "problems.js").read_text(encoding="utf-8")
    known = set(re.findall(r"^  (\w+): \[", source, re.MULTILINE))
    used = set(re.findall(r'(?:tell|fail|Problem|offerTyping)\("(\w+)"', (page.STATIC / "app.js").read_text()))
    used |= set(re.findall(r'(?:fail|Problem)\("(\w+)"', (page.STATIC / "call.js").read_text()))
    assert used <= known
    assert {"micRefused", "micAbsent", "token", "server", "noAgent", "agentLeft", "lost"} <= known


def test_a_taken_port_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(page, "BUNDLE", tmp_path / "bundle")
    (tmp_path / "bundle").touch()
    port = free_port()
    with page.serving(page.Site("ws://127.0.0.1:1"), port), pytest.raises(Trouble, match=str(port)):
        talk.main(["--port", str(port)])


async def test_lines_come_from_whatever_stdin_is(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    kept = os.dup(0)
    os.dup2(read, 0)
    try:
        os.write(write, b"Hello\n\n  Goodbye  \nlast")
        os.close(write)
        lines = [line async for line in keyboard(asyncio.Event())]
    finally:
        os.dup2(kept, 0)
        os.close(kept)
        os.close(read)
    assert lines == ["Hello", "Goodbye", "last"]


async def test_a_call_that_ends_does_not_wait_for_enter() -> None:
    read, write = os.pipe()
    kept = os.dup(0)
    os.dup2(read, 0)
    over = asyncio.Event()
    try:
        asyncio.get_running_loop().call_later(0.1, over.set)
        async with asyncio.timeout(5):
            assert [line async for line in keyboard(over)] == []
    finally:
        os.close(write)
        os.dup2(kept, 0)
        os.close(kept)
        os.close(read)
