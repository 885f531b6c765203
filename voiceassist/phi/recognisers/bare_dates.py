"""Dates of bare numbers: "born 7 4 62", "discharged 51124", "7/4 is her birthday"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from voiceassist.phi.recognisers.base import Finding, Word, words_of
from voiceassist.phi.recognisers.codes import Code, codes_of
from voiceassist.phi.wordlists import split_words

_BIRTH = frozenset(split_words("born birth birthday birthdate dob d.o.b birthdays bday"))
_EVENTS = _BIRTH | frozenset(
    split_words(
        """
        admitted admission discharged discharge died death deceased expired seen scheduled due
        appointment visit visits visited surgery operated operation transplant transplanted biopsy
        procedure done performed drawn collected happened dated date presented came returned
        delivered diagnosed treated evaluated consult consultation booked hospitalized
        hospitalised transferred underwent rescheduled labs results scan bloods note
        """
    )
)
_LINKS = frozenset(
    split_words(
        """
        on is was the for since of in at it's be as here home back her his their a until by from
        date to and around about last next again b clinic hospital ward er ed office
        """
    )
)
_OF_PERSONS = frozenset(split_words("he she his her patient patient's pt him man woman they"))
_UNIT = re.compile(
    r"\s*(?:mg|mcg|ml|g|kg|milligrams?|micrograms?|grams?|percent|%|units?|years?|months?|weeks?|days?|"
    r"hours?|minutes?|times|tablets?|tabs?|pills?|cups?|doses?|patients|people|cases|per|calories|"
    r"of|liters?|beats|points?|cells?)\b",
    re.IGNORECASE,
)
_DECIMAL = re.compile(r"\d+\.\d+")
_GAP, _AFTER = 7, 6
_MONTHS, _DAYS, _THIS = 12, 31, 2
_SHORTEST, _LONGEST = 3, 8
_YEAR = re.compile(r"(?:18|19|20)\d\d")


def bare_dates(text: str, *, person: bool) -> Iterator[Finding]:
    """Numbers that can be a day, where a word of birth, encounter or death stands near."""
    words = words_of(text)
    for code in codes_of(text, words):
        decimal = _DECIMAL.fullmatch(text, code.start, code.end)
        if code.letters or decimal or _UNIT.match(text, code.end):
            continue
        parts = [word.text for word in words[code.first : code.last + 1]]
        if all(map(str.isdigit, parts)) and _cued(words, code, parts, person=person):
            yield Finding("DATE", code.start, code.end, 0.85)


def _cued(words: Sequence[Word], code: Code, parts: Sequence[str], *, person: bool) -> bool:
    if not can_be_day(parts):
        return False
    before = [word.text for word in words[max(0, code.first - _GAP) : code.first]]
    while before and before[-1] in _LINKS and before[-1] not in _EVENTS:
        on = before.pop() == "on"
        if on and person and _open(before, words, code) and code.digits >= _SHORTEST:
            return True
    if before and before[-1] in _EVENTS:
        return True
    after = [word.text for word in words[code.last + 1 : code.last + 1 + _AFTER]]
    return bool(after) and after[0] in {"is", "was", "as"} and not _BIRTH.isdisjoint(after)


def _open(before: Sequence[str], words: Sequence[Word], code: Code) -> bool:
    """Whether "on" begins a clause of somebody, follows an event, or leads to too many digits."""
    if not _EVENTS.isdisjoint(before):
        return True
    after = words[code.last + 1].text if code.last + 1 < len(words) else ""
    return code.digits > _SHORTEST or (not before and after in _OF_PERSONS)


def can_be_day(parts: Sequence[str]) -> bool:
    """Whether numbers can be read as month and day, or with a year: not as a bare year."""
    if len(parts) == _THIS + 1:
        year = len(parts[2]) == _THIS or bool(_YEAR.fullmatch(parts[2]))
        return year and _day(parts[0], parts[1])
    if len(parts) == _THIS and all(len(part) <= _THIS for part in parts):
        return _day(*parts)
    digits = "".join(parts if len(parts) <= _THIS else ())
    if not _SHORTEST <= len(digits) <= _LONGEST or _YEAR.fullmatch(digits):
        return False
    heads = [digits] if len(digits) <= _THIS + 2 and len(parts) == 1 else []
    heads += [digits[:-2]] if len(digits) > _SHORTEST else []
    heads += [digits[:-4]] if _YEAR.fullmatch(digits[-4:]) else []
    return any(_day(head[:cut], head[cut:]) for head in heads for cut in (1, 2) if cut < len(head))


def _day(first: str, second: str) -> bool:
    if max(len(first), len(second)) > _THIS:
        return False
    low, high = sorted((int(first), int(second)))
    return 1 <= low <= _MONTHS and high <= _DAYS
