"""How days and times of day are said, language by language: data of `spoken.py`. Case and accents do not matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Words:
    """One language. `{h}` stands for an hour, as a word or in digits; a slash separates two forms of a word."""

    weekdays: tuple[str, ...]  # Monday first
    ahead: tuple[str, ...]  # today, tomorrow, the day after tomorrow
    hours: tuple[str, ...]  # one to twelve
    clock: dict[str, int]  # a phrase, and the minutes that it adds to its hour
    noon: tuple[str, ...]
    midnight: tuple[str, ...]
    morning: tuple[str, ...]
    later: tuple[str, ...]  # afternoon, evening and night
    units: tuple[str, ...]  # said after an hour
    around: tuple[str, ...]  # said before a day or an hour, without a meaning of its own


LANGUAGES: Final[dict[str, Words]] = {
    "en": Words(
        weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        ahead=("today", "tomorrow", "day after tomorrow"),
        hours=("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
        clock={"half past {h}": 30, "quarter past {h}": 15, "quarter after {h}": 15, "quarter to {h}": -15},
        noon=("noon", "midday"),
        midnight=("midnight",),
        morning=("in the morning", "morning"),
        later=("in the afternoon", "in the evening", "at night", "afternoon", "evening"),
        units=("o'clock",),
        around=("on", "at", "the", "a", "this", "coming", "about", "around"),
    ),
    "de": Words(
        weekdays=("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
        ahead=("heute", "morgen", "übermorgen"),
        hours=("ein/eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf"),
        clock={"halb {h}": -30, "Viertel nach {h}": 15, "Viertel vor {h}": -15},
        noon=("Mittag", "mittags"),
        midnight=("Mitternacht",),
        morning=("am Morgen", "morgens", "am Vormittag", "vormittags", "Vormittag", "früh"),
        later=("mittags", "am Nachmittag", "nachmittags", "Nachmittag", "am Abend", "abends", "Abend"),
        units=("Uhr",),
        around=("am", "um", "gegen", "diesen", "kommenden"),
    ),
    "fr": Words(
        weekdays=("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
        ahead=("aujourd'hui", "demain", "après-demain"),
        hours=("une", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze"),
        clock={"{h} et demie": 30, "{h} et demi": 30, "{h} et quart": 15, "{h} moins le quart": -15},
        noon=("midi",),
        midnight=("minuit",),
        morning=("du matin", "matin"),
        later=("de l'après-midi", "l'après-midi", "après-midi", "du soir", "soir"),
        units=("heures", "heure", "h"),
        around=("à", "vers", "le", "ce"),
    ),
    "es": Words(
        weekdays=("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
        ahead=("hoy", "mañana", "pasado mañana"),
        hours=("una", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce"),
        clock={"{h} y media": 30, "{h} y cuarto": 15, "{h} menos cuarto": -15},
        noon=("mediodía",),
        midnight=("medianoche",),
        morning=("de la mañana", "por la mañana"),
        later=("de la tarde", "por la tarde", "de la noche", "por la noche"),
        units=("horas", "hora"),
        around=("a", "las", "la", "al", "el", "este"),
    ),
    "it": Words(
        weekdays=("lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"),
        ahead=("oggi", "domani", "dopodomani"),
        hours=("una", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove", "dieci", "undici", "dodici"),
        clock={"{h} e mezza": 30, "{h} e mezzo": 30, "{h} e un quarto": 15, "{h} meno un quarto": -15},
        noon=("mezzogiorno",),
        midnight=("mezzanotte",),
        morning=("di mattina", "del mattino", "mattina"),
        later=("del pomeriggio", "di sera", "pomeriggio", "sera"),
        units=("ore",),
        around=("alle", "all'", "a", "verso", "le", "il", "questo"),
    ),
    "nl": Words(
        weekdays=("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"),
        ahead=("vandaag", "morgen", "overmorgen"),
        hours=("één", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen", "tien", "elf", "twaalf"),
        clock={"half {h}": -30, "kwart over {h}": 15, "kwart voor {h}": -15},
        noon=("middag",),
        midnight=("middernacht",),
        morning=("'s ochtends", "'s morgens", "in de ochtend", "ochtend"),
        later=("'s middags", "in de middag", "'s avonds", "in de avond", "avond"),
        units=("uur",),
        around=("op", "om", "rond", "deze", "aanstaande"),
    ),
    "pt": Words(
        weekdays=("segunda", "terça", "quarta", "quinta", "sexta", "sábado", "domingo"),
        ahead=("hoje", "amanhã", "depois de amanhã"),
        hours=("uma", "duas", "três", "quatro", "cinco", "seis", "sete", "oito", "nove", "dez", "onze", "doze"),
        clock={"{h} e meia": 30, "{h} e quinze": 15, "quinze para as {h}": -15},
        noon=("meio-dia",),
        midnight=("meia-noite",),
        morning=("da manhã", "de manhã"),
        later=("da tarde", "à tarde", "da noite", "à noite"),
        units=("horas", "hora"),
        around=("às", "ao", "na", "nesta", "feira"),
    ),
}
