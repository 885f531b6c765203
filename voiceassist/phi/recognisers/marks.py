"""What stands for one person without a name: a room, a role only one holds, a body's print."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from voiceassist.phi.letters import letter_run
from voiceassist.phi.recognisers.base import Finding, Word, findings
from voiceassist.phi.wordlists import split_words

_SPELLERS = frozenset(
    split_words(
        """
        spell spelled spelt spelling spells name surname named names called patient goes lady man
        woman gentleman
        """
    )
)
_LINKS = frozenset(split_words("is was it's that's it as by that s his her the letters like"))
_LEAST_SPELLED, _WINDOW = 3, 6

_SOMEONE = re.compile(
    r"\b(?:he|she|his|her|hers|him|patient|patient's|pt|mr|mrs|ms|man|woman|girl|boy|lady|guy|kid|"
    r"gentleman|child|infant|baby|resident|fellow|someone|mother|father|neonate|newborn|"
    r"year old|yo|mine)\b",
    re.IGNORECASE,
)
_ROOM = re.compile(
    r"\b((?:room|bed|bay|cubicle|pod|exam room|locker)\s+"
    r"(?:number\s+|no\.?\s+)?#?\s?\d+\s?(?:[a-f]\b)?)"
    r"(?!\.?\d|\s*(?:times|degrees?|percent|hours?|weeks?|days?|minutes?|units?|per|beds?)\b)"
    r"(?P<has>\s+(?:has|needs|wants|is|was|with|had|keeps|just)\b)?",
    re.IGNORECASE,
)
_ROLE = (
    r"(?:mayor|governor|senator|president|prime minister|congress(?:man|woman|person)|"
    r"principal|superintendent|sheriff|(?:police|fire) chief|chief of police|bishop|pastor|priest|"
    r"rabbi|imam|judge|coach|quarterback|ceo|chief executive|news anchor|anchor(?:man|woman)|"
    r"weather ?(?:man|woman|girl)|celebrity|astronaut|ambassador|councilman|councilwoman|mascot|"
    r"postmaster|librarian|chief of staff|chief medical officer|medical director)"
)
_KIN = (
    r"(?:daughter|son|wife|husband|widow|mother|father|mom|dad|sister|brother|child|kid|niece|nephew|"
    r"partner|spouse|aunt|uncle|cousin|grand(?:son|daughter|mother|father))"
)
_PLACE = r"(?:town|city|state|county|village|school|hospital|clinic|parish)"
_WHOSE = rf"(?:the|our|a|this|that|my|current|former|local|{_PLACE}'s)"
_PERSON = (
    r"(?:he|she|patient|who|woman|man|girl|boy|lady|guy|gentleman|kid|husband|wife|son|daughter|"
    r"mother|father)"
)
_IS = r"(?:\s*'s|\s+is|\s+was)"
_UNIQUE = re.compile(
    rf"\b{_ROLE}'?s\s+{_KIN}\b"
    rf"|\b{_KIN}\s+of\s+(?:{_WHOSE}\s+){{1,3}}{_ROLE}\b"
    rf"|\b{_PERSON}{_IS}\s+(?:{_WHOSE}\s+){{1,3}}{_ROLE}\b"
    rf"|\b{_PLACE}'s\s+{_ROLE}\b"
    rf"|\b{_PERSON}{_IS}\s+the\s+(?:only|first|youngest|oldest|last|tallest)\s+(?:\w+\s+){{1,3}}?"
    r"(?:in|of|at|on)\s+(?:(?:the|our|this)\s+)?(?:whole\s+)?"
    rf"(?:{_PLACE}|area|country|team|island|district|world)\b"
    rf"|\b{_PERSON}(?:\s+who)?{_IS}\s+(?:just\s+|recently\s+)?(?:on|in|all over)\s+(?:the\s+)?"
    r"(?:news|news ?papers?|papers?|tv|television|headlines|front page)\b"
    rf"|\b{_PERSON}\s+(?:who\s+)?(?:just\s+|recently\s+)?won\s+(?:the|an?)\s+(?:\w+\s+)?"
    r"(?:lottery|medal|election|pageant|super bowl|championship|prize|oscar)\b"
    r"|\b(?:current|reigning|former)\s+(?:miss|mister|mr)\s+\w+",
    re.IGNORECASE,
)
_PRINT = re.compile(
    r"\b(?:his|her|their|patient'?s|my)\s+((?:full\s+)?(?:face\s+photo(?:graph)?|photo(?:graph)?|"
    r"(?:finger|thumb|voice|palm|foot)\s?prints?|retinal?\s+scan|iris\s+scan|face\s+scan|"
    r"dna\s+profile|selfie|mugshot))\b",
    re.IGNORECASE,
)


def rooms(text: str) -> Iterator[Finding]:
    """A room or bed with its number, where somebody is spoken of or the room itself "has" it."""
    somebody = _SOMEONE.search(text) is not None
    for found in _ROOM.finditer(text):
        if somebody or found["has"]:
            yield Finding("UNIQUE_ID", *found.span(1), 0.7)


def unique_marks(text: str) -> Iterator[Finding]:
    """As in "the mayor's daughter", "the only dentist in the village"."""
    return findings(_UNIQUE, text, "UNIQUE_ID", 0.8)


def biometrics(text: str) -> Iterator[Finding]:
    """As in "her fingerprints", "his full face photo"."""
    return findings(_PRINT, text, "BIOMETRIC", 0.9, 1)


def spelled(words: Sequence[Word]) -> Iterator[Finding]:
    """Letters one by one next to "spelled", "last name" and their like, before or after."""
    texts = [word.text for word in words]
    at = 0
    while at < len(words):
        _, length = letter_run(texts, at)
        if length >= _LEAST_SPELLED and _names(texts, at, at + length):
            yield Finding("NAME", words[at].start, words[at + length - 1].end, 0.85)
        at += max(1, length)


def _names(texts: Sequence[str], at: int, end: int) -> bool:
    before = list(texts[max(0, at - _WINDOW) : at])
    while before and before[-1] in _LINKS:
        before.pop()
    after = texts[end : end + _WINDOW]
    return (bool(before) and before[-1] in _SPELLERS) or (
        bool(after) and after[0] in {"is", "was", "that's"} and not _SPELLERS.isdisjoint(after)
    )
