"""Ages over 89, as numbers, as words for such an age and as decades."""

from __future__ import annotations

import re
from collections.abc import Iterator

from voiceassist.phi.recognisers.base import Finding, Recogniser, findings

_OVER = r"(9\d|1[0-2]\d)"
_AGE = re.compile(
    rf"\b{_OVER}(?:\.5)?(?:\s+and\s+a\s+half)?[\s-]*(?:years?|yrs?)[\s-]*(?:old|of\s+age|aged|young)\b"
    rf"|\b{_OVER}[\s-]*(?:yo|y/o|y\.o\.|y\s+o|yr|yrs|yof|yom|y)\b"
    rf"|\bage[ds]?\s*(?:of|is|about|at|around|:)?\s*{_OVER}\b"
    rf"|\b(?:turned|turning|turns|is|was|now|just)\s+{_OVER}(?=\s*(?:years?\b|today|this|next|now|and\b|with\b|[,.?]|$))"
    rf"|\b{_OVER}\s+years?\s*(?=[,.?]|$|male|female|man|woman|lady|gentleman|who|with|and|can|should)"
    rf"|\b{_OVER}[\s-]*(?:year|yr)[\s-]*(?:male|female|man|woman)",
    re.IGNORECASE,
)
_DECADE = re.compile(
    r"\b(?:in\s+(?:his|her|their|the)\s+)((?:early\s+|mid\s+|late\s+)?(?:nineties|90'?s))\b"
    r"|\b((?:super)?centenarian|nonagenarian)\b",
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
