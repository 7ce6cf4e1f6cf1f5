"""The last seconds of sound, where the caller spoke in them, and whether the words for it are still owed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from livekit import rtc
from livekit.agents import vad

from .speech import COUGH_S

# Sound that is kept, in s: who takes over in the middle of a turn hears no more than this of it.
KEPT_S: Final = 15.0
# The detector notices speech when it has begun: so much before belongs to it, in s.
PADDING_S: Final = 0.4
# Words that come while the caller speaks on are about this late: what was said since is not in them, in s.
WORDS_LAG_S: Final = 0.25
# A shorter sound is nothing that a recogniser must have a word for, in s of voice. A "yes" is shorter than a cough, and
# the caller does not notice that another recogniser is asked for it.
WORTH_S: Final = COUGH_S / 2

# Kinds of speech without final words that no broken connection explains.
NOISE: Final = "noise"
SILENT: Final = "silent"
STALL: Final = "stall"


@dataclass(frozen=True)
class Unheard:
    """Speech for which no recogniser had final words, although another one, or another connection, was asked too.

    `kind` tells why:

    * `noise`: a recogniser that heard it gave a sign of life (the start or the end of speech, an empty transcript) and
      had no words for it, or took back those that it had. The recognisers are well, the sound was no speech to them.
    * `silent`: no recogniser gave any sign. A deaf recogniser and one that ignores noise look the same here, so this is
      no proof of a failure.
    * `stall`: a recogniser began to write words and did not end them. Words are lost.
    * otherwise a connection broke while the sound was owed, and `kind` says how (`disconnect`, `hang`, `http-500`).
    """

    kind: str
    provider: str
    voice_s: float
    """Length of its longest piece without a pause, in s: coughs do not add up to a sentence."""

    @property
    def failure(self) -> bool:
        """Whether recognition failed: the connection broke, or words are lost."""
        return self.kind not in (NOISE, SILENT)


class Listening:
    """Sound by its position: seconds since the first frame. Only speech without words is of interest."""

    def __init__(self, kept_s: float = KEPT_S) -> None:
        """Nothing heard yet; the last `kept_s` seconds will be kept."""
        self.now = 0.0
        self.speaking = False
        self.worded = False
        self.owed_s = 0.0  # of speech whose words are owed
        self.longest_s = 0.0  # of a piece of it without a pause
        self._kept_s = kept_s
        self._frames: deque[tuple[float, rtc.AudioFrame]] = deque()
        self._owed_from: float | None = None
        self._began = self._answered = 0.0

    @property
    def owing(self) -> bool:
        """Whether there is speech, ended or not, whose final words have not come."""
        return self._owed_from is not None

    @property
    def overdue(self) -> bool:
        """Whether a recogniser must have something to say: some words came, or enough voice was heard."""
        return not self.speaking and self.owing and (self.worded or self.longest_s >= WORTH_S)

    def owes(self, since: float) -> bool:
        """Whether position `since` lies in the sound whose words are owed, or after it."""
        return self._owed_from is not None and since > self._owed_from

    def push(self, frame: rtc.AudioFrame) -> None:
        """More sound; the oldest is let go."""
        self.now += frame.duration
        self._frames.append((self.now, frame))
        while self._frames[0][0] < self.now - self._kept_s:
            self._frames.popleft()

    def owed(self) -> tuple[float, list[rtc.AudioFrame]]:
        """How long ago the sound began whose words are owed, in s, and that sound; none if no words are."""
        if self._owed_from is None:
            return 0.0, []
        frames = [frame for end, frame in self._frames if end > self._owed_from]
        return sum(frame.duration for frame in frames), frames

    def started(self, event: vad.VADEvent) -> None:
        """The caller began to speak. The detector may be behind the sound: what counts is the event's own position."""
        self.speaking = True
        self._began = event.timestamp - event.speech_duration
        if self._owed_from is None:
            self._owed_from = max(self._answered, self._began - PADDING_S)

    def ended(self, event: vad.VADEvent) -> None:
        """The caller stopped, `event.silence_duration` ago."""
        self.speaking = False
        unanswered = event.timestamp - event.silence_duration - max(self._began, self._answered)
        piece_s = max(0.0, min(unanswered, event.speech_duration))
        self.owed_s += piece_s
        self.longest_s = max(self.longest_s, piece_s)
        if not self.overdue:
            self.forget()

    def word(self) -> None:
        """Some words came, not the final ones."""
        self.worded = True

    def answered(self) -> None:
        """The final words came for what was said until now."""
        self.worded, self.owed_s, self.longest_s, self._answered = False, 0.0, 0.0, self.now
        self._owed_from = self.now - WORDS_LAG_S if self.speaking else None

    def forget(self) -> None:
        """Nobody has words for it: a cough, a noise, or it is too late for them."""
        self.answered()
