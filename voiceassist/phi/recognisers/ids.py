"""Numbers and codes that identify: MRN, SSN, plan, account, licence, vehicle, device, others.

A cue names a code's kind. A strong one ("serial number") may stand some words away, before or
after; a weak one ("device") right before. A long number or mixed code without a cue is still
somebody's. Doses, counts and genes are told from them by what stands next to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from voiceassist.phi.recognisers.base import Finding, Recogniser, Word, findings, words_of
from voiceassist.phi.recognisers.codes import Code, around, codes_of
from voiceassist.phi.recognisers.marks import biometrics, rooms, spelled, unique_marks
from voiceassist.phi.tokens import FILLERS
from voiceassist.phi.wordlists import split_words

_NUMBER = r"(?:[\s-]+(?:number|numbers|num|no|nr|id|i\s?d|identifier|identification|code|tag|#)\b)"
_NOUNS: dict[str, str] = {  # with "number" strong, alone weak
    "MRN": r"(?:(?:medical|health|patient)\s+)?records?|charts?|med\s+rec|hospital|e[mh]r",
    "SSN": r"social",
    "PLAN": (
        r"insur(?:ance|er|ed)?|ins|policy|plan|member(?:ship)?|subscriber|beneficiary|medicare|"
        r"medicaid|group|payer|coverage"
    ),
    "ACCOUNT": r"account|acct|bank|billing|card|routing|invoice|claim|encounter|visit|statement",
    "LICENCE": (
        r"licen[cs]e|certificate|cert|permit|registration|credential|badge|driver'?s|employee"
    ),
    "VEHICLE": r"vehicle|plates?|tags?",
    "DEVICE": r"device|implant|lot|model|asset|pump|pacemaker|defibrillator",
    "BIOMETRIC": r"retinal?|iris|palm",
    "UNIQUE_ID": (
        r"patient|pt|site|case|study|subject|order|accession|reference|ref|specimen|ticket|file|"
        r"user(?:\s?name)?|login|rx|prescription|confirmation|tracking|sample|participant|"
        r"enrol?lee|locker|student|identifier|identified\s+as|i\s?d"
    ),
}
_PHRASES: dict[str, str] = {  # strong by themselves
    "UNIQUE_ID": r"code\s+number",
    "MRN": r"m\.?\s?r\.?\s?n|mr\s?number",
    "SSN": r"s\.?\s?s\.?\s?[nm]|social\s+security|soc\s+sec|(?:the|his|her|their)\s+social",
    "PLAN": r"hicn|mbi|insurance\s+card|hpn",
    "ACCOUNT": r"credit\s+card|bank\s+account|iban",
    "LICENCE": r"driver'?s?\s+licen[cs]e|passport|dea|npi|state\s+i\.?d",
    "VEHICLE": (
        r"vin|v\.i\.n|vehicle\s+(?:identification|registration|serial)|vehicle\s+tag|"
        r"(?:number|licen[cs]e)\s+plates?|car\s+registration"
    ),
    "DEVICE": r"serial|udi|u\.d\.i|imei|mac\s+address|s\s?/?\s?n",
    "BIOMETRIC": (
        r"(?:finger|voice|palm|thumb|foot|face|retinal?|iris)\s?-?(?:print|scan|template)s?|"
        r"biometrics?|face\s?id|facial\s+recognition|voice\s?id"
    ),
    "ADDRESS": r"zip(?:\s?codes?)?|postal\s+codes?|post\s?codes?",
    "IP": r"i\.?p\.?(?:\s+address)?|server\s+address",
}
_LINKS = frozenset(
    split_words(
        """
        is was number numbers num no nos code id i d of the read reads it's it ending ends starts in
        with a and called plate says say shows
        """
    )
)
_COPULAS = frozenset(split_words("is was as are s it's zip on in belongs his her the that's"))
_NEAR, _CLOSE, _AFTER = 8, 2, 5

_STRONG_CUES = tuple(
    (kind, re.compile(rf"\b(?:(?:{noun}){_NUMBER}|{phrase})(?![a-z])", re.IGNORECASE))
    for kind, phrase in _PHRASES.items()
    for noun in [_NOUNS.get(kind, "code")]
)
_WEAK_CUES = tuple(
    (kind, re.compile(rf"\b(?:{nouns})(?![a-z])", re.IGNORECASE)) for kind, nouns in _NOUNS.items()
)
_GLUED = re.compile(r"\b(mrn?|ss[nm]|hicn|npi|dea)(?=\d)[a-z0-9-]*\d\b", re.IGNORECASE)
_SSN = re.compile(r"\b\d{3}[-.\s]\d{2}[-.\s]\d{4}\b")
_DIGITS = re.compile(r"(?<![\d.])\d(?:[-\s]?\d){5,}(?![\d])")
_MIXED = re.compile(r"(?<![a-z0-9.-])[a-z0-9]+(?:[-.][a-z0-9]+)*(?![a-z0-9])", re.IGNORECASE)
_AMOUNT = re.compile(
    r"\s*(?:units?|iu|mg|mcg|milligrams?|micrograms?|grams?|g|ml|cells?|copies|people|patients|"
    r"cases|deaths|participants|subjects|women|men|children|births|per|percent|%|dollars|"
    r"steps|calories|leukocytes|platelets|adults|persons|individuals|(?:once|twice)|daily|times|every|"
    r"bid|tid)\b",
    re.IGNORECASE,
)
_FREE_CODES = re.compile(
    r"(?:\d{1,2}|x|y)(?:[pq]\d+(?:\.\d+)?-?)+"  # a chromosome's band
    r"|\d?[a-z]\d{1,4}[a-z]"  # an exchange in a protein or gene
    r"|\d+\.\d+[a-z]{1,3}\d?"  # a measure: 1.73m2
    r"|[a-tv-z]\d[0-9ab]\.\d{1,4}",  # a diagnosis's code
    re.IGNORECASE,
)
_YEARS = re.compile(r"(?:(?:18|19|20)\d\d[\s-]*)+")
_LEAST_WEAK = {"PLAN": 3, "MRN": 3, "SSN": 3, "LICENCE": 3, "VEHICLE": 2}
_LEAST_STRONG, _LEAST_CLOSE, _LEAST_STRONG_DIGITS, _LEAST_MIXED = 4, 3, 2, 4
_LEAST_COLONS, _LONG, _LEAST_TAPER = 2, 6, 3


class IdRecogniser(Recogniser):
    """Identifying numbers and codes by their cues, and long ones without."""

    kinds = (*_NOUNS, "ADDRESS", "IP", "ID", "NAME")
    label = "ids"

    def find(self, text: str) -> Iterator[Finding]:
        """Identifying numbers in `text`."""
        words = words_of(text)
        codes = [code for code in codes_of(text, words) if not _is_amount(text, code)]
        yield from _by_cues(text, words, codes)
        yield from findings(_SSN, text, "SSN", 0.95)
        yield from findings(_GLUED, text, "MRN", 0.9)
        yield from _bare(text, codes)
        yield from biometrics(text)
        yield from rooms(text)
        yield from spelled([word for word in words if word.text not in FILLERS])
        yield from unique_marks(text)


def _by_cues(text: str, words: Sequence[Word], codes: Sequence[Code]) -> Iterator[Finding]:
    if not codes:
        return
    for kind, pattern in _STRONG_CUES:
        for cue in pattern.finditer(text):
            for code in around(codes, cue.start()):
                if _strong(text, words, cue, code):
                    yield Finding(kind, code.start, code.end, 0.95)
    for kind, pattern in _WEAK_CUES:
        for cue in pattern.finditer(text):
            for code in around(codes, cue.start()):
                if _weak(text, words, cue, code, _LEAST_WEAK.get(kind, 4)):
                    yield Finding(kind, code.start, code.end, 0.95)


def _strong(text: str, words: Sequence[Word], cue: re.Match[str], code: Code) -> bool:
    if code.size < _LEAST_CLOSE or code.digits < _LEAST_STRONG_DIGITS:
        return False
    if code.start >= cue.end():
        near = _between(words, cue.end(), code.first)
        year = _YEARS.fullmatch(text, code.start, code.end)
        return len(near) <= (_CLOSE if year or code.size < _LEAST_STRONG else _NEAR)
    after = [w.text for w in words[code.last + 1 : code.last + 2 + _AFTER] if w.start < cue.start()]
    return code.end <= cue.start() and len(after) <= _AFTER and (not after or after[0] in _COPULAS)


def _weak(text: str, words: Sequence[Word], cue: re.Match[str], code: Code, least: int) -> bool:
    plate = least == _LEAST_WEAK["VEHICLE"] and code.size > _LEAST_STRONG and code.letters > 1
    enough = code.digits >= least or plate
    if code.start < cue.end() or not enough or _YEARS.fullmatch(text, code.start, code.end):
        return False
    return all(word in _LINKS for word in _between(words, cue.end(), code.first))


def _between(words: Sequence[Word], start: int, first: int) -> list[str]:
    begin = first
    while begin and words[begin - 1].start >= start and first - begin <= _NEAR:
        begin -= 1
    return [word.text for word in words[begin:first]]


def _bare(text: str, codes: Sequence[Code]) -> Iterator[Finding]:
    """Codes without a cue: six digits and more, or four with letters; many colons."""
    for code in codes:
        if code.colons >= _LEAST_COLONS:
            yield Finding("IP", code.start, code.end, 0.8)
    for found in _DIGITS.finditer(text):
        if not _free(text, *found.span()) and not _taper(found.group()):
            yield Finding("ID", *found.span(), 0.8)
    for found in _MIXED.finditer(text):
        part = found.group()
        digits = sum(map(str.isdigit, part))
        mixed = digits >= _LEAST_MIXED and not part.replace("-", "").replace(".", "").isdigit()
        if mixed and not _free(text, *found.span()):
            yield Finding("ID", *found.span(), 0.8)


def _free(text: str, start: int, end: int) -> bool:
    return (
        _FREE_CODES.fullmatch(text, start, end) is not None
        or _AMOUNT.match(text, end) is not None
        or _YEARS.fullmatch(text, start, end) is not None
    )


def _taper(text: str) -> bool:
    """As in "40 30 20 10": round numbers going down are doses."""
    values = [int(part) for part in text.replace("-", " ").split()]
    steps = pairwise(values)
    return len(values) >= _LEAST_TAPER and all(a > b and a % 5 == b % 5 == 0 for a, b in steps)


def _is_amount(text: str, code: Code) -> bool:
    return not code.letters and _AMOUNT.match(text, code.end) is not None and code.size < _LONG
