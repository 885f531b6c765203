"""The forms in which a listed name may be said and written down by speech recognition. Pure.

"O'Connor, Margaret A." is heard as "margaret oconnor", "margaret o connor", "margaret a
o'connor", "o'connor margaret", "margaret o", or "o'connor" alone. A form is folded words with
one space between: lower case, no accents, apostrophes or hyphens.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import IntFlag
from itertools import product

from voiceassist.phi.lexicon import Lexicon, WordKind
from voiceassist.phi.normalise import normalise
from voiceassist.phi.recognisers import vocabulary as v
from voiceassist.phi.tokens import plain
from voiceassist.phi.wordlists import split_words

WORD = re.compile(r"[^\W_]+(?:['\u2018\u2019\u02bc`][^\W\d_]+)*")
_APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u02bc`", "'"))
# letters that Unicode doesn't decompose, as English writes them
_LETTERS = str.maketrans({
    "ł": "l", "ø": "o", "ß": "ss", "đ": "d", "æ": "ae", "œ": "oe", "\u0131": "i", "þ": "th",
    "ð": "d", "ħ": "h", "ŋ": "ng",
})  # fmt: skip
_SUFFIXES = frozenset(
    split_words("jr sr ii iii iv md mbbs phd dds dmd rn lpn bsn msn dnp pharmd psyd esq facp cna")
)
_AFTER_COMMA = _SUFFIXES | {"do", "pa", "np", "v"}  # without a comma these are surnames, too
_PARTICLES = frozenset(
    split_words(
        """
        de del della der den van von di da dos das du la le al el bin ibn ben abu st saint mac mc
        san santa ter ten
        """
    )
)
_LEAST_ALONE = 3  # "ng" and "li" are abbreviations more often than surnames


class Mark(IntFlag):
    """What a form is; a form can be several things."""

    NONE = 0
    BEGINS = 1  # the first word of a form
    WHOLE = 2  # a person's whole name
    PATIENT = 4  # … and that person is a patient
    PART = 8  # enough of a name: a surname alone, a given name and an initial
    TITLED = 16  # a surname that is an everyday word: only after a title
    EPONYM = 32  # a surname that names diseases, too
    PLACE = 64


def fold(text: str) -> str:
    """Lower case without accents, apostrophes of one form."""
    text = text.translate(_APOSTROPHES).lower()
    return text if text.isascii() else plain(text.translate(_LETTERS))


def spoken(word: str) -> str:
    """A word of a text as the forms have it: folded, no possessive, no apostrophe."""
    return fold(word).removesuffix("'s").replace("'", "")


def everyday(form: str, lexicon: Lexicon) -> bool:
    """Whether every word of a form is too ordinary to be taken for a surname alone."""
    return all(_everyday(word, lexicon) for word in form.split())


def _everyday(word: str, lexicon: Lexicon) -> bool:
    bits = lexicon.bits(word)
    if bits & (WordKind.COMMON | WordKind.MEDICAL | WordKind.STATE) or len(word) < _LEAST_ALONE:
        return True
    if word in v.STOPS or word in v.FREE_EPONYMS:
        return True
    # in a dictionary and no frequent surname: "metformin"
    return bool(bits & WordKind.GENERAL and not bits & WordKind.SURNAME)


def person_forms(entry: str, whole: Mark, lexicon: Lexicon) -> dict[str, Mark]:
    """The forms of a person's name, `whole` for those of all of it.

    Raises `ValueError` where nothing, digits or letters that are not Latin remain.
    """
    chunks = _chunks(entry)
    given, surname = _divided(chunks)
    alone = set(_surnames(surname))
    full = set(_joined(surname)) | alone
    forms: dict[str, Mark] = {}
    for form in alone:
        _add(forms, form, _alone(form, lexicon))
    if not given:
        for form in full:
            # "wilson disease" is no word on a Dr. Wilson
            if forms.get(form, Mark.PART) == Mark.PART:
                _add(forms, form, whole)
        return forms
    for form in _wholes(given, full, lexicon):
        _add(forms, form, whole)
    for form in _parts(given, surname, lexicon):
        _add(forms, form, Mark.PART)
    return forms


def place_forms(entry: str, lexicon: Lexicon) -> dict[str, Mark]:
    """The forms of a place's name; none where it is made of words for any clinic."""
    chunks = [chunk for chunk in fold(entry).replace("&", " and ").split() if WORD.search(chunk)]
    if chunks[:1] == ["the"]:
        chunks = chunks[1:]
    if not any(map(str.isascii, "".join(chunks))):
        raise ValueError("no Latin letters")
    kinds = WordKind.COMMON | WordKind.MEDICAL
    written = {" ".join(one) for one in product(*map(_place_word, chunks))}
    written.add(normalise(" ".join(chunks)).text)
    generic = v.GENERIC_PLACES | v.FACILITY_HEADS
    return {
        form: Mark.PLACE
        for form in written
        if not (" " not in form and lexicon.is_any(form, kinds))
        and not all(word in generic for word in form.split())
    }


def _place_word(chunk: str) -> set[str]:
    forms = _written(chunk)
    if forms & {"st", "saint"}:
        forms |= {"st", "saint"}
    return forms


def _chunks(entry: str) -> list[str]:
    """The name's parts in spoken order, without titles and degrees."""
    text = fold(entry)
    if any(map(str.isdigit, text)):
        raise ValueError("a digit")
    head, comma, tail = text.partition(",")
    after = tail.replace(".", "").replace(",", " ").split()
    if comma and not all(word in _AFTER_COMMA for word in after):
        text = f"{tail.replace(',', ' ')} {head}"
    elif comma:
        text = head
    chunks = [chunk for chunk in text.split() if WORD.search(chunk)]
    while len(chunks) > 1 and chunks[0].strip(".") in v.TITLES:
        chunks = chunks[1:]
    while len(chunks) > 1 and chunks[-1].replace(".", "") in _SUFFIXES:
        chunks = chunks[:-1]
    if not chunks:
        raise ValueError("no Latin letters")
    return [part for chunk in chunks for part in _initials(chunk)]


def _initials(chunk: str) -> list[str]:
    """Letters with points are spoken as letters; a hyphenated part stays one chunk."""
    return [part for part in chunk.split(".") if WORD.search(part)]


def _divided(chunks: list[str]) -> tuple[list[str], list[str]]:
    at = len(chunks) - 1
    while at > 1 and chunks[at - 1] in _PARTICLES:
        at -= 1
    return chunks[:at], chunks[at:]


def _written(chunk: str) -> set[str]:
    """One part: "oconnor" and "o connor", "smith jones" and "smithjones"."""
    words = WORD.findall(chunk)
    options = [{word.replace("'", ""), word.replace("'", " "), spoken(word)} for word in words]
    forms = {" ".join(one) for one in product(*options)}
    return forms | {"".join(word.replace("'", "") for word in words)}


def _joined(parts: list[str]) -> Iterator[str]:
    """The parts together: "de la cruz", "delacruz"."""
    for one in product(*map(_written, parts)):
        yield " ".join(one)
    yield "".join(parts).replace("'", "").replace("-", "")


def _surnames(parts: list[str]) -> Iterator[str]:
    """What may stand for the whole surname: it itself, and each name in a double one."""
    yield from _joined(parts)
    yield from _written(parts[-1])
    words = WORD.findall(parts[-1])
    if len(words) > 1:
        yield from (word.replace("'", "") for word in words if len(word) >= _LEAST_ALONE)


def _wholes(given: list[str], surnames: Iterable[str], lexicon: Lexicon) -> Iterator[str]:
    firsts = _written(given[0])
    middles = given[1:]
    for surname in surnames:
        for first in firsts:
            yield f"{first} {surname}"
            # "how long will it take" is no word on Will Long
            if not (everyday(first, lexicon) and everyday(surname, lexicon)):
                yield f"{surname} {first}"
        if middles:
            yield f"{given[0]} {' '.join(part[0] for part in middles)} {surname}"
            for one in product(firsts, *map(_written, middles)):
                yield " ".join((*one, surname))


def _parts(given: list[str], surname: list[str], lexicon: Lexicon) -> Iterator[str]:
    last = " ".join(surname)
    for first in _written(given[0]):
        if len(first) == 1:
            continue
        if not everyday(first, lexicon) and not everyday(spoken(surname[-1]), lexicon):
            yield f"{first} {last[0]}"
        for middle in given[1:]:
            for other in _written(middle):
                if not everyday(f"{first} {other}", lexicon):
                    yield f"{first} {other}"


def _alone(form: str, lexicon: Lexicon) -> Mark:
    if everyday(form, lexicon):
        return Mark.TITLED
    if lexicon.is_any(form, WordKind.EPONYM):
        return Mark.PART | Mark.EPONYM
    return Mark.PART


def _add(forms: dict[str, Mark], form: str, mark: Mark) -> None:
    forms[form] = forms.get(form, Mark.NONE) | mark
