"""Whether a voice said a sentence to its end: one that stops in the middle of it may close as properly as any other."""

from __future__ import annotations

from typing import Final

# No voice is as fast, in letters a second. Shorter sentences are not judged: their pauses are too much of them.
FASTEST: Final = 40.0
JUDGED_FROM: Final = 20
# From so many sentences on it is known how fast this voice is. It hardly ever says the next one so much faster.
KNOWN_FROM: Final = 3
FASTER: Final = 1.4
# Who says a sentence again in the same time, but for this share of it, has said it so: a cut comes somewhere else.
SAME: Final = 0.1


class Pace:
    """How fast one voice speaks in a call, by the sentences that it said to their end."""

    def __init__(self) -> None:
        """Nothing was heard of it yet."""
        self._heard = 0
        self._letters_a_s = self._words_a_s = 0.0
        self._doubted = ("", 0.0)

    def whole(self, sentence: str, heard_s: float) -> bool:
        """Whether `heard_s` of sound can be all of `sentence`; if so it is remembered."""
        count = letters(sentence)
        if count < JUDGED_FROM:
            return True
        if count > FASTEST * heard_s:
            return False
        letters_a_s, words_a_s = count / heard_s, len(sentence.split()) / heard_s
        # Of both: long words make many letters in the same time, and short ones many words.
        faster = letters_a_s > FASTER * self._letters_a_s and words_a_s > FASTER * self._words_a_s
        if self._heard >= KNOWN_FROM and faster and not self._said_so_before(sentence, heard_s):
            self._doubted = (sentence, heard_s)
            return False
        self._heard += 1
        self._letters_a_s = max(self._letters_a_s, letters_a_s)
        self._words_a_s = max(self._words_a_s, words_a_s)
        return True

    def _said_so_before(self, sentence: str, heard_s: float) -> bool:
        before, before_s = self._doubted
        return sentence == before and abs(heard_s - before_s) <= SAME * before_s


def letters(text: str) -> int:
    """How much of `text` is spoken: letters and digits."""
    return sum(character.isalnum() for character in text)
