"""The stream of a watched recogniser: who listens, who is asked again, whose words count."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final

from livekit import rtc
from livekit.agents import APIConnectOptions, NotGivenOr, stt, utils, vad

from .backchannel import Backchannels
from .line import Line, is_final, says
from .listening import NOISE, SILENT, STALL, Listening, Unheard

if TYPE_CHECKING:
    from .ears import WatchedSTT

logger = logging.getLogger(__name__)

# A handshake, in s: doubled each time that nobody could be reached, up to the longest.
CONNECT_S: Final = 1.0
LONGEST_CONNECT_S: Final = 4.0
# The pause before all are tried once more, in s, and how it grows.
PAUSE_S: Final = 0.25
LONGEST_PAUSE_S: Final = 2.0
# A connection that broke so long before a sound, in s, and gave no sign since, may be why nothing is heard of it.
BROKE_S: Final = LONGEST_CONNECT_S + LONGEST_PAUSE_S
# How long closing may take, in s: some plugins wait for a provider that is not there.
CLOSE_S: Final = 1.0


class Hearing(stt.RecognizeStream):
    """Passes on the words of one line. Another one may hear the same: asked again, or to prove that it is well."""

    def __init__(self, owner: WatchedSTT, language: NotGivenOr[str]) -> None:
        """Listen for `owner`, in `language` if it is given."""
        super().__init__(stt=owner, conn_options=APIConnectOptions(max_retry=0))
        self._owner, self._language = owner, language
        self._heard = Listening()
        self._backchannels = Backchannels(owner.listener, lambda event: self._event_ch.send_nowait(event))
        self._line: Line | None = None
        self._other: Line | None = None
        self._asked: set[int] = set()  # who was asked for the words that are late
        self._late = False
        self._quick: set[int] = set()  # who has shown words while the caller spoke on
        self._failures = 0  # in a row, of all
        self._broke: tuple[float, str, int] = (0.0, "", 0)  # where in the sound the last one was, how, and whose
        self._doubted = False  # nothing was heard of a sound, and no words have come since
        self._quiet_since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._reopening: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._over = False

    async def _run(self) -> None:
        detector = self._owner.detector.stream()
        watching = asyncio.create_task(self._watch(detector))
        self._line = self._open(self._owner.in_order()[0])
        try:
            async for data in self._input_ch:
                if isinstance(data, rtc.AudioFrame):
                    self._heard.push(data)
                    detector.push_frame(data)
                    for line in self._lines():
                        line.push([data])
                else:
                    for line in self._lines():
                        line.flush()
            await self._last_words()
        finally:
            self._over = True
            self._backchannels.drop()
            watching.cancel()
            for timer in (self._timer, self._reopening):
                if timer is not None:
                    timer.cancel()
            for line in self._lines():
                self._close(line)
            self._closing.add(asyncio.create_task(detector.aclose()))
            await asyncio.wait(self._closing, timeout=CLOSE_S)

    @utils.log_exceptions(logger=logger)
    async def _watch(self, detector: vad.VADStream) -> None:
        async for event in detector:
            if event.type is vad.VADEventType.START_OF_SPEECH:
                self._heard.started(event)
                self._backchannels.began()
                self._wait(None)
            elif event.type is vad.VADEventType.END_OF_SPEECH:
                self._heard.ended(event)
                self._ended(event.silence_duration)

    async def _last_words(self) -> None:
        """A plugin may wait 5 s for its next sign of life; the words are there before."""
        self._over = True
        lines = self._lines()
        for line in lines:
            line.end()
        if lines:
            waiting = [asyncio.create_task(line.wait()) for line in lines]
            await asyncio.wait(waiting, timeout=self._owner.patience.final_s)

    # What the caller does.

    def _ended(self, silence_s: float) -> None:
        """The caller has stopped: words are due, from whoever is quick."""
        patience = self._owner.patience
        self._quiet_since = time.monotonic() - silence_s
        if self._heard.overdue:
            word_s = patience.word_s
            if self._line is not None and self._line.index in self._quick:  # its words were due in the speech itself
                word_s -= min(word_s / 2, max(0.0, self._heard.owed_s - word_s))
            due_s = patience.again_s if self._late else patience.final_s if self._heard.worded else word_s
            self._wait(max(0.0, due_s - silence_s))
        else:
            self._welcome_back()

    def _wait(self, seconds: float | None) -> None:
        """Look again after `seconds`, or not at all."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if seconds is not None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._on_time)

    def _on_time(self) -> None:
        """Words that are due have not come: ask again; nobody is blamed before another one has them."""
        if self._other is not None and not self._heard.owing:
            self._blame(self._other, "silent", self._quiet_since)  # the others had words when it had none
            self._close(self._other)
            self._other = None
        elif self._late:
            self._give_up()
        elif self._heard.overdue:
            self._late = True
            self._asked.clear()
            if self._line is not None:
                self._line.flush()
            self._ask_again()
            self._wait(self._owner.patience.again_s)
            why, _ = self._why()
            # After one silence without words the next one is as likely a noise: nothing is announced a second time.
            if why != NOISE and not (why == SILENT and self._doubted):
                self._owner.emit("words_late")

    def _ask_again(self) -> None:
        """Let another one hear what was said, or the same one on a new connection."""
        if self._other is not None:  # it came to prove itself, and has heard it too
            self._other.asked_again = True
            if self._other.has_final:
                self._take_over(self._other)
            return
        if self._line is None:
            return  # who is connected next will hear it
        suspect = self._line.index
        order = [index for index in self._owner.in_order() if index != suspect] + [suspect]
        for index in order:
            if index not in self._asked:
                self._asked.add(index)
                self._other = self._open(index, asked_again=True)
                return

    def _give_up(self) -> None:
        """Stop waiting for words of a sound, tell why there are none, and blame no provider for it."""
        kind, index = self._why()
        unheard = Unheard(kind, self._owner.recognisers[index].breaker.provider, self._heard.longest_s)
        self._late = False
        self._doubted = self._doubted or kind == SILENT
        self._heard.forget()
        logger.info("speech without words", extra={"why": kind, "voice_s": round(unheard.voice_s, 2)})
        self._owner.emit("unheard", unheard)
        other, self._other = self._other, None
        if other is None:
            return
        if self._line is not None and self._line.index == other.index:  # the newer connection is as good, or better
            self._line, other = other, self._line
        self._close(other)

    def _why(self) -> tuple[str, int]:
        """Why there are no final words yet for the sound that is owed: a kind of `Unheard`, and whose recogniser."""
        alive = [line for line in self._lines() if self._heard.owes(line.sign_at)]
        began = [line for line in alive if line.began_words]
        if began:
            return STALL, began[0].index
        if alive:
            return NOISE, alive[0].index
        position, kind, index = self._broke
        if self._line is None or (self._failures and self._heard.owes(position + BROKE_S)):
            return kind, index
        return SILENT, self._line.index

    # What the lines do.

    def _on_event(self, line: Line, event: stt.SpeechEvent) -> None:
        if event.type is stt.SpeechEventType.RECOGNITION_USAGE:
            return  # the plugin has counted it, and some do so without a word from the provider
        self._failures = 0
        line.note(event, self._heard.now)
        if line is self._line:
            self._backchannels.take(event)
            if is_final(event):
                self._settle(line)
            elif says(event):
                self._heard.word()
                if self._heard.speaking:
                    self._quick.add(line.index)
        elif line is self._other:
            line.held.append(event)
            if is_final(event):
                line.proven = True
                if self._late:
                    self._take_over(line)
                else:
                    self._welcome_back()

    def _settle(self, line: Line) -> None:
        """The final words came, whoever has them."""
        self._late = self._doubted = False
        self._wait(None)
        self._heard.answered()
        for each in self._lines():
            each.sign_at = -1.0  # its signs of life so far were for these words
        if not line.proven:
            line.proven = True
            self._owner.recognisers[line.index].breaker.healed()
        if self._other is None:
            self._invite_back(line)
            return
        self._other.held.clear()
        if self._other.asked_again:  # late, and not dead
            self._close(self._other)
            self._other = None
        elif self._other.proven:
            self._welcome_back()
        else:
            self._wait(self._owner.patience.final_s)

    def _invite_back(self, line: Line) -> None:
        """Let one that comes before `line` and has rested hear along: the caller waits for nobody's proof."""
        for index in range(line.index):
            if self._owner.recognisers[index].breaker.admits():
                self._other = self._open(index)
                return

    def _welcome_back(self) -> None:
        """Who has proven itself listens from here on, once the caller is quiet."""
        other = self._other
        if other is None or other.asked_again or not other.proven or self._heard.speaking or self._heard.owing:
            return
        self._owner.recognisers[other.index].breaker.healed()
        self._replace(other)

    def _take_over(self, other: Line) -> None:
        """Another one has the words that are late: they are passed on, and the one without them is blamed."""
        if self._line is not None:
            self._blame(self._line, "stall" if self._heard.worded else "silent", self._quiet_since)
        other.proven = False  # in this role: what it says next heals its provider
        self._replace(other)
        self._settle(other)

    def _replace(self, other: Line) -> None:
        """From here on `other` is the line whose words are passed on, beginning with those it has."""
        if self._line is not None:
            self._close(self._line)
        self._line, self._other = other, None
        other.asked_again = False
        self._owner.active = other.index
        held, other.held = other.held, []
        for event in held if self._heard.owing else []:
            self._backchannels.take(event)

    def _on_end(self, line: Line, kind: str) -> None:
        """A line failed, or ended by itself: the next one hears what is still owed."""
        if self._over or line not in self._lines():
            return
        self._failures += 1
        self._broke = self._heard.now, kind, line.index
        self._blame(line, kind, time.monotonic() if line.spoke else line.opened_at)
        self._close(line)
        if line is self._other:
            self._other = None
            if self._late:
                self._ask_again()
            return
        self._line = None
        if self._other is not None:
            final = self._other.has_final
            self._replace(self._other)
            if final and self._line is not None:
                self._settle(self._line)
            return
        rounds = self._failures - len(self._owner.recognisers) - 1
        pause = min(PAUSE_S * 2.0 ** min(rounds, 8), LONGEST_PAUSE_S) if rounds >= 0 else 0.0
        self._reopening = asyncio.get_running_loop().call_later(pause, self._reopen, line.index)

    def _reopen(self, failed: int) -> None:
        if self._over:
            return
        order = self._owner.in_order()
        self._line = self._open(next((index for index in order if index != failed), failed))

    def _open(self, index: int, *, asked_again: bool = False) -> Line:
        """A new line to recogniser `index`, which hears all that is owed."""
        limit = min(CONNECT_S * 2.0 ** (self._failures // len(self._owner.recognisers)), LONGEST_CONNECT_S)
        stream = self._owner.recognisers[index].plugin.stream(
            language=self._language, conn_options=APIConnectOptions(max_retry=0, timeout=limit)
        )
        ago_s, frames = self._heard.owed()
        stream.start_time_offset = max(0.0, self.start_time_offset + time.time() - self.start_time - ago_s)
        line = Line(index, stream, self._on_event, self._on_end)
        line.asked_again = asked_again
        line.push(frames)
        if not asked_again and self._line is None:
            self._owner.active = index
        return line

    def _blame(self, line: Line, kind: str, since: float) -> None:
        self._owner.recognisers[line.index].breaker.failed(kind, waited_s=time.monotonic() - since)

    def _close(self, line: Line) -> None:
        task = asyncio.create_task(line.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _lines(self) -> list[Line]:
        return [line for line in (self._line, self._other) if line is not None]
