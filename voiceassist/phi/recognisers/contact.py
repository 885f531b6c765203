"""Phone and fax numbers, e-mail and web addresses, IP and hardware addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from voiceassist.phi.recognisers.base import Finding, Recogniser, Word, findings, words_of
from voiceassist.phi.recognisers.codes import Code, around, codes_of
from voiceassist.phi.tokens import TOP_LEVEL

_CUES = (
    ("FAX", re.compile(r"\bfax(?:ed|es|ing)?\b", re.IGNORECASE)),
    ("PHONE", re.compile(
        r"\b(?:(?:tele)?phoned?|cell|mobile|call(?:ed|ing|back)?|contact|tel|text|reach|dial|ring|rang|"
        r"page[rd]?|beeper|voicemail|numbers?|extension|ext|whatsapp|landline)\b",
        re.IGNORECASE,
    )),
)  # fmt: skip
_SHAPED = re.compile(
    r"(?<!\d)(?:\+?1[\s.\-]?)?\(?\d{3}\)?[\s.\-]+\d{3}[\s.\-]+\d{4}(?!\d)|(?<!\d)\d{3}[\s.\-]\d{4}(?!\d)"
)
_MAIL = re.compile(
    rf"(?<![\w.+-])[\w.+-]+\s?@\s?[\w-]+(?:\.[\w-]+)*|(?<![\w.+-])[\w.+-]+\s+at\s+(?:[\w-]+\.)+(?:{TOP_LEVEL})\b",
    re.IGNORECASE,
)
_SPOKEN_MAIL = re.compile(
    rf"\b\w+(?:\s+(?:dot|underscore|dash)\s+\w+){{0,8}}\s+at\s+\w+\s+dot\s+(?:{TOP_LEVEL})\b",
    re.IGNORECASE,
)
_MAIL_CUE = re.compile(
    r"\be-?\s?mail(?:ed)?(?:\s+address)?(?:\W+(?:is|was|to|at|her|him|me)){0,6}\W{1,8}"
    r"([\w.+-]*\d[\w.+-]*|[\w.+-]+\s+(?:at|dot)\s+\w+(?:\s+dot\s+\w+)?|[\w+-]+\.[\w.-]+)",
    re.IGNORECASE,
)
_URL = re.compile(
    rf"\bhttps?:\S+|\bwww[.\s]\S+|(?<![\w-])(?<![\w-]\.)(?:[\w-]+\.)+(?:{TOP_LEVEL})\b(?:/\S*)?"
    rf"|\b\w+\s+dot\s+(?:com|org|net|edu|gov)\b",
    re.IGNORECASE,
)
_IP = re.compile(
    r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\b(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}\b"
    r"|\b[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6}::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?"
    r"|\bip(?:\s+address)?(?:\W+(?:is|was))?\W+(\d[\d.\s]*)",
    re.IGNORECASE,
)
_MAC = re.compile(r"\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b", re.IGNORECASE)
_LEAST_NEAR, _LEAST_FAR, _NEAR, _FAR, _AFTER = 5, 7, 3, 7, 6


class ContactRecogniser(Recogniser):
    """How to reach a person or a machine of theirs."""

    kinds = ("PHONE", "FAX", "EMAIL", "URL", "IP", "DEVICE")
    label = "contact"

    def find(self, text: str) -> Iterator[Finding]:
        """Numbers and addresses for contact in `text`."""
        words = words_of(text)
        codes = [code for code in codes_of(text, words) if not code.letters]
        for kind, pattern in _CUES:
            for cue in pattern.finditer(text):
                for code in around(codes, cue.start()):
                    if _reaches(words, cue, code):
                        yield Finding(kind, code.start, code.end, 0.9)
        yield from findings(_SHAPED, text, "PHONE", 0.85)
        for pattern in (_MAIL, _SPOKEN_MAIL):
            yield from findings(pattern, text, "EMAIL", 0.95)
        yield from findings(_MAIL_CUE, text, "EMAIL", 0.8, 1)
        yield from findings(_URL, text, "URL", 0.8)
        yield from findings(_IP, text, "IP", 0.9)
        yield from findings(_MAC, text, "DEVICE", 0.9)


def _reaches(words: Sequence[Word], cue: re.Match[str], code: Code) -> bool:
    """Whether a number belongs to a cue: short ones right after it, whole ones also farther off."""
    if code.digits < _LEAST_NEAR:
        return False
    if code.start >= cue.end():
        gap = sum(cue.end() <= word.start for word in words[max(0, code.first - _FAR) : code.first])
        return gap <= _NEAR if code.digits < _LEAST_FAR else gap < _FAR
    after = words[code.last + 1 : code.last + 1 + _AFTER]
    return code.digits >= _LEAST_FAR and any(word.start == cue.start() for word in after)
