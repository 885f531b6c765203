"""Names of people as documents write them: "Maria Lopez", "LOPEZ, Maria", "Mrs. Lopez". Pure.

The gate hears, so its recognisers go by words alone. On paper capitals tell names from words,
and a list puts the surname first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from voiceassist.phi.lexicon import Lexicon, WordKind
from voiceassist.phi.recognisers import vocabulary as v
from voiceassist.phi.recognisers.base import Finding
from voiceassist.phi.tokens import plain

_GIVEN = WordKind.GIVEN | WordKind.TOP_GIVEN
_SURNAME = WordKind.SURNAME | WordKind.RARE_SURNAME
_ORDINARY = WordKind.COMMON | WordKind.MEDICAL
_KNOWN = _ORDINARY | WordKind.GENERAL | WordKind.EPONYM | WordKind.STATE | WordKind.PLACE
_WORD = r"[A-ZÀ-Þ][\w\u00c0-\u024f]*(?:['\u2019-][A-Za-zÀ-ÿ]+)*"
_PAIR = re.compile(
    rf"(?=(?<![\w'\u2019-])({_WORD})(?:(,)[ \t]*|[ \t]+)(?:[A-Z]\.?[ \t]+)?({_WORD})(?![\w]))"
)
_TITLED = re.compile(
    rf"\b(?:Mr|Mrs|Ms|Miss|Mx|MR|MRS)\b\.?[ \t]+({_WORD}(?:[ \t]+{_WORD})?)|"
    r"(?<![\w.])(?:mr|mrs|ms|miss|mister)\.?[ \t]+([a-z]+(?:'[a-z]+)?)"
)
_INITIAL = re.compile(rf"(?<![\w'\u2019-])({_WORD})[ \t]+[A-Z](?:\.|(?=[\s,;)]))")
_LEAST, _LEAST_STRANGE = 2, 4
_SURE, _LIKELY = 0.9, 0.8
UNSURE = 0.6


def written_names(text: str, lexicon: Lexicon) -> Iterator[Finding]:
    """Names in `text`: whole ones, given names with an initial, and what follows a title.

    A pair of words that no list knows scores low: it may as well be a trade's name.
    """
    for found in _PAIR.finditer(text):
        first, comma, second = found.groups()
        given, surname = (second, first) if comma else (first, second)
        if given.isupper() and len(given) <= _LEAST:
            continue  # a degree or a state: "Lopez, MD", "Baltimore, MD"
        if score := _pair(plain(given), plain(surname), lexicon):
            yield Finding("NAME", found.start(1), found.end(3), score)
    for found in _INITIAL.finditer(text):
        if _given_only(plain(found[1]), lexicon):
            yield Finding("NAME", *found.span(), 0.7)
    for found in _TITLED.finditer(text):
        group = 1 if found[1] else 2
        if _surname(plain(found[group].split()[0]), lexicon):
            yield Finding("NAME", found.start(), found.end(group), 0.95)


def _pair(given: str, surname: str, lexicon: Lexicon) -> float:
    """How sure it is that two capitalised words are a person; 0 where they are not."""
    if min(len(given), len(surname)) < _LEAST or {given, surname} & (v.STOPS | v.HEADS):
        return 0
    bits, other = lexicon.bits(given), lexicon.bits(surname)
    if bits & WordKind.TOP_GIVEN and given not in v.AMBIGUOUS_GIVEN:
        # "Maria" is an everyday word of the list, too; "Maria Street" is none
        named = other & _SURNAME or not other & _KNOWN
        return _SURE if named and not other & (WordKind.MEDICAL | WordKind.STATE) else 0
    if bits & (_ORDINARY | WordKind.STATE | WordKind.PLACE) or other & _ORDINARY:
        return 0
    stranger, strange = not bits & _KNOWN, not other & _KNOWN
    if bits & _GIVEN and (other & _SURNAME or strange):
        return _SURE
    if stranger and other & _SURNAME and not other & (WordKind.EPONYM | WordKind.GENERAL):
        return _LIKELY
    long = min(len(given), len(surname)) >= _LEAST_STRANGE
    ended = given.endswith(v.DRUG_ENDS) or surname.endswith(v.DRUG_ENDS)
    return UNSURE if stranger and strange and long and not ended else 0


def _given_only(word: str, lexicon: Lexicon) -> bool:
    bits = lexicon.bits(word)
    return bool(bits & _GIVEN) and not bits & (_ORDINARY | WordKind.STATE) and word not in v.STOPS


def _surname(word: str, lexicon: Lexicon) -> bool:
    bits = lexicon.bits(word)
    known = bits & (_ORDINARY | WordKind.GENERAL) and not bits & (_GIVEN | _SURNAME)
    return len(word) >= _LEAST and word not in v.STOPS | v.NOT_AFTER_TITLE and not known
