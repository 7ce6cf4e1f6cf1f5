"""What a caller needs, field by field: rules without a word of LiveKit."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from .phrases import SIGNS

_NUMBER: Final = re.compile(r"\+?\d{5,15}")
_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")
LONGEST_TOPIC: Final = 500  # characters


class NotValid(ValueError):
    """Why a field cannot be taken, as a sentence for the model."""


class Urgency(StrEnum):
    """When somebody should work on it."""

    TODAY = "today"
    THIS_WEEK = "this week"
    LATER = "later"


@dataclass
class Request:
    """What is known so far; `was_read` while the caller has heard all of it as it stands."""

    name: str = ""
    contact: str = ""
    topic: str = ""
    urgency: Urgency | None = None
    was_read: bool = False

    def note(self, *, name: str = "", contact: str = "", topic: str = "", urgency: str = "") -> None:
        """Take the fields that are given, and keep the others. After a change it has to be read back again.

        Raises:
            NotValid: one of them is wrong; then none is taken.
        """
        noted = {
            "name": plain(name) or self.name,
            "contact": parse_contact(contact) if contact.strip() else self.contact,
            "topic": plain(topic) or self.topic,
            "urgency": parse_urgency(urgency) if urgency.strip() else self.urgency,
        }
        if len(str(noted["topic"])) > LONGEST_TOPIC:
            raise NotValid(f"The topic is longer than {LONGEST_TOPIC} characters: note it shorter.")
        for field, value in noted.items():
            self.was_read = self.was_read and getattr(self, field) == value
            setattr(self, field, value)

    def missing(self) -> list[str]:
        """The names of the fields that are still empty, in the order in which to ask for them."""
        return [field for field in ("name", "topic", "contact", "urgency") if not getattr(self, field)]

    def read_back(self) -> str:
        """All of it, as the caller should hear it now."""
        self.was_read = True
        return f"{self.name}; {spelled(self.contact)}; {self.topic}; {self.urgency}"

    def summary(self) -> str:
        """All of it in one line, for the person who works on it."""
        return f"[{self.urgency}] {self.name} ({self.contact}): {self.topic}"


def plain(text: str) -> str:
    """Text in its composed form, with single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def parse_contact(text: str) -> str:
    """A telephone number without its separators, or an e-mail address in lower case.

    Raises:
        NotValid: it is neither.
    """
    number = re.sub(r"[\s()/.-]", "", text)
    if _NUMBER.fullmatch(number):
        return number
    address = plain(text).casefold()
    if _ADDRESS.fullmatch(address):
        return address
    raise NotValid(f"{text!r} is neither a telephone number nor an e-mail address: ask for it sign by sign.")


def parse_urgency(text: str) -> Urgency:
    """One of the urgencies.

    Raises:
        NotValid: it is none.
    """
    try:
        return Urgency(plain(text).casefold())
    except ValueError:
        raise NotValid(f"{text!r} is none of {', '.join(Urgency)}: ask how urgent it is.") from None


def spelled(contact: str) -> str:
    """A number digit by digit in groups of three; of an address the part before the @ letter by letter."""
    if "@" not in contact:
        signs = [SIGNS.get(sign, sign) for sign in contact]
        return ", ".join(" ".join(signs[at : at + 3]) for at in range(0, len(signs), 3))
    person, place = contact.split("@")
    letters = ", ".join(SIGNS.get(sign, sign) for sign in person)
    return f"{letters}, {SIGNS['@']} {re.sub('[._-]', lambda sign: f' {SIGNS[sign[0]]} ', place)}"
