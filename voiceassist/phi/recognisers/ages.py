"""Ages over 89, as numbers, as words for such an age and as decades."""

from __future__ import annotations

import re
from collections.abc import Iterator

from voiceassist.phi.recognisers.base import Finding, Recogniser, findings

_OVER = r"(?<![\d./])(9\d|1[0-2]\d)(?![\d/]|\.\d)"
_YEARS = r"(?:years?|yrs?)"
_SOMEONE = (
    r"(?:man|woman|lady|gentleman|male|female|patient|person|someone|somebody|he|she|who|guy|"
    r"resident|mother|father|mom|dad|grand(?:mother|father|ma|pa)|aunt|uncle|husband|wife)"
)
_NO_MEASURE = (
    r"(?!\s*(?:percent|%|over\b|mm|bpm|kilo|kg|pounds|lbs?\b|degrees|mg|mcg|ml|beats|units?|lit(?:er|re)s?|"
    r"days?|weeks?|months?|minutes?|hours?|cm|centimeters?|inches|feet|meters?|point|on\s+(?:room|ra\b)|times|"
    r"other|patients|people|cases|to\b|through\b))"
)
_IS = r"(?:\s*'s|\s+(?:is|was|aged?|of|at|turned|turns|turning|being))"
_AGE = re.compile(
    rf"\b{_OVER}(?:\s+and\s+a\s+half)?[\s-]*{_YEARS}[\s-]*(?:old|of\s+age|aged|young)\b"
    rf"|\b{_OVER}[\s-]*(?:yo|y/o|y\.o\.|y\s+o|yr|yrs|yof|yom|y)\b"
    rf"|\bage[ds]?\s*(?:of|is|about|at|around|:)?\s*{_OVER}\b"
    rf"|\bturn(?:ed|ing|s)\s+{_OVER}{_NO_MEASURE}"
    rf"|\b{_SOMEONE}(?:\s+who)?{_IS}(?:\s+(?:now|just|about|almost|nearly|only|already|going\s+on|of))*"
    rf"\s+{_OVER}{_NO_MEASURE}"
    rf"|\b(?:now|just)\s+{_OVER}(?=\s*(?:years?\b|today|this|and\b|with\b|[,.?]|$))"
    rf"|\b{_OVER}\s+{_YEARS}\s*(?=[,.?]|$|male|female|man|woman|lady|gentleman|who|with|and|can|should)"
    rf"|\bat\s+{_OVER}\s+{_YEARS}\b"
    rf"|\b{_OVER}[mf]\b(?=\s+(?:with|w|who|on|here|has|had|hx|presents?|presenting)\b)"
    rf"|\b{_OVER}[\s-]*(?:year|yr)?[\s-]*(?:male|female|man|woman|lady|gentleman)\b"
    rf"|\b(?:an?|this|my|the|old)\s+{_OVER}[\s-]?[mf]\b(?!\s*(?:walk|sprint|run|race|dash|distance|pool))",
    re.IGNORECASE,
)
_DECADE = re.compile(
    r"\b(?:in\s+(?:his|her|their)|(?:into|reached)\s+(?:his|her|their|the))\s+"  # no heart rate
    r"((?:(?:early|mid|late|mid-to-late)[\s-]+)?(?:nineties|90'?s|hundreds|tenth\s+decade|10th\s+decade))\b"
    r"|\b((?:super)?centenarian|nonagenarian)s?\b"
    r"|\b((?:9\d|1[0-2]\d)(?:st|nd|rd|th)\s+birthday)\b",
    re.IGNORECASE,
)
_DURATION = re.compile(r"(?:percent|%|mm ?hg|mg|bpm|degrees)\s*$", re.IGNORECASE)


class AgeRecogniser(Recogniser):
    """Ages of 90 and more; up to 89 an age is free."""

    kinds = ("AGE",)
    label = "ages"

    def find(self, text: str) -> Iterator[Finding]:
        """Ages over 89 in `text`."""
        for found in findings(_AGE, text, "AGE", 0.95):
            if not _DURATION.search(text[max(0, found.start - 12) : found.start]):
                yield found
        yield from findings(_DECADE, text, "AGE", 0.9)
