"""Dates made coarse: of a birth the age in bands, of anything else the year. Pure."""

from __future__ import annotations

import re
from datetime import date

from voiceassist.phi.normalise import MONTHS, normalise

OLDEST = "aged over 89"  # as 45 CFR 164.514(b)(2)(i)(C) lumps them; the gate holds "aged 90"
_BANDS = (0, 1, 3, 6, 12, 18, *range(20, 91, 5))  # finer for a child, whose doses differ
_YEAR = re.compile(r"(?<!\d)(?:18|19|20)\d\d(?!\d)")
_SPLIT_YEAR = re.compile(r"(?<!\d)(?:19|20) \d\d$")  # "october twenty twenty four"
_NUMERIC = re.compile(r"(?<!\d)(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})(?!\d)")
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})/(\d{1,2})/(\d{1,2})(?!\d)")
_DAY = re.compile(r"(?<!\d)(\d{1,2})(?:st|nd|rd|th)?(?!\d)")
_LAST_MONTH = 12
_CENTURY = 100


def year_of(heard: str, today: date) -> int | None:
    """The year in a date as it was heard, up to this one; of two digits the latest possible."""
    canonical = normalise(heard).text
    numeric = _NUMERIC.search(canonical)
    if numeric is not None:
        year = int(numeric[3])
        if year < _CENTURY:
            year += today.year - today.year % _CENTURY
            year -= _CENTURY if year > today.year else 0
    else:
        found = _YEAR.search(canonical) or _SPLIT_YEAR.search(canonical)
        if found is None:
            return None
        year = int(found[0].replace(" ", ""))
    return year if year <= today.year else None


def age_band(heard: str, today: date) -> str | None:
    """The age, in a band, of whoever was born at a date as heard; None without a year."""
    year = year_of(heard, today)
    if year is None:
        return None
    month, day = _month_and_day(normalise(heard).text)
    age = today.year - year - ((today.month, today.day) < (month, day))
    if age < 0:
        return None
    at = max(index for index, low in enumerate(_BANDS) if low <= age)
    if at + 1 == len(_BANDS):
        return OLDEST
    if at == 0:
        return "less than 1 year old"
    return f"aged {_BANDS[at]} to {_BANDS[at + 1] - 1}"


def _month_and_day(canonical: str) -> tuple[int, int]:
    """Month and day; the year's first day where neither is told. The month stands first."""
    if found := _NUMERIC.search(canonical):
        first, second = int(found[1]), int(found[2])
        return (second, first) if first > _LAST_MONTH else (first, second)
    if found := _YEAR_FIRST.search(canonical):
        return int(found[2]), int(found[3])
    words = canonical.split()
    month = next((n for n, name in enumerate(MONTHS, 1) for w in words if _is(w, name)), 1)
    day = next((int(d[1]) for w in words if (d := _DAY.fullmatch(w))), 1)
    return month, day


def _is(word: str, month: str) -> bool:
    return word == month or (len(word) in {3, 4} and month.startswith(word))
