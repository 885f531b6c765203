"""Honest other ways to say a sentence of a document, and the tools to change one. Seeded."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)*(?![\w]|\.\d)")
WORD = re.compile(r"[A-Za-z]+(?:['\u2019][a-z]+)?")
DENIES = re.compile(
    r"\b(?:do not |does not |did not |not |never |no |without |cannot |n't )", re.IGNORECASE
)
CONDITION = re.compile(
    r",? ?\b(?:if|unless|when|until|except|only|before|after|while|without|in (?:adults|children|"
    r"women|men|patients|people|infants|pregnancy)|who|whose)\b [^,;:.]+"
)
LEANS = re.compile(r"^(?:it|they|this|these|those|such|he|she|other|some)\b", re.IGNORECASE)
_DETAIL = re.compile(r" (?:with|during|in|for|by) [^,;:.]+(?=[,;:.])")
_LIST = re.compile(
    r"^([^,;:]+\b(?:include|are|such as|like)\b[^,;:]+(?:, [^,;:]+)+?), [^,]+,"
    r" (?:and|or) [^,;.]+\.$"
)
_PLAIN_WORD = re.compile(
    r"\b(?:also|very|generally|especially|for example,?|however,?) ", re.IGNORECASE
)
_LONG_UNITS = (("mg", "milligrams"), ("g", "grams"), ("ml", "milliliters"), ("%", "percent"))


@dataclass(frozen=True, slots=True)
class Around:
    """A sentence, the other sentences of its passage, and chance."""

    text: str
    others: Sequence[str]
    dice: random.Random


Kind = Callable[[Around], str | None]


def shuffled(at: Around, form: re.Pattern[str]) -> list[re.Match[str]]:
    """The places of `form` in the sentence, in any order."""
    found = list(form.finditer(at.text))
    at.dice.shuffle(found)
    return found


def put(text: str, old: re.Match[str], new: str) -> str:
    """`text` with `new` in the stead of `old`."""
    changed = text[: old.start()] + new + text[old.end() :]
    return " ".join(changed.split())


def _as_it_is(at: Around) -> str | None:
    return at.text


def _units_in_words(at: Around) -> str | None:
    new = at.text
    for short, long in _LONG_UNITS:
        new = re.sub(rf"(?<=\d) ?{short}(?![\w/])", f" {long}", new)
    return new if new != at.text else None


def _aside_dropped(at: Around) -> str | None:
    new = re.sub(r" ?\((?![^)]*\d)[^)]*\)", "", at.text)
    return new if new != at.text else None


def _recommended(at: Around) -> str | None:
    if LEANS.match(at.text) or not at.text[1:2].islower():
        return None
    return f"The library says that {at.text[0].lower()}{at.text[1:]}"


def _last_items_dropped(at: Around) -> str | None:
    """A list of words without its last ones, where those hold nothing that decides."""
    found = _LIST.match(at.text)
    if found is None or CONDITION.search(at.text) or DENIES.search(at.text):
        return None
    return None if NUMBER.search(at.text[found.end(1) :]) else found[1] + "."


def _plain_word_dropped(at: Around) -> str | None:
    for found in shuffled(at, _PLAIN_WORD):
        return put(at.text, found, "")
    return None


def _detail_dropped(at: Around) -> str | None:
    """Say less: some of this is honest, some is not."""
    for found in shuffled(at, _DETAIL):
        if not CONDITION.search(found[0]):
            return put(at.text, found, "")
    return None


def _two_joined(at: Around) -> str | None:
    """Two sentences in one: "A, and B"."""
    others = [o for o in at.others if not LEANS.match(o) and o[1:2].islower()]
    if not others or LEANS.match(at.text):
        return None
    other = at.dice.choice(others)
    return f"{at.text.rstrip('.')}, and {other[0].lower()}{other[1:]}"


HONEST: Mapping[str, Kind] = {
    "as it is": _as_it_is,
    "units in words": _units_in_words,
    "aside dropped": _aside_dropped,
    'behind "the library says that"': _recommended,
    "last items dropped": _last_items_dropped,
    "plain word dropped": _plain_word_dropped,
    "two joined": _two_joined,
}

SHORTER: Mapping[str, Kind] = {"detail dropped": _detail_dropped}
