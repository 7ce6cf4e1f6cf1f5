"""Words of a listener ("mhm", "okay") while the agent speaks: they do not end its answer.

The session ends an answer at any final words. A voice without words only pauses it, so a caller can interrupt the agent
with words that are no backchannel, and the answer waits while a caller speaks whom no recogniser hears.
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Callable, Collection
from typing import Final

from livekit.agents import stt
from livekit.agents.voice import SpeechHandle

from .line import is_final, says

# Words that come so shortly before the end of the agent's speech answer it ("Is that right?" "Yes."), in s. Half of it
# may pass while the voice that said them pauses the agent.
BOUNDARY_S: Final = 2.0
# More words than this are a sentence.
MOST_WORDS: Final = 3
# How recognisers write the sounds of a listener, in every language.
SOUNDS: Final = ("ah", "aha", "eh", "hm", "huh", "m", "mh", "mhm", "oh", "ok", "okay", "uh", "uhm", "um")


def words_of(text: str) -> list[str]:
    """The words of `text`, folded: lower case, no accents or punctuation, a letter once where it is repeated."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(one))
    return re.findall(r"[^\W\d_]+", re.sub(r"(.)\1+", r"\1", plain.replace("'", " ")))


class Listener:
    """What counts as a backchannel in one call, and whom it does not interrupt."""

    def __init__(self, phrases: Collection[str], speech: Callable[[], SpeechHandle | None]) -> None:
        """`phrases` and the sounds of a listener are backchannels; `speech` tells what the agent says now."""
        self.speech = speech
        self._words = {word for phrase in (*SOUNDS, *phrases) for word in words_of(phrase)}

    def only_listens(self, text: str) -> bool:
        """Whether `text` is nothing but backchannels."""
        words = words_of(text)
        return 0 < len(words) <= MOST_WORDS and self._words.issuperset(words)


class Backchannels:
    """Takes the events of a recogniser and keeps backchannels over the agent's speech from the session."""

    def __init__(self, listener: Listener, pass_on: Callable[[stt.SpeechEvent], None]) -> None:
        """Give `pass_on` all other events, in their order."""
        self._listener, self._pass_on = listener, pass_on
        self._over: SpeechHandle | None = None
        self._held: list[stt.SpeechEvent] = []
        self._boundary: asyncio.TimerHandle | None = None

    def began(self) -> None:
        """The caller begins to speak: remember what the agent was saying."""
        self._over = self._listener.speech()

    def take(self, event: stt.SpeechEvent) -> None:
        """Pass `event` on, or hold it back until it is known whether the agent's speech goes on."""
        over = self._over
        if over is None or over.done() or not says(event):
            self._pass_on(event)
        elif not self._listener.only_listens(event.alternatives[0].text):
            if is_final(event):
                self._release()
            self._pass_on(event)
        elif is_final(event):
            self._held.append(event)
            over.add_done_callback(self._on_end)
            self._boundary = self._boundary or asyncio.get_running_loop().call_later(BOUNDARY_S, self.drop)

    def drop(self) -> None:
        """Forget what is held back."""
        self._held.clear()
        if self._boundary is not None:
            self._boundary.cancel()
            self._boundary = None

    def _release(self) -> None:
        held = list(self._held)
        self.drop()
        for event in held:
            self._pass_on(event)

    def _on_end(self, speech: SpeechHandle) -> None:
        """The agent has said all, and the words may be the answer to it; or it was interrupted by something else."""
        if speech.interrupted:
            self.drop()
        else:
            self._release()
