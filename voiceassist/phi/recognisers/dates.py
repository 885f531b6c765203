"""Dates but the year: written, spoken in any order, week days and holidays of an encounter."""

from __future__ import annotations

import re
from collections.abc import Iterator

from voiceassist.phi.recognisers.bare_dates import bare_dates
from voiceassist.phi.recognisers.base import Finding, Recogniser, findings
from voiceassist.phi.recognisers.context import about_a_person, about_an_event

_MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december|"
    r"jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.?"
)
_CLEAR_MONTH = (
    r"(?:january|february|april|june|july|august|september|october|november|december|"
    r"jan|feb|apr|jun|jul|aug|sept|oct|nov)"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_YEAR = r"(?:'?\d{2}|(?:18|19|20)\d{2}|(?:19|20)\s\d{2})"
_GAP = r"[\s,.\-/]+"
_UNIT = r"(?!\s*(?:mg|mcg|ml|g|kg|percent|%|units?|years?|months?|weeks?|days?|hours?|times)\b)"
_FULL = re.compile(
    rf"\b{_MONTH}{_GAP}(?:the\s+)?{_DAY}\b{_UNIT}(?:{_GAP}(?:of\s+)?{_YEAR}\b)?"
    rf"|\b(?:the\s+)?{_DAY}(?:\s+day)?{_GAP}(?:of\s+)?{_MONTH}(?=\W|$)(?:{_GAP}(?:of\s+)?{_YEAR}\b)?"
    rf"|\b{_MONTH}{_GAP}(?:of\s+)?(?:(?:18|19|20)\d{{2}})\b"
    rf"|\b(?:18|19|20)\d{{2}}{_GAP}{_MONTH}{_GAP}{_DAY}\b",
    re.IGNORECASE,
)
_NUMERIC = re.compile(
    r"\b\d{1,2}([/.\-])\d{1,2}\1(?:\d{4}|\d{2})\b|\b(?:18|19|20)\d{2}([/.\-])\d{1,2}\2\d{1,2}\b"
    r"|\b\d{1,2}\s*(?:slash|/)\s*\d{1,2}\s*(?:slash|/)\s*\d{2,4}\b"
)
_SHORT = re.compile(
    r"\b(?:on|since|dated?|born|dob|seen|visit)\s*:?\s*"
    r"((?:0?[1-9]|1[0-2])[/\-](?:[12]\d|3[01]|0?[1-9]))\b",
    re.IGNORECASE,
)
_BORN = re.compile(
    r"\b(?:dob|d\.?o\.?b\.?|date of birth|birth ?date|birthday|born(?: on)?)\W+"
    r"(?:is\W+|on\W+|the\W+)*"
    r"(\d[\d/.\-\s]*\d(?:st|nd|rd|th)?|\d(?:st|nd|rd|th)?\b[\d\s]*)",
    re.IGNORECASE,
)
_MONTH_ALONE = re.compile(
    rf"\b(?:in|on|since|last|this|next|from|until|early|late|mid|of|during)\s+"
    rf"(?:early\s+|late\s+|mid\s+)?({_MONTH})(?=\W|$)|\b({_CLEAR_MONTH})\b",
    re.IGNORECASE,
)
_CLOSE_MONTH = re.compile(rf"\b((?:last|this|next)\s+{_CLEAR_MONTH})\b", re.IGNORECASE)
_WEEKDAY = re.compile(
    r"\b(?:on|last|this|next|since|every)\s+"
    r"((?:mon|tues|wednes|thurs|fri|satur|sun)day(?:\s+(?:the\s+)?\d{1,2}(?:st|nd|rd|th))?)\b",
    re.IGNORECASE,
)
_ORDINAL_DAY = re.compile(
    r"\b(?:on|since|until|by)\s+the\s+(\d{1,2}(?:st|nd|rd|th))\b", re.IGNORECASE
)
_SEASON = re.compile(
    r"\b((?:spring|summer|autumn|fall|winter)\s+(?:of\s+)?(?:18|19|20)\d\d)\b", re.IGNORECASE
)
_NTH_OF_NTH = re.compile(
    r"\bthe\s+\d{1,2}(?:st|nd|rd|th)\s+of\s+the\s+\d{1,2}(?:st|nd|rd|th)\b", re.IGNORECASE
)
_HOLIDAY = re.compile(
    r"\b(christmas(?: eve| day)?|new year'?s(?: eve| day)?|thanksgiving|halloween|easter|"
    r"valentine'?s day|independence day|labor day|memorial day|mother'?s day|father'?s day|"
    r"veterans day|juneteenth|passover|hanukkah|ramadan|eid|diwali|lunar new year|"
    r"(?:saint|st\.?) patrick'?s day|groundhog day|columbus day|boxing day)\b",
    re.IGNORECASE,
)


class DateRecogniser(Recogniser):
    """Dates of any form; a month, week day or holiday alone counts in an encounter."""

    kinds = ("DATE",)
    label = "dates"

    def find(self, text: str) -> Iterator[Finding]:
        """Dates in `text`; bare years are free."""
        yield from findings(_FULL, text, "DATE", 0.95)
        yield from findings(_NUMERIC, text, "DATE", 0.95)
        yield from findings(_SHORT, text, "DATE", 0.9, 1)
        yield from (f for f in findings(_BORN, text, "DATE", 0.9, 1) if not _is_year(text, f))
        yield from findings(_CLOSE_MONTH, text, "DATE", 0.7, 1)
        yield from findings(_NTH_OF_NTH, text, "DATE", 0.9)
        person = about_a_person(text)
        yield from bare_dates(text, person=person)
        if person and about_an_event(text):
            for pattern in (_WEEKDAY, _ORDINAL_DAY, _HOLIDAY, _SEASON):
                yield from findings(pattern, text, "DATE", 0.7, 1)
            yield from findings(_MONTH_ALONE, text, "DATE", 0.7)


def _is_year(text: str, found: Finding) -> bool:
    return re.fullmatch(r"(?:19|20)\d\d", text[found.start : found.end].strip()) is not None
