"""Values in a question ("a potassium of six point two"), and whose range holds them. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_WORTH = {word: value for value, word in enumerate(_UNITS.split())}
_WORTH |= {word: 10 * value for value, word in enumerate(_TENS.split(), start=2)}
_TOKEN = re.compile(r"\d+(?:\.\d+)?|[a-z]+")
_N = r"(\d+(?:\.\d+)?|" + "|".join(_WORTH) + r")"
_UNIT = r"(?:\s?[a-z%°/]+(?:\sper\s[a-z]+)?)?"
_RANGE = re.compile(rf"\b{_N}\s?(?:to|-|\u2013)\s?{_N}\b")
_FROM = re.compile(
    rf"\b(?:above|over|more than|greater than|at least|from)\s{_N}\b"
    rf"|\b{_N}{_UNIT}\s(?:or (?:more|over|above|older|higher)|and (?:above|over))"
)
_UPTO = re.compile(
    rf"\b(?:below|under|less than|at most|up to)\s{_N}\b"
    rf"|\b{_N}{_UNIT}\s(?:or (?:less|under|below|younger|lower))"
)
_EITHER = re.compile(rf"\b{_N} or {_N}\b")
_ENDLESS = float("inf")


@lru_cache(maxsize=64)
def values(question: str) -> tuple[float, ...]:
    """The numbers that are said, as digits or in words ("a hundred and eighty")."""
    found: list[float] = []
    open_number = False
    decimals = 0
    for token in _TOKEN.findall(question.lower()):
        value = float(token) if token[0].isdigit() else _WORTH.get(token)
        if token == "hundred":  # noqa: S105 - a word
            found[-1:] = [(found[-1] if open_number else 1) * 100]
            open_number, decimals = True, 0
        elif token == "point" and open_number:  # noqa: S105 - a word
            decimals = 1
        elif value is not None and open_number and decimals:
            found[-1] += value / 10**decimals
            decimals += 1
        elif value is not None and open_number and _goes_on(found[-1], value):
            found[-1] += value
        elif value is not None:
            found.append(value)
            open_number, decimals = True, 0
        elif token != "and":  # noqa: S105 - a word
            open_number, decimals = False, 0
    return tuple(found)


def _goes_on(before: float, value: float) -> bool:
    """Whether "twenty" goes on as "twenty five", "a hundred" as "a hundred and eighty"."""
    return (before >= 100 and before % 100 == 0 and value < 100) or (  # noqa: PLR2004 - decimal places
        20 <= before < 100 and before % 10 == 0 and 0 < value < 10  # noqa: PLR2004 - (likewise)
    )


def holds(text: str, value: float) -> bool:
    """Whether a range or a number of `text` holds `value`."""
    plain = text.lower()
    ranges = [(_read(low), _read(high)) for low, high in _RANGE.findall(plain)]
    ranges += [(_read(a or b), _ENDLESS) for a, b in _FROM.findall(plain)]
    ranges += [(-_ENDLESS, _read(a or b)) for a, b in _UPTO.findall(plain)]
    ranges += [(_read(one), _read(one)) for pair in _EITHER.findall(plain) for one in pair]
    return any(low <= value <= high for low, high in ranges)


def _read(number: str) -> float:
    return float(_WORTH.get(number, -1)) if number[0].isalpha() else float(number)
