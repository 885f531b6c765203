"""Spoken numbers to digits: cardinals, ordinals, digit strings, "oh", "double two"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voiceassist.phi.wordlists import split_words

_UNITS = {
    w: i
    for i, w in enumerate(
        split_words(
            """
    zero one two three four five six seven eight nine
    """
        )
    )
}
_TEENS = {
    w: i + 10
    for i, w in enumerate(
        split_words(
            """
    ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
    """
        )
    )
}
_TENS = {
    w: 10 * (i + 2)
    for i, w in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
    )
} | {"fourty": 40}
_ORDINAL_UNITS = {
    w: i + 1
    for i, w in enumerate(
        split_words(
            """
    first second third fourth fifth sixth seventh eighth ninth
    """
        )
    )
}
_ORDINAL_TEENS = {
    w: i + 10
    for i, w in enumerate(
        split_words(
            """
    tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth
    nineteenth
    """
        )
    )
} | {"twentieth": 20, "thirtieth": 30}
_REPEATS = {"double": 2, "triple": 3, "treble": 3}
_LONGEST = 12  # words of one number
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
NUMBER_WORDS = frozenset(
    {
        *_UNITS,
        *_TEENS,
        *_TENS,
        *_ORDINAL_UNITS,
        *_ORDINAL_TEENS,
        *_REPEATS,
        *_SCALES,
        "oh",
        "nought",
    }
)


@dataclass(frozen=True, slots=True)
class Group:
    """`digits` as spoken in one breath ("forty five" is 45), from `length` words."""

    digits: str
    length: int
    ordinal: bool = False


def suffix(value: int) -> str:
    """The ordinal's ending: st, nd, rd, th."""
    if value % 100 in {11, 12, 13}:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")


def read_group(words: Sequence[str], at: int, *, inside: bool = False) -> Group | None:
    """The number that begins at `words[at]`; None where there is none.

    `inside` tells that a number stands right before, so that "oh" is a zero.
    """
    word = words[at]
    after = words[at + 1] if at + 1 < len(words) else ""
    if word == "a":
        return _cardinal(["one", *words[at + 1 : at + _LONGEST]], 0) if after in _SCALES else None
    if word in _REPEATS and (after in _UNITS or after in {"oh", "o"}):
        return Group(str(_UNITS.get(after, 0)) * _REPEATS[word], 2)
    if word in {"oh", "o", "nought"}:
        spoken = inside or (word != "o" and (after in _UNITS or after in {"oh", "double"}))
        return Group("0", 1) if spoken else None
    if word in _ORDINAL_UNITS:
        return Group(str(_ORDINAL_UNITS[word]), 1, ordinal=True)
    if word in _ORDINAL_TEENS:
        return Group(str(_ORDINAL_TEENS[word]), 1, ordinal=True)
    return _cardinal(words, at)


def _below_hundred(words: Sequence[str], at: int) -> Group | None:
    word = words[at] if at < len(words) else ""
    if word in _UNITS:
        return Group(str(_UNITS[word]), 1)
    if word in _TEENS:
        return Group(str(_TEENS[word]), 1)
    if word not in _TENS:
        return None
    after = words[at + 1] if at + 1 < len(words) else ""
    if _UNITS.get(after):
        return Group(str(_TENS[word] + _UNITS[after]), 2)
    if after in _ORDINAL_UNITS:
        return Group(str(_TENS[word] + _ORDINAL_UNITS[after]), 2, ordinal=True)
    return Group(str(_TENS[word]), 1)


def _cardinal(words: Sequence[str], at: int) -> Group | None:
    """As in "two hundred and five", "two thousand twenty three", or what is below a hundred."""
    first = _below_hundred(words, at)
    if first is None or first.ordinal:
        return first
    end = at + first.length
    if end >= len(words) or words[end] not in _SCALES:
        return first
    total, current = 0, int(first.digits)
    while end < len(words):
        if words[end] in _SCALES:
            scale = _SCALES[words[end]]
            current = current * scale
            if scale >= _SCALES["thousand"]:
                total, current = total + current, 0
            end += 1
            continue
        skip = 1 if words[end] == "and" else 0
        more = _below_hundred(words, end + skip)
        if more is None or more.ordinal or current % 100:
            break
        current += int(more.digits)
        end += skip + more.length
    return Group(str(total + current), end - at)
