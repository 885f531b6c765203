"""A second, plain reading of whether what was spoken is in its evidence. Pure.

Kept apart from `support.py` and `facts.py`, so that one mistake is not made twice: it knows only
sets of numbers, units, drugs and denying words. It finds less and is simple enough to trust.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from voiceassist.contract.knowledge import Sentence, Source
from voiceassist.knowledge.text.drugs import known_drugs

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_IN_WORDS = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty"
    r"|fifty|hundred|thousand|once|twice)\b"
)
_UNIT = re.compile(
    r"(?:mg/kg|mg/dl|mmol/l|mcg|mg|ml|kg|g|units?|%|percent|milligrams?|micrograms?|grams?"
    r"|milliliters?|hours?|days?|weeks?|months?|years?|minutes?|tablets?|puffs?|drops?)(?![a-z])"
)
_SHORT = {
    "milligram": "mg", "microgram": "mcg", "gram": "g", "milliliter": "ml", "percent": "%",
}  # fmt: skip
_DENIAL = re.compile(
    r"\b(?:not|no|never|without|none|neither|nor|cannot|unless|except|avoid|contraindicated)\b|n't"
)
_WORD = re.compile(r"[a-z]+")


def absent(sentence: Sentence) -> tuple[str, ...]:
    """The numbers, units, drugs and denials that are spoken and stand in none of the sources.

    Leads and notices are the assistant's own phrases: a title is read aloud with its numbers.
    """
    if sentence.kind in {"lead", "notice"}:
        return ()
    said = _marks(sentence.text)
    held = set().union(*(_marks(f"{one.title} {one.quote}") for one in sentence.sources))
    return tuple(sorted(said - held))


def resolves(source: Source, text_of: Callable[[str], str | None]) -> bool:
    """Whether the document has exactly the quoted words at the place."""
    text = text_of(source.document)
    return (
        text is not None and source.quote != "" and text[source.start : source.end] == source.quote
    )


def _marks(text: str) -> set[str]:
    plain = text.lower().replace("\u2019", "'")
    numbers = {one.replace(",", "") for one in _NUMBER.findall(plain)}
    units = {_SHORT.get(one.rstrip("s"), one.rstrip("s")) for one in _units(plain)}
    drugs = {word for word in _WORD.findall(plain) if word in known_drugs()}
    denials = {"denial"} if _DENIAL.search(plain) else set()
    return numbers | set(_IN_WORDS.findall(plain)) | units | drugs | denials


def _units(plain: str) -> list[str]:
    ends = (found.end() for found in _NUMBER.finditer(plain))
    after = (_UNIT.match(plain, end + (plain[end : end + 1] == " ")) for end in ends)
    return [found[0] for found in after if found]
