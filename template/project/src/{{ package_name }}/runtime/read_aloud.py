"""Text as a voice should read it: what is written with digits, signs and markup becomes words.

Voices differ in how they read "$45.50", "12/03" or "202-555-0143", and some skip what they do not know. Addresses,
numbers and codes are read one sign after the other, so that they can be written down.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from unicode_rbnf import FormatPurpose, RbnfEngine

# Digits in a row without a separator that are a number to write down and not an amount.
CODE_DIGITS: Final = 5
CENTURIES: Final = range(1900, 2100)
# In groups of so many, with a pause between them.
GROUP: Final = 3

DATE: Final = r"(?:\d{4}-\d{2}-\d{2}|\d{1,2}\.\d{1,2}\.\d{4})\b"
# A word with more letters in a row is a name with a number, for example COVID-19.
CODE_LETTERS: Final = 4

Replace = Callable[[re.Match[str]], str]
Rule = tuple[re.Pattern[str], Replace]


@dataclass(frozen=True)
class Currency:
    """Names of a currency and of its hundredth part, for one and for many; `gender` of the whole: m or f."""

    one: str
    many: str
    part: str
    parts: str
    gender: str


@dataclass(frozen=True)
class Words:
    """How one language reads digits and signs aloud; `hours` and `full_hours` are patterns for one and for many."""

    language: str
    at: str
    dot: str
    dash: str
    slash: str
    underscore: str
    plus: str
    hash: str
    percent: str
    day_first: bool
    day: str
    first: str
    day_and_month: str
    with_year: str
    months: Sequence[str]
    hours: Sequence[str]
    full_hours: Sequence[str]
    halves: bool
    money: str
    currencies: dict[str, Currency]


@dataclass(frozen=True)
class Reader:
    """Reads text aloud in one language; call it with a sentence.

    With `amounts` false only what must be written down is changed, and amounts, dates and times are left to the voice:
    callers of several languages are answered in a language that is not known here.
    """

    words: Words
    amounts: bool = True

    def __call__(self, text: str) -> str:
        """Return `text` with words for what a voice would skip or guess; white space around it stays."""
        read = _without_markup(text)
        for pattern, replace in self._rules:
            read = pattern.sub(replace, read)
        return read

    @cached_property
    def _rules(self) -> list[Rule]:
        """The rules in their order: a later one sees what an earlier one has left."""
        w = self.words
        signs, months = "".join(map(re.escape, w.currencies)), "|".join(w.months)
        amount = r"(?P<amount>\d{1,3}(?:[.,'\u202f\u00a0]\d{3})+|\d+)"
        begins, ends = r"(?<![\w.,:/])", r"(?!\w|[.,:/]\d)"
        phone = r"(?:\+\d{1,3}[ .-]?)?(?:\(\d{2,5}\)[ .-]?)?\d{2,5}(?:[ .-]\d{2,8}){1,4}"
        named = rf"(?i)(?P<before>\b(?:pin|code|{w.hash})\b[\s:]+(?:\w{{1,3}}\s)?)"
        half = r"(?P<half>[ap])(?:m\b|\.m\.)"
        clock = r"(\d{1,2})(?:[:h]|\.(?=\d\d\s?(?:Uhr|uur)))(\d{2})"
        written_down: list[tuple[str, Replace]] = [
            (r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b", self._address),
            (r"\b(?:https?://|www\.)[^\s<>]*[\w/]", self._address),
            (rf"{begins}(?!{DATE}){phone}{ends}", self._phone),
            (rf"{named}(?P<digits>\d{{3,}}){ends}", self._digits),
            (rf"(?P<before>){begins}(?P<digits>\+?\d{{{CODE_DIGITS},}}){ends}", self._digits),
            (r"\b(?=[A-Z0-9-]*[A-Z])(?=[A-Z0-9-]*\d)[A-Z0-9]+(?:-[A-Z0-9]+)*\b", self._code),
            (r"#(?=\s?\w)", lambda _: f"{w.hash} "),
        ]
        amounts: list[tuple[str, Replace]] = [
            (r"\b(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})\b", self._iso_date),
            (rf"{begins}(\d{{1,2}})[/.](\d{{1,2}})[/.](\d{{4}}){ends}", self._date),
            (rf"{begins}(\d{{2}})/(\d{{2}}){ends}", self._date),
            (rf"\b(?P<day>\d{{1,2}})(?P<dot>\.?)\s(?=(?:{months})\b)", self._day),
            (rf"\b(?P<month>{months})\s(?P<day>\d{{1,2}})(?:st|nd|rd|th)?{ends}", self._month_and_day),
            (rf"{begins}{clock}{ends}(?:\s?{half})?(?:\s?(?:Uhr|uur|heures|horas)\b)?", self._time),
            (rf"{begins}(\d{{1,2}})\s?(?:{half}|h\b)", self._time),
            (rf"(?P<sign>[{signs}])\s?{amount}(?P<part>[.,]\d{{2}})?{ends}", self._money),
            (rf"{begins}{amount}(?P<part>[.,]\d{{2}})?\s?(?P<sign>[{signs}])", self._money),
            (rf"{begins}{amount}(?P<part>[.,]\d+)?\s?%", self._percent),
            (rf"{begins}(\d{{1,4}})(?P<ending>st|nd|rd|th|er|ère|ème|º|ª|e)\b", self._ordinal),
            (rf"{begins}{amount}(?P<part>[.,]\d+)?{ends}", self._number),
        ]
        return [(re.compile(pattern), replace) for pattern, replace in written_down + (amounts if self.amounts else [])]

    # What is written down.

    def _address(self, found: re.Match[str]) -> str:
        names = {
            "@": self.words.at,
            ".": self.words.dot,
            "-": self.words.dash,
            "/": self.words.slash,
            "_": self.words.underscore,
            "+": self.words.plus,
        }
        text = re.sub(r"^https?://", "", found[0])
        parts = re.findall(r"[^\W\d_]+|\d|[@./_+-]", text)
        return " ".join(names.get(part, part) for part in parts)

    def _phone(self, found: re.Match[str]) -> str:
        if sum(map(str.isdigit, found[0])) < 2 * GROUP:
            return found[0]
        plus = f"{self.words.plus} " if found[0].startswith("+") else ""
        return plus + ", ".join(map(_spaced, re.findall(r"\d+", found[0])))

    def _digits(self, found: re.Match[str]) -> str:
        plus = f"{self.words.plus} " if found["digits"].startswith("+") else ""
        return found["before"] + plus + _spaced(found["digits"].removeprefix("+"))

    def _code(self, found: re.Match[str]) -> str:
        if re.search(rf"[A-Z]{{{CODE_LETTERS + 1}}}", found[0]):
            return found[0]
        return " ".join(self.words.dash if sign == "-" else sign for sign in found[0])

    # Amounts, dates and times.

    def _iso_date(self, found: re.Match[str]) -> str:
        return self._say_date(found, int(found["day"]), int(found["month"]), found["year"])

    def _date(self, found: re.Match[str]) -> str:
        first, second, year = int(found[1]), int(found[2]), found[3] if found.re.groups > 2 else ""
        day, month = (first, second) if self.words.day_first or first > len(self.words.months) else (second, first)
        return self._say_date(found, day, month, year)

    def _say_date(self, found: re.Match[str], day: int, month: int, year: str) -> str:
        if not (1 <= month <= len(self.words.months) and 1 <= day <= 31):
            return found[0]
        read = self.words.day_and_month.format(day=self._say_day(day), month=self.words.months[month - 1])
        return self.words.with_year.format(date=read, year=self._year(int(year))) if year else read

    def _day(self, found: re.Match[str]) -> str:
        return f"{self._say_day(int(found['day']))} "

    def _month_and_day(self, found: re.Match[str]) -> str:
        if self.words.day_first:
            return found[0]
        return f"{found['month']} {self._say_day(int(found['day']))}"

    def _say_day(self, day: int) -> str:
        return self.words.first if day == 1 and self.words.first else self._say(day, self.words.day)

    def _time(self, found: re.Match[str]) -> str:
        hour, half = int(found[1]), (found["half"] or "").upper()
        minute = int(found[2]) if found.re.groups > 2 else 0
        if hour > 24 or minute > 59:
            return found[0]
        if self.words.halves and not half and hour > 12:
            hour, half = hour - 12, "P"
        said = self._say(hour, "feminine")
        minutes = f"{self._say(0)} {self._say(minute)}" if 0 < minute < 10 else self._say(minute)
        if half:
            return f"{said} {minutes} {half}M" if minute else f"{said} {half}M"
        pattern = (self.words.hours if minute else self.words.full_hours)[hour != 1]
        return pattern.format(hour=said, minute=minutes)

    def _money(self, found: re.Match[str]) -> str:
        currency = self.words.currencies[found["sign"]]
        whole, part = int(re.sub(r"\D", "", found["amount"])), int((found["part"] or ".0")[1:])
        gender = "feminine" if currency.gender == "f" else "masculine"
        said = f"{self._say(whole, gender)} {currency.one if whole == 1 else currency.many}"
        if not part:
            return said
        hundredths = f"{self._say(part, 'masculine')} {currency.part if part == 1 else currency.parts}"
        return self.words.money.format(whole=said, part=hundredths)

    def _percent(self, found: re.Match[str]) -> str:
        return f"{self._number(found)} {self.words.percent}"

    def _ordinal(self, found: re.Match[str]) -> str:
        feminine = found["ending"] in ("ª", "ère")
        return self._say(int(found[1]), "ordinal-feminine" if feminine else "ordinal-masculine", "spellout-ordinal")

    def _number(self, found: re.Match[str]) -> str:
        amount, part = found["amount"], found["part"] or ""
        whole = int(re.sub(r"\D", "", amount))
        if not part:
            return self._year(whole) if whole in CENTURIES and amount.isdigit() else self._say(whole)
        return " ".join([self._say(whole), self._point, *(self._say(int(digit)) for digit in part[1:])])

    def _year(self, year: int) -> str:
        return str(self._engine.format_number(year, purpose=FormatPurpose.YEAR).text)

    def _say(self, number: int, *rules: str) -> str:
        """Return `number` in words, by the first rule set of CLDR that ends with one of `rules`."""
        purpose = FormatPurpose.ORDINAL if any("ordinal" in rule for rule in rules) else FormatPurpose.CARDINAL
        said = self._engine.format_number(number, purpose=purpose)
        fitting = (text for rule in rules for name, text in said.text_by_ruleset.items() if name.endswith(rule))
        return str(next(fitting, said.text))

    @cached_property
    def _point(self) -> str:
        """The word for the decimal mark."""
        return str(self._engine.format_number("0.5").text.split()[1])

    @cached_property
    def _engine(self) -> RbnfEngine:
        return RbnfEngine.for_language(self.words.language)


def _spaced(digits: str) -> str:
    """Return digits one by one, in groups: `1234567` is `1 2 3, 4 5 6 7`."""
    groups = [digits[at : at + GROUP] for at in range(0, len(digits), GROUP)]
    if len(groups) > 1 and len(groups[-1]) == 1:
        groups[-2:] = [groups[-2] + groups[-1]]
    return ", ".join(" ".join(group) for group in groups)


def _without_markup(text: str) -> str:
    """Return `text` without the signs of Markdown and HTML; a link is its words."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)\s]*\)", r"\1", text)
    text = re.sub(r"</?[A-Za-z][^<>]*>", " ", text)
    text = re.sub(r"(?m)^(\s*)(?:#{1,6}\s+|[-*•]\s+|>\s+)", r"\1", text)
    return re.sub(r"\*+|`+|~~|(?<!\w)_+|_+(?!\w)", "", text)
