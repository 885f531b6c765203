"""How clinicians say what is written: for the voice alone, the record keeps the text. Pure."""

from __future__ import annotations

import re

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)  # fmt: skip
_TENS = (
    "zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)  # fmt: skip
_UNITS = {
    "mg": ("milligram", "milligrams"), "g": ("gram", "grams"), "kg": ("kilogram", "kilograms"),
    "mcg": ("microgram", "micrograms"), "µg": ("microgram", "micrograms"),
    "μg": ("microgram", "micrograms"), "ug": ("microgram", "micrograms"),
    "ng": ("nanogram", "nanograms"), "ml": ("millilitre", "millilitres"),
    "cc": ("millilitre", "millilitres"), "dl": ("decilitre", "decilitres"),
    "l": ("litre", "litres"), "mm": ("millimetre", "millimetres"),
    "cm": ("centimetre", "centimetres"),
    "mmhg": ("millimetre of mercury", "millimetres of mercury"),
    "mmol": ("millimole", "millimoles"), "µmol": ("micromole", "micromoles"),
    "μmol": ("micromole", "micromoles"), "umol": ("micromole", "micromoles"),
    "meq": ("milliequivalent", "milliequivalents"), "iu": ("unit", "units"),
    "units": ("unit", "units"), "unit": ("unit", "units"),
    "%": ("percent", "percent"), "°c": ("degree Celsius", "degrees Celsius"),
    "°f": ("degree Fahrenheit", "degrees Fahrenheit"),
    "hr": ("hour", "hours"), "hrs": ("hour", "hours"), "h": ("hour", "hours"),
    "min": ("minute", "minutes"), "mins": ("minute", "minutes"), "sec": ("second", "seconds"),
    "wk": ("week", "weeks"), "yr": ("year", "years"), "yrs": ("year", "years"),
    "day": ("day", "days"), "dose": ("dose", "doses"), "hour": ("hour", "hours"),
    "minute": ("minute", "minutes"),
}  # fmt: skip
_SHORT = {
    "bid": "twice a day", "tid": "three times a day", "qid": "four times a day",
    "qd": "once a day", "qhs": "at bedtime", "prn": "as needed", "po": "by mouth",
    "iv": "intravenously", "im": "into the muscle", "sc": "under the skin",
    "subq": "under the skin", "e.g.": "for example", "i.e.": "that is",
    "vs": "versus", "vs.": "versus", "approx.": "about", "egfr": "E G F R",
    "crcl": "creatinine clearance", "inr": "I N R",
}  # fmt: skip
_SIGNS = {
    "≥": " at least ", "≤": " at most ", ">": " more than ", "<": " less than ",
    "±": " plus or minus ", "\u00d7": " times ", "&": " and ", "=": " equals ", "+": " plus ",
    "→": ", ", "•": ", ",
}  # fmt: skip
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_DASH = r"\s*[-\u2013\u2014]\s*"
_MEASURE = re.compile(
    rf"(?<![\w.])(?P<a>{_NUMBER})(?:(?P<u0>\s?(?:{_UNIT}))?(?:{_DASH})(?P<b>{_NUMBER}))?"
    rf"(?:(?P<gap>\s|-)?(?P<unit>{_UNIT})(?P<per>(?:\s?/\s?(?:{_NUMBER})?\s?(?:{_UNIT}))*)(?![\w%]))?(?![\w])",
    re.IGNORECASE,
)
_EVERY = re.compile(
    rf"\bq\.?\s?(?P<a>\d+)(?:{_DASH}(?P<b>\d+))?\s?(?P<unit>h|hr|hrs|d|min)\b", re.IGNORECASE
)
_PART = re.compile(rf"/\s?(?P<number>{_NUMBER})?\s?(?P<unit>{_UNIT})", re.IGNORECASE)
_PRESSURE = re.compile(r"(?<![\d./])(\d{2,3})/(\d{2,3})(?![\d/])")
_YEAR = re.compile(r"1[1-9]\d\d|20\d\d")
_WORDS = re.compile(
    r"(?<![\w.])(" + "|".join(sorted(map(re.escape, _SHORT), key=len, reverse=True)) + r")(?!\w)",
    re.IGNORECASE,
)
_BREATH = re.compile(r"(?<=[,;:.!?])\s+")
_LONG = 24  # words
_BREATH_WORDS = 10
_CITED = re.compile(r"\s*\[\d+(?:[,\u2013-]\s*\d+)*\]")
_MARKUP = re.compile(r"[*_`#|]+")


def to_speech(text: str) -> str:
    """`text` in words that a voice says right: numbers, units, ranges and common short forms."""
    text = _MARKUP.sub(" ", _CITED.sub("", text))
    text = _EVERY.sub(_every, _PRESSURE.sub(r"\1 over \2", text))
    text = _MEASURE.sub(_measure, text)
    text = _WORDS.sub(lambda found: _SHORT[found[0].lower()], text)
    for sign, words in _SIGNS.items():
        text = text.replace(sign, words)
    return re.sub(r"\s+([,.;:?!])", r"\1", " ".join(text.split()))


def breaths(text: str) -> list[str]:
    """A long sentence, parted where one would breathe.

    A voice's memory, and the wait for its first sound, grow with what it is given at once.
    """
    if len(text.split()) <= _LONG:
        return [text]
    parts: list[str] = []
    for piece in _BREATH.split(text):
        if parts and len(parts[-1].split()) < _BREATH_WORDS:
            parts[-1] = f"{parts[-1]} {piece}"
        else:
            parts.append(piece)
    return parts


def number_words(number: str) -> str:
    """A number as words ("0.5" is "zero point five"); from a billion on the digits stay."""
    whole, _, part = number.replace(",", "").partition(".")
    if len(whole.lstrip("0")) > 9:  # noqa: PLR2004 - below a billion
        return number
    words = _whole(int(whole))
    return f"{words} point {' '.join(_ONES[int(digit)] for digit in part)}" if part else words


def _whole(value: int) -> str:
    if value < len(_ONES):
        return _ONES[value]
    for size, name in ((1_000_000, "million"), (1000, "thousand"), (100, "hundred")):
        if value >= size:
            rest = f" {_whole(value % size)}" if value % size else ""
            return f"{_whole(value // size)} {name}{rest}"
    ones = f"-{_ONES[value % 10]}" if value % 10 else ""
    return f"{_TENS[value // 10]}{ones}"


def _measure(found: re.Match[str]) -> str:
    first, second, unit = found["a"], found["b"], found["unit"]
    if unit is None and found["u0"] is None:
        if second is None and _YEAR.fullmatch(first):
            return first
        return f"{number_words(first)} to {number_words(second)}" if second else number_words(first)
    amount = number_words(first)
    if second:
        own = f" {_unit(found['u0'].strip(), first)}" if found["u0"] and not unit else ""
        amount = f"{amount}{own} to {number_words(second)}"
    if unit is None:
        return amount
    per = "".join(
        f" per {number_words(p['number']) + ' ' if p['number'] else ''}"
        f"{_unit(p['unit'], p['number'] or '1')}"
        for p in _PART.finditer(found["per"] or "")
    )
    count = "1" if found["gap"] == "-" else second or first  # "a five-day course"
    return f"{amount} {_unit(unit, count)}{per}"


def _unit(unit: str, number: str) -> str:
    one, many = _UNITS[unit.lower()]
    return one if number == "1" else many


def _every(found: re.Match[str]) -> str:
    unit = {"d": "day", "min": "min"}.get(found["unit"].lower(), "h")
    last = found["b"] or found["a"]
    span = number_words(found["a"]) + (f" to {number_words(last)}" if found["b"] else "")
    return f"every {_unit(unit, '1')}" if last == "1" else f"every {span} {_unit(unit, last)}"
