"""The third way besides held and cleared: the question without who it is about. Pure.

Law: no word of an item is left in the generalised text, unless the rest of the question says the
same everyday word, or the item is a date whose bare year stays. Nor is any word left that is not
known to be English, medical or a state: where the gate found one item, it may have missed another
beside it. What comes out is no verdict: the gate judges it anew, and only what it then clears may
be offered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise

from voiceassist.contract.verdict import Held, Item
from voiceassist.phi.lexicon import WordKind, load_lexicon
from voiceassist.phi.neutral import CLINIC, CLINICIAN, PATIENT, TOWN, Edit, Stretch, edit_of, titled
from voiceassist.phi.normalise import normalise
from voiceassist.phi.recognisers import vocabulary as v
from voiceassist.phi.recognisers.base import words_of

_EVERYDAY = WordKind.COMMON | WordKind.MEDICAL | WordKind.GENERAL
_ANY_NAME = WordKind.GIVEN | WordKind.TOP_GIVEN | WordKind.SURNAME | WordKind.RARE_SURNAME
_NOT_PLAIN = WordKind.GIVEN | WordKind.TOP_GIVEN | WordKind.SURNAME | WordKind.PLACE
_PREPOSITIONS = frozenset({"at", "in", "from", "with", "and", "who", "was"})
_PLAIN = (v.PEOPLE | v.CARE_VERBS | v.STOPS | _PREPOSITIONS) - v.AMBIGUOUS_GIVEN
_LEAST_WORDS = 2  # of content, for something to be left to ask
_MOST_ITEMS = 0.7  # of the letters
_LEAST_LETTERS = 3
_SHORT_FORM = 5  # letters: "copd", "hfref"; a name so short is in the lexicon
_LONGEST = 400  # characters; some half a minute when spoken
_NEUTRAL = re.compile(
    rf"{PATIENT}|{CLINICIAN}|{CLINIC}|{TOWN}|an address|aged over \d+|aged \d+ to \d+"
    r"|less than 1 year old|recently|for some time"
)
_TIDY = tuple(
    (re.compile(pattern, re.IGNORECASE), put)
    for pattern, put in (
        (r"\s+", " "),
        (r"[(\[]\s*[)\]]", ""),
        (r"\s+(?=[,.;:?!)])", ""),
        (r"\s+(?='s\b)", ""),
        (r"([,;:])(?:\s*[,;:])+", r"\1"),
        (r"[,;:]+(?=\s*[.?!])|\.(?=\s*[.,?!])", ""),
        (rf"\b{PATIENT}(?:,? {PATIENT})+\b", PATIENT),
        (rf"\b((?:a|my|our|this|that|her|his) patient),? {PATIENT}\b", r"\1"),
        (rf"\b({CLINIC}|{TOWN}|{CLINICIAN})(?:,? (?:in |of |at )?\1)+\b", r"\1"),
        (rf"\b(?:the|an?|my|our|this) (?=(?:{PATIENT}|{CLINICIAN}|{CLINIC}|{TOWN})\b)", ""),
        (r"^[\W_]*(?:(?:and|or|but)\b[\s,]*)?", ""),
        (r"\s+", " "),
    )
)


@dataclass(frozen=True, slots=True)
class Generalised:
    """`text` without the items; `originals` maps a placeholder to the one name it stands for."""

    text: str = field(repr=False)
    originals: Mapping[str, str] = field(default_factory=dict, repr=False)


def generalise(held: Held, *, today: date) -> Generalised | None:
    """The question with neutral phrases in the items' places; None where that can't be done.

    It can't be where something else than items holds it, an item's kind has no neutral phrase, it
    speaks of two people by name, next to nothing but items was said, or it is too long to be read
    back.
    """
    if held.reasons != ("items",) or not held.items or len(held.text) > _LONGEST:
        return None
    edits = []
    for stretch in _stretches(held):
        edit = None if _means_more(stretch) else edit_of(stretch, today)
        if edit is None:
            return None
        edits.append(edit)
    names = _names(edits)
    if len(names) > 1 or _covered(held) > _MOST_ITEMS:
        return None
    text = _tidied(_applied(held.text, edits), like=held.text)
    if not _asks(text) or any(map(_strange, _said(text))) or any(leftovers(held, text)):
        return None
    return Generalised(text, {PATIENT: names[0]} if names and _tells(names[0]) else {})


def leftovers(held: Held, text: str) -> Iterator[str]:
    """The items' words, of three letters or digits and more, that `text` must not hold but does."""
    marked = {place for item in held.items for place in range(item.start, item.end)}
    words = words_of(held.text)
    others = {w.text for w in words if not marked & {*range(w.start, w.end)}}
    lexicon = load_lexicon()
    rest = {w for w in others if lexicon.is_any(w, _EVERYDAY) and not _strange(w)}
    left = {w.text for w in words_of(_NEUTRAL.sub(" ", text))}
    left = {word for word in left if not _plain(word)}
    for word in words:
        inside = marked & {*range(word.start, word.end)} and len(word.text) >= _LEAST_LETTERS
        free_year = _is_year(word.text) and _dated(held.items, word.start)
        if inside and word.text in left - rest and not free_year:
            yield word.text


def _said(text: str) -> set[str]:
    """The words of a generalised text that are not ours."""
    return {word.text for word in words_of(_NEUTRAL.sub(" ", text.lower()))}


def _strange(word: str) -> bool:
    """Whether a word may be a name for all the lexicon knows; short forms are the gate's matter."""
    free = word in v.STOPS or word in v.ORGANISATIONS or any(map(str.isdigit, word))
    bits = load_lexicon().bits(word)
    if free or len(word) < _LEAST_LETTERS or (not bits and len(word) <= _SHORT_FORM):
        return False
    if bits & WordKind.TOP_GIVEN and not bits & WordKind.MEDICAL:
        return word not in v.AMBIGUOUS_GIVEN
    known = bits & (_EVERYDAY | WordKind.EPONYM | WordKind.STATE) or (
        not bits and word.endswith(v.DRUG_ENDS)
    )
    return not known and not _plain(word)


def _dated(items: Sequence[Item], place: int) -> bool:
    return any(item.kind == "DATE" and item.start <= place < item.end for item in items)


def _is_year(word: str) -> bool:
    return re.fullmatch(r"(?:18|19|20)\d\d", word) is not None


def _stretches(held: Held) -> Iterator[Stretch]:
    """The items merged where they overlap, and where two of a kind stand side by side."""
    groups: list[list[Item]] = []
    for item in sorted(held.items, key=lambda one: (one.start, -one.end)):
        if groups and _joins(held.text, groups[-1], item):
            groups[-1].append(item)
        else:
            groups.append([item])
    for group in groups:
        start, end = group[0].start, max(one.end for one in group)
        chosen = max(group, key=lambda one: (one.end - one.start, one.kind != "NAME", one.score))
        yield _trimmed(Stretch(held.text, start, end, chosen.kind))


def _trimmed(stretch: Stretch) -> Stretch:
    """A name or place without ordinary words at its ends: "female jennifer l" keeps her sex."""
    if stretch.kind not in {"NAME", "LOCATION"}:
        return stretch
    words = words_of(stretch.own)
    kept = [n for n, word in enumerate(words) if not _plain(word.text)]
    if not kept:
        return stretch
    first, last = words[kept[0]], words[kept[-1]]
    end = stretch.end if kept[-1] == len(words) - 1 else stretch.start + last.end
    return replace(stretch, start=stretch.start + first.start, end=end)


def _plain(word: str) -> bool:
    """Whether a word only tells what somebody is or what was done, and is no name."""
    if word not in _PLAIN or len(word) == 1:
        return False
    return word in _PREPOSITIONS or not load_lexicon().is_any(word, _NOT_PLAIN)


def _joins(text: str, group: Sequence[Item], item: Item) -> bool:
    end = max(one.end for one in group)
    if item.start < end:
        return True
    same = any(one.kind == item.kind for one in group)
    return same and not re.search(r"[^\W_]", text[end : item.start])


def _means_more(stretch: Stretch) -> bool:
    """Whether a name takes medicine along: "copd dianne l" without "copd" asks something else.

    Nor may "max" be the patient in "the max rate", so an everyday word alone needs a title.
    """
    if stretch.kind not in {"NAME", "LOCATION"}:
        return False
    lexicon = load_lexicon()
    words = [word.text for word in words_of(stretch.own)]
    known = [lexicon.bits(word) for word in words]
    medical = any(b & WordKind.MEDICAL and not b & _ANY_NAME for b in known)
    if any(map(str.isdigit, normalise(stretch.own).text)):
        return True
    everyday = len(words) == 1 and words[0] in v.AMBIGUOUS_GIVEN and not titled(stretch)
    given = WordKind.GIVEN | WordKind.TOP_GIVEN
    led = not known[0] and len(words[0]) >= _LEAST_LETTERS and any(b & given for b in known[1:])
    return stretch.kind == "NAME" and (medical or everyday or led)


def _names(edits: Sequence[Edit]) -> list[str]:
    """The patients' names, the fullest of each."""
    full: list[str] = []
    for name in sorted((e.whom for e in edits if e.whom), key=len, reverse=True):
        words = {w.text for w in words_of(name)}
        if not any(words <= {w.text for w in words_of(known)} for known in full):
            full.append(name)
    return full


def _covered(held: Held) -> float:
    marked = {place for item in held.items for place in range(item.start, item.end)}
    letters = [place for place, letter in enumerate(held.text) if letter.isalnum()]
    return len(marked.intersection(letters)) / max(1, len(letters))


def _applied(text: str, edits: Sequence[Edit]) -> str:
    parts, at = [], 0
    for one, after in pairwise([*edits, Edit(len(text), len(text), "")]):
        parts += [text[at : max(at, one.start)], f" {one.phrase} "]
        at = min(max(at, one.end), max(one.end, after.start))
    return "".join([*parts, text[at:]])


def _tidied(text: str, like: str) -> str:
    for pattern, put in _TIDY:
        text = pattern.sub(put, text)
    if text.count("(") != text.count(")"):
        text = text.replace("(", "").replace(")", "")
    text = text.strip(" ,;:-")
    return text[:1].upper() + text[1:] if like[:1].isupper() else text


def _asks(text: str) -> bool:
    return len(_said(text) - v.STOPS - v.PEOPLE) >= _LEAST_WORDS


def _tells(name: str) -> bool:
    """Whether a name is one in an answer, too: "graves" for "the patient" would be a disease."""
    lexicon = load_lexicon()
    words = [word.text for word in words_of(name)]
    if not v.STOPS.isdisjoint(words) or not (v.PEOPLE | v.CARE_VERBS).isdisjoint(words):
        return False
    first, *others = (lexicon.bits(word) for word in words)
    if not others:
        given = first & WordKind.TOP_GIVEN and words[0] not in v.AMBIGUOUS_GIVEN
        other = WordKind.MEDICAL | WordKind.EPONYM | (WordKind.UNKNOWN if given else _EVERYDAY)
        return bool(first & _ANY_NAME) and not first & other
    letters = re.sub(r"[\s.-]", "", name)
    given = first & (WordKind.GIVEN | WordKind.TOP_GIVEN)
    return bool(given) and letters.isalpha() and all(b & _ANY_NAME or not b for b in others)
