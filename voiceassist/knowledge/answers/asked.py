"""Whether a passage is of whom, of which drug and of what kind the question is. Pure.

A near miss answered is worse than nothing: the dose for adults where a child's is asked, what is
said of another drug, "high potassium" for a low one, words where an amount is wanted. Likeness
cannot tell these apart, since all but one word is the same; so they are told by the word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from voiceassist.contract.knowledge import Passage
from voiceassist.knowledge.text.drugs import is_drug
from voiceassist.knowledge.text.queries import Term, understand, words
from voiceassist.knowledge.text.vocabulary import STOP_WORDS, american


def _words_of(text: str) -> frozenset[str]:
    return frozenset(words(american(text)))


_CHILD = _words_of(
    "child children childhood infant infants infancy baby babies newborn newborns neonate neonates"
    " neonatal toddler toddlers pediatric pediatrics kid kids boy boys girl girls teenager"
    " teenagers adolescent adolescents juvenile"
)
_NEWBORN = _words_of("newborn newborns neonate neonates neonatal infant infants baby babies birth")
_ADULT = frozenset({"adult", "adults"})
_PREGNANT = _words_of(
    "pregnant pregnancy pregnancies prenatal antenatal trimester gestation gestational maternal"
    " obstetric"
)
_NURSING = _words_of("breastfeeding breastfeed breastfed lactation lactating")
_MEN = _words_of("man men male males boys")
_WOMEN = _words_of("woman women female females girls")
_OPPOSITES = (("low", "high"), ("acute", "chronic"), ("benign", "malignant"), ("left", "right"))
_LABELLED = re.compile(  # "hepatitis b", "type 2"
    r"\b([a-z]{4,}) ([a-z])\b|\b(type|stage|grade|class|phase|group|factor) (\d)\b"
)
_DIGITS = {"one": "1", "two": "2", "three": "3", "four": "4", "i": "1", "ii": "2", "iii": "3"}
_AGED = re.compile(
    r"\b(?:\d|1[0-7]|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen"
    r"|fourteen|fifteen|sixteen|seventeen)[ -]years?[ -]old\b"
    r"|\b\w+[ -](?:month|week|day)s?[ -]old\b",
    re.IGNORECASE,
)
_TENS = re.compile(r"(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)[ -]$", re.IGNORECASE)
_TELLS_AGES = re.compile(
    r"\b(?:under|over|from|aged?|below|above|than) \w+(?: to \w+)? (?:years|months|days)\b"
    r"|\b(?:years?|months?) (?:old|of age)\b",
    re.IGNORECASE,
)
_ASKS_DOSE = re.compile(
    r"\b(?:dos(?:e|es|ing|age)|how much|how many (?:mg|milligrams|units|ml|tablets|puffs))\b",
    re.IGNORECASE,
)
_TELLS_AMOUNT = re.compile(
    r"\d ?(?:mg|milligrams?|g|grams?|mcg|micrograms?|units?|m?l|tablets?|puffs?|inhalations?"
    r"|drops?|mmol|%|percent|times)\b|\bdos(?:e|es|age)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Asked:
    said: frozenset[str]
    child_by_age: bool
    drugs: tuple[Term, ...]
    dose: bool
    labels: frozenset[tuple[str, str]]


def about(query: str, passage: Passage, text: str | None = None) -> bool:
    """Whether `passage`, with its title and place, may answer `query` and not its neighbour.

    Of its text, `text` alone is read where that is given.
    """
    asked = _read(query)
    text = passage.text if text is None else text
    told = _words_of(f"{passage.title} {passage.place} {text}")
    return (
        _of_whom(asked, told, text)
        and all(_names(term, told) for term in asked.drugs)
        and not any(_opposite(asked.said, told, one) for one in _OPPOSITES)
        and not _other_label(asked.labels, _labels(f"{passage.title} {passage.place} {text}"))
        and (not asked.dose or _TELLS_AMOUNT.search(text) is not None)
    )


@lru_cache(maxsize=64)
def _read(query: str) -> _Asked:
    aged = _AGED.search(query)
    return _Asked(
        said=_words_of(query),
        child_by_age=aged is not None and not _TENS.search(query[: aged.start()]),
        drugs=tuple(term for term in understand(query).terms if is_drug(term.alternatives[0])),
        dose=_ASKS_DOSE.search(query) is not None,
        labels=_labels(query),
    )


def _of_whom(asked: _Asked, told: frozenset[str], text: str) -> bool:
    said = asked.said
    if asked.child_by_age and not (told & _CHILD or _TELLS_AGES.search(text)):
        return False
    for group in (_CHILD, _NEWBORN - {"birth"}, _PREGNANT, _NURSING):
        if said & group and not told & (group | ({"birth"} if group < _CHILD else frozenset())):
            return False
    return not any(
        said & group and not told & group and told & other and not said & other
        for group, other in ((_MEN, _WOMEN), (_WOMEN, _MEN), (_ADULT, _CHILD))
    )


def _labels(text: str) -> frozenset[tuple[str, str]]:
    plain = " ".join(_DIGITS.get(word, word) for word in re.findall(r"\w+", text.lower()))
    pairs = ((a or c, b or d) for a, b, c, d in _LABELLED.findall(plain))
    return frozenset((name, label) for name, label in pairs if name not in STOP_WORDS)


def _other_label(asked: frozenset[tuple[str, str]], told: frozenset[tuple[str, str]]) -> bool:
    """Whether hepatitis C is asked and only hepatitis B is told."""
    names = {name for name, _ in told}
    return any(one not in told and one[0] in names for one in asked)


def _names(term: Term, told: frozenset[str]) -> bool:
    return any(set(words(one)) <= told for one in term.alternatives)


def _opposite(said: frozenset[str], told: frozenset[str], pair: tuple[str, str]) -> bool:
    """Whether one of the pair is asked, and only the other told."""
    return any(
        one in said and other not in said and one not in told and other in told
        for one, other in (pair, pair[::-1])
    )
