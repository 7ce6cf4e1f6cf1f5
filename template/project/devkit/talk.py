"""`python -m devkit talk`: you talk to the agent, in the browser or, with `--text`, in this terminal."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import shutil
import time
import webbrowser
from pathlib import Path

from . import page, project, script, speech
from .chat import Chat, keyboard
from .processes import Trouble, claim_port
from .stack import Options, Stack

DONE = 0
FOLDER = project.ROOT / "build" / "talk"
SCRIPT = script.usual()
PATIENCE_S = {"page": "60", "text": "3600"}  # people look at a page, and type slowly
WATCH_S = 1.0
FAREWELL_S = 2.0


def main(argv: list[str]) -> int:
    """Run the command until the conversation, or Ctrl-C, ends it; the exit code is 0.

    Raises:
        Trouble: the machine lacks something, a port is taken, or a process ended.
    """
    parser = argparse.ArgumentParser(prog="python -m devkit talk", description=__doc__)
    parser.add_argument("--text", action="store_true", help="in this terminal; reads lines when it is not one")
    parser.add_argument("--port", type=int, default=0, help="of the page; 0 takes a free one")
    parser.add_argument("--no-open", action="store_true", help="do not open the page in a browser")
    parser.add_argument("--real", action="store_true", help="the providers of .env instead of emulators")
    options = parser.parse_args(argv)
    text = options.text
    if not text and not page.BUNDLE.is_file():
        print(f"The page needs livekit-client, which is not installed ({_why_no_client()}): going on in text.")
        text = True
    port = 0 if text else claim_port(options.port, "page")
    logging.getLogger("livekit").setLevel(logging.CRITICAL)  # it complains of what arrives after the call
    print("Starting the LiveKit server and the agent, about 15 s ...", flush=True)
    with Stack(setup(real=options.real, text=text)) as stack:
        if text:
            asyncio.run(converse(stack))
        else:
            serve(stack, port, real=options.real, open_it=not options.no_open)
    return DONE


def setup(*, real: bool, text: bool) -> Options:
    """The stack of a conversation: without a script the model rehearses; a person is heard whatever the voice is."""
    environment = {"USER_AWAY_SECONDS": PATIENCE_S["text" if text else "page"]}
    ears = ["--recogniser", "moonshine"] if hears() else []
    return Options(real=real, folder=FOLDER, emulators=ears, environment=environment)


def suggestions(path: Path = SCRIPT) -> list[str]:
    """What a caller can say: the first lines of the call script."""
    return [turn.words for turn in script.load(path).turns if turn.words][:3]


def hears() -> bool:
    """Whether spoken words are recognised on this machine; only English ones are."""
    return speech.understands(project.LANGUAGE)


def serve(stack: Stack, port: int, *, real: bool, open_it: bool) -> None:
    """Serve the page until Ctrl-C.

    Raises:
        Trouble: a process of the stack ended.
    """
    metadata = script.load(SCRIPT).dispatch()
    site = page.Site(stack.url, suggestions=suggestions(), metadata=metadata, emulated=not real, hears=real or hears())
    with page.serving(site, port) as address:
        print(f"Talk to {project.PROJECT_NAME}: {address}\nCtrl-C ends it.", flush=True)
        if open_it:
            webbrowser.open(address)
        try:
            while True:
                time.sleep(WATCH_S)
                stack.watch()
        except KeyboardInterrupt:
            print("\nEnded.")


async def converse(stack: Stack) -> None:
    """Hold a typed conversation: from the keyboard, or line by line from whatever stdin is.

    Raises:
        Trouble: the agent does not join, or a process of the stack ended.
    """
    room = f"talk-{time.time_ns()}"
    shown = os.isatty(0)
    if shown:
        print("Type and press Enter; Ctrl-D ends the call. For example:", *suggestions(), sep="\n  ")
    async with Chat(stack.url, page.token(room, "you", metadata=script.load(SCRIPT).dispatch())) as chat:
        if not await chat.wait_for_agent():
            raise Trouble(f"the agent did not join the call\n{stack.worker.tail()}")
        await chat.answer()
        async for line in keyboard(chat.over, prompt="You: " if shown else ""):
            if not shown:
                print(f"You: {line}")
            await chat.say(line)
            stack.watch()
        await chat.wait_for_end(FAREWELL_S)  # an agent that said goodbye hangs up a moment later
    print("The agent ended the call." if chat.hung_up else "Call ended.")


def _why_no_client() -> str:
    return "run make setup" if shutil.which("npm") else "there is no npm; install it and run make setup"
