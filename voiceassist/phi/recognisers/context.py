"""Words that tell that a particular person is spoken of, or an encounter with one."""

from __future__ import annotations

import re
from collections.abc import Iterable

from voiceassist.phi.lexicon import Lexicon, WordKind

PERSON = (
    r"(?:he|she|his|her|hers|him|himself|herself|patient|patient's|pt|mr|mrs|ms|miss|baby|"
    r"the (?:man|woman|girl|boy|lady|gentleman|child|infant|resident)|"
    r"my (?:mother|father|mom|dad|wife|husband|son|daughter|sister|brother|"
    r"aunt|uncle|neighbou?r|boss|employer|coworker|roommate)|named|year old|yo|y o|"
    r"our (?:clinic|hospital|office|practice|department|ward)|admitted (?:to|at)|"
    r"seen (?:at|by)|treated at|resid(?:es|ing)|cases? like|"
    r"male|female|case|appointment|visit|visited)"
)
EVENT = (
    r"(?:born|birth|birthday|dob|d o b|birthdate|admitted|admission|discharged?|seen|visit|visited|"
    r"visits|"
    r"treated|evaluated|diagnosed|operated|surgery|died|death|deceased|passed away|appointment|"
    r"scheduled|presented|presenting|reviewed|follow up|checked|examined|hospitali[sz]ed|"
    r"missed|came|transferred|referred|underwent|procedure|clinic|dated?|on)"
)
HAS_PERSON = re.compile(rf"\b{PERSON}\b", re.IGNORECASE)
HAS_EVENT = re.compile(rf"\b{EVENT}\b", re.IGNORECASE)


def about_a_person(text: str) -> bool:
    """Whether somebody in particular is spoken of."""
    return HAS_PERSON.search(text) is not None


def names_someone(words: Iterable[str], lexicon: Lexicon) -> bool:
    """Whether a very common given name that is no other word is among `words`."""
    other = WordKind.COMMON | WordKind.MEDICAL | WordKind.EPONYM | WordKind.STATE
    return any(bits & WordKind.TOP_GIVEN and not bits & other for bits in map(lexicon.bits, words))


def about_an_event(text: str) -> bool:
    """Whether an encounter, a birth or a death is spoken of."""
    return HAS_EVENT.search(text) is not None
