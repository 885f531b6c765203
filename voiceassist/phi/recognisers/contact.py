"""Phone and fax numbers, e-mail and web addresses, IP and hardware addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from voiceassist.phi.recognisers.base import Finding, Recogniser, findings
from voiceassist.phi.tokens import TOP_LEVEL

_NUMBER = r"(\+?\d[\d\s().\-]*\d)"
_LINKS = (
    r"is|was|number|no|at|on|to|me|him|her|them|the|us|line|it's|records|[a-z]+\s+at|"
    r"[a-z]+\s+[a-z]+\s+at"
)
_LINK = rf"(?:\W+(?:{_LINKS}))*\W*"
_PHONE = re.compile(
    rf"\b(?:phone|telephone|cell|mobile|call|contact|tel|text|reach|dial|ring|pager|beeper|"
    rf"voicemail|number|extension|ext|whatsapp){_LINK}{_NUMBER}",
    re.IGNORECASE,
)
_FAX = re.compile(rf"\b(?:fax(?:ed)?){_LINK}{_NUMBER}", re.IGNORECASE)
_SHAPED = re.compile(
    r"(?<!\d)(?:\+?1[\s.\-]?)?\(?\d{3}\)?[\s.\-]+\d{3}[\s.\-]+\d{4}(?!\d)|(?<!\d)\d{3}[\s.\-]\d{4}(?!\d)"
)
_MAIL = re.compile(
    rf"[\w.+-]+\s?@\s?[\w-]+(?:\.[\w-]+)*|\b[\w.+-]+\s+at\s+(?:[\w-]+\.)+(?:{TOP_LEVEL})\b",
    re.IGNORECASE,
)
_SPOKEN_MAIL = re.compile(
    rf"\b\w+(?:\s+(?:dot|underscore|dash)\s+\w+)*\s+at\s+\w+\s+dot\s+(?:{TOP_LEVEL})\b",
    re.IGNORECASE,
)
_MAIL_CUE = re.compile(
    r"\be-?\s?mail(?:ed)?(?:\s+address)?(?:\W+(?:is|was|to|at|her|him|me))*\W+"
    r"([\w.+-]*\d[\w.+-]*|[\w.+-]+\s+(?:at|dot)\s+\w+(?:\s+dot\s+\w+)?|[\w+-]+\.[\w.-]+)",
    re.IGNORECASE,
)
_URL = re.compile(
    rf"\bhttps?:\S+|\bwww[.\s]\S+|\b(?:[\w-]+\.)+(?:{TOP_LEVEL})\b(?:/\S*)?"
    rf"|\b\w+\s+dot\s+(?:com|org|net|edu|gov)\b",
    re.IGNORECASE,
)
_IP = re.compile(
    r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\b(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}\b"
    r"|\bip(?:\s+address)?(?:\W+(?:is|was))?\W+(\d[\d.\s]*)",
    re.IGNORECASE,
)
_MAC = re.compile(r"\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b", re.IGNORECASE)
_LEAST_PHONE_DIGITS = 4
_LEAST_BARE_DIGITS = 5


class ContactRecogniser(Recogniser):
    """How to reach a person or a machine of theirs."""

    kinds = ("PHONE", "FAX", "EMAIL", "URL", "IP", "DEVICE")
    label = "contact"

    def find(self, text: str) -> Iterator[Finding]:
        """Numbers and addresses for contact in `text`."""
        for pattern, kind in ((_FAX, "FAX"), (_PHONE, "PHONE")):
            for found in findings(pattern, text, kind, 0.9, 1):
                digits = sum(map(str.isdigit, text[found.start : found.end]))
                if digits >= _LEAST_BARE_DIGITS:
                    yield found
        yield from findings(_SHAPED, text, "PHONE", 0.85)
        for pattern in (_MAIL, _SPOKEN_MAIL):
            yield from findings(pattern, text, "EMAIL", 0.95)
        yield from findings(_MAIL_CUE, text, "EMAIL", 0.8, 1)
        yield from findings(_URL, text, "URL", 0.8)
        yield from findings(_IP, text, "IP", 0.9)
        yield from findings(_MAC, text, "DEVICE", 0.9)
