"""What the emitted runtime reads aloud, word for word, in each language."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from types import ModuleType
from typing import Any

import pytest

from tests.support import ROOT, known

FILE = ROOT / "template" / "project" / "src" / "{{ package_name }}" / "runtime" / "read_aloud.py"


@cache
def module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("read_aloud", FILE)
    assert spec
    assert spec.loader
    loaded = importlib.util.module_from_spec(spec)
    sys.modules["read_aloud"] = loaded
    spec.loader.exec_module(loaded)
    return loaded


@cache
def reader(language: str) -> Any:
    spoken = dict(known("spoken")[language])
    spoken["currencies"] = {sign: module().Currency(*names) for sign, names in spoken["currencies"].items()}
    return module().Reader(module().Words(language=language, **spoken))


SAID = {
    "en": {
        "It costs $45.50.": "It costs forty-five dollars and fifty cents.",
        "Call 202-555-0143 now.": "Call two zero two, five five five, zero one four three now.",
        "+1 202-555-0143": "plus one, two zero two, five five five, zero one four three",
        "Tel. (030) 123-4567": "Tel. zero three zero, one two three, four five six seven",
        "Come on 12/03 at 10:30 am.": "Come on December third at ten thirty AM.",
        "from 10 am to 2 pm.": "from ten AM to two PM.",
        "Open until 14:30, from 9:05.": "Open until two thirty PM, from nine zero five.",
        "on 2026-12-03": "on December third, twenty twenty-six",
        "on December 1": "on December first",
        "room #5": "room number five",
        "Mail anna.k2@example.com!": "Mail anna dot k two at example dot com!",
        "See https://www.example.com/a-b.": "See www dot example dot com slash a dash b.",
        "Code AB12-C3.": "Code A B one two dash C three.",
        "Your PIN is 4711.": "Your PIN is four seven one one.",
        "Order 1234567 is ready.": "Order one two three, four five six seven is ready.",
        "1,234 guests, 25% more": "one thousand two hundred thirty-four guests, twenty-five percent more",
        "the 3rd of May": "the third of May",
        "$1,200.01": "one thousand two hundred dollars and one cent",
        "version 2.05": "version two point zero five",
        "COVID-19 in 1998": "COVID-nineteen in nineteen ninety-eight",
        "**Now** [here](https://x.y) `code` <b>bold</b>": "Now here code  bold ",
        "- one\n- two\n# three": "one\ntwo\nthree",
        "12:03:45 and 1.2.3 and 99/99": "12:03:45 and 1.2.3 and 99/99",
    },
    "de": {
        "45,50 €": "fünfundvierzig Euro und fünfzig Cent",
        "am 3. Dezember 2026 um 14:30 Uhr": "am dritten Dezember zweitausendsechsundzwanzig um vierzehn Uhr dreißig",
        "am 12.03.2026 um 10.30 Uhr": "am zwölften März zweitausendsechsundzwanzig um zehn Uhr dreißig",
        "1.234,5 kg": "eintausendzweihundertvierunddreißig Komma fünf kg",
        "+49 30 1234567": "plus vier neun, drei null, eins zwei drei, vier fünf sechs sieben",
        "Nummer 4711": "Nummer vier sieben eins eins",
    },
    "fr": {
        "le 1er décembre à 14h30": "le premier décembre à quatorze heures trente",
        "à 1h": "à une heure",
        "1 €, 25 %": "un euro, vingt-cinq pour cent",
        "£1": "une livre",
    },
    "es": {"el 12/03 a las 14:30": "el doce de marzo a las catorce y treinta", "2,50 €": "dos euros con cincuenta céntimos", "1º": "primero"},
    "it": {"il 01/03/2026 alle 9:15": "il primo marzo duemilaventisei alle nove e quindici", "3ª": "terza"},
    "nl": {"om 14:05 uur": "om veertien uur nul vijf", "de 3e": "de derde", "€ 5": "vijf euro"},
    "pt": {"às 2:10": "às duas horas e dez", "em 12/03/2026": "em doze de março de dois mil e vinte e seis", "$1": "um dólar"},
}  # fmt: skip


@pytest.mark.parametrize(("language", "written", "read"), [(key, *pair) for key, pairs in SAID.items() for pair in pairs.items()])
def test_it_is_read_as_a_person_reads_it(language: str, written: str, read: str) -> None:
    assert reader(language)(written) == read


def test_every_language_that_is_offered_is_read() -> None:
    assert set(SAID) == {key for key, record in known("languages").items() if record["offered"]}
