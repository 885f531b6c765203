"""How digits, letters and dates are said, and how speech recognition writes them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Literal

from voiceassist.phi.wordlists import split_words

Style = Literal["written", "plain", "whisper"]

_ONES = split_words(
    """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
    fifteen sixteen seventeen eighteen nineteen
    """
)
_TENS = split_words(
    """
    - - twenty thirty forty fifty sixty seventy eighty ninety
    """
)
_ORDINALS = split_words(
    """
    - first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth
    thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth
    """
)
MONTHS = split_words(
    """
    January February March April May June July August September October November December
    """
)
_NATO = split_words(
    """
    alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november
    oscar papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu
    """
)
_SOUNDS = split_words(
    """
    ay bee see dee ee eff gee aitch eye jay kay el em en oh pee queue are ess tee you vee
    double-u ex why zee
    """
)
_AS_IN = split_words(
    """
    apple boy cat dog edward frank george henry ida john king larry mary nancy oscar paul queen
    robert sam tom union victor william xray young zebra
    """
)
_TIMES = {2: "double", 3: "triple"}
_PAIR, _HUNDRED = 2, 100
_NEW, _ONE_DIGIT, _LEAST_TO_SLIP = 20, 10, 4
_GROUPS = ("-", " ", ", ", ".", "")
_FILLERS = ("um", "uh", "er", "hmm")
_SLIPS = ("no sorry", "sorry", "no wait", "i mean", "correction", "scratch that", "make that")


def chance(random: Random, share: float) -> bool:
    """True in `share` of the cases."""
    return random.random() < share


def number(value: int) -> str:
    """0 to 999 in words."""
    if value < len(_ONES):
        return _ONES[value]
    if value < _HUNDRED:
        tens, ones = divmod(value, 10)
        return f"{_TENS[tens]} {_ONES[ones]}" if ones else _TENS[tens]
    hundreds, rest = divmod(value, _HUNDRED)
    return f"{_ONES[hundreds]} hundred" + (f" {number(rest)}" if rest else "")


def ordinal(value: int) -> str:
    """1 to 31 in words."""
    if value < len(_ORDINALS):
        return _ORDINALS[value]
    tens, ones = divmod(value, 10)
    return f"{_TENS[tens]} {_ORDINALS[ones]}" if ones else "thirtieth"


def year(random: Random, value: int) -> str:
    """A year as it is said."""
    century, rest = divmod(value, _HUNDRED)
    thousand = f"two thousand {'and ' if chance(random, 0.3) else ''}{number(rest)}"
    if century == _NEW and rest < _ONE_DIGIT:
        return thousand if rest else "two thousand"
    if rest < _ONE_DIGIT:
        return f"{number(century)} oh {number(rest)}" if rest else f"{number(century)} hundred"
    usual = f"{number(century)} {number(rest)}"
    return random.choice((usual, usual, thousand)) if century == _NEW else usual


def digits(random: Random, text: str, style: Style) -> str:
    """A run of digits as written, as words, or as Whisper cuts it."""
    if style == "written":
        return text
    return _said(random, text) if style == "plain" else _cut(random, text)


def code(random: Random, text: str, style: Style) -> str:
    """Letters, digits and marks of a code."""
    if style == "written":
        return text
    parts: list[str] = []
    for kind, piece in _pieces(text):
        if kind == "digit":
            parts.append(digits(random, piece, style))
        elif kind == "letter":
            parts.append(letters(random, piece, style))
        elif chance(random, 0.4):  # a mark is often left out
            parts.append(random.choice(("dash", "hyphen")) if style == "plain" else piece)
    if style == "plain" or chance(random, 0.5):
        return " ".join(parts)
    return random.choice(("", "-")).join(parts)


def letters(random: Random, text: str, style: Style) -> str:
    """Letters one by one."""
    if style == "written":
        return text
    way = random.choice(("bare", "bare", "nato", "as_in", "sound"))
    if style == "whisper":
        if way == "as_in":
            return ", ".join(f"{c.upper()} as in {_AS_IN[_place(c)].title()}" for c in text)
        return random.choice((" ", "-", ".", ". ", ", ")).join(text.upper())
    table = {"nato": _NATO, "sound": _SOUNDS}.get(way)
    if table:
        return " ".join(table[_place(c)].replace("-", " ") for c in text)
    if way == "as_in":
        word = random.choice(("as in", "for", "like"))
        return " ".join(f"{c.lower()} {word} {_AS_IN[_place(c)]}" for c in text)
    return " ".join(text.lower())


def slip(random: Random, said: str, others: Sequence[str] = _ONES[1:10]) -> str:
    """A pause inside what is said, or the last words taken back and said otherwise."""
    words = said.split()
    if len(words) < _LEAST_TO_SLIP:
        return said
    if chance(random, 0.5):
        words.insert(random.randrange(1, len(words)), random.choice(_FILLERS))
        return " ".join(words)
    wrong = [random.choice(others) for _ in range(2)]
    place = random.randrange(2, len(words) - 1)
    return " ".join([*words[:place], *wrong, random.choice(_SLIPS), *words[place:]])


def _place(letter: str) -> int:
    return ord(letter.lower()) - ord("a")


def _pieces(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for char in text:
        kind = "digit" if char.isdigit() else "letter" if char.isalpha() else "mark"
        if found and found[-1][0] == kind:
            found[-1] = (kind, found[-1][1] + char)
        else:
            found.append((kind, char))
    return found


def _said(random: Random, text: str) -> str:
    zero = random.choice(("oh", "zero"))
    pairs = chance(random, 0.3)
    doubles = chance(random, 0.5)
    out: list[str] = []
    at = 0
    while at < len(text):
        run = len(text) - at - len(text[at:].lstrip(text[at]))
        if doubles and run in _TIMES:
            out += [_TIMES[run], zero if text[at] == "0" else _ONES[int(text[at])]]
            at += run
        elif pairs and at + _PAIR <= len(text) and text[at] != "0" and chance(random, 0.8):
            out.append(number(int(text[at : at + _PAIR])))
            at += _PAIR
        else:
            out.append(zero if text[at] == "0" else _ONES[int(text[at])])
            at += 1
    return " ".join(out)


def _cut(random: Random, text: str) -> str:
    mark = random.choice(_GROUPS)
    out: list[str] = []
    at = 0
    while at < len(text):
        size = random.choice((1, 2, 2, 3, 3, 4))
        out.append(text[at : at + size])
        at += size
    return mark.join(out)
