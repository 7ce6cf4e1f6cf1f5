"""Comparing words that were said with words that were heard."""

from __future__ import annotations

import re
from typing import Final

import jiwer

NUMBERS: Final = {
    word: str(value)
    for value, word in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    )
}
# Digits of a telephone number: said one by one, heard in groups.
LONG_NUMBER: Final = re.compile(r"\b\d(?: ?\d){5,}\b")
CONTRACTIONS: Final = {
    "i'm": "i am",
    "it's": "it is",
    "what's": "what is",
    "that's": "that is",
    "i'd": "i would",
    "you're": "you are",
    "we're": "we are",
    "don't": "do not",
    "can't": "cannot",
    "o'clock": "",
}


def normal(text: str) -> str:
    """Lower case, numbers as digits, long ones in one run, contractions open, nothing but words."""
    text = re.sub(r"(?:\b|(?<=\d))([ap])\.?\s?m\b\.?", r" \1m", text.casefold().replace("\u2019", "'"))
    text = re.sub(r"\b(\d\d?):00\b", r"\1", text)
    text = re.sub(r"\bgood[ -]bye\b", "goodbye", text)
    words = [CONTRACTIONS.get(word, word) for word in re.findall(r"[\w']+", text)]
    plain = " ".join(NUMBERS.get(word, word) for word in " ".join(words).split())
    return LONG_NUMBER.sub(lambda found: found[0].replace(" ", ""), plain)


def error_rate(said: list[str], heard: list[str]) -> float:
    """Word error rate over all lines together, 0 to 1 and more."""
    pairs = [(normal(one), normal(other)) for one, other in zip(said, heard, strict=True)]
    if not any(one for one, _ in pairs):
        return 0.0
    return round(float(jiwer.wer(" ".join(one for one, _ in pairs), " ".join(other for _, other in pairs))), 4)


def contains(heard: str, word: str) -> bool:
    """Whether `word` (or phrase) is in what was heard."""
    return f" {normal(word)} " in f" {normal(heard)} "
