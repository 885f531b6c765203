"""Geography below the state: street addresses, post codes, towns, and named facilities."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from voiceassist.phi.lexicon import Lexicon, WordKind
from voiceassist.phi.recognisers import vocabulary as v
from voiceassist.phi.recognisers.base import Finding, Recogniser, Word, findings, words_of
from voiceassist.phi.recognisers.context import about_a_person, names_someone
from voiceassist.phi.wordlists import split_words

_STREET = "|".join(v.STREETS.split())
_ADDRESS = re.compile(
    rf"\b\d{{1,6}}[a-z]?\s+(?:(?:north|south|east|west|n|s|e|w|old|new)\.?\s+)?"
    rf"(?:(?!(?:no|not|mg|ml|days?|weeks?|months?|years?|year|hours?|percent|of|the|in|to|and|or|with|for|from|is|times|people|patients)\b)"
    rf"[a-z0-9'.]+\s+){{1,3}}(?:{_STREET})\b"
    rf"(?:[\s,]+(?:apartment|apt|unit|suite|number|#)\.?\s*\w+)?",
    re.IGNORECASE,
)
_NAMED_STREET = re.compile(
    r"\b(?:on|at|near|off|from|of|corner|live[sd]?|address(?: is)?)\s+((?:[a-z']+\s+){1,2}"
    r"(?:street|avenue|ave|road|rd|boulevard|blvd|lane|parkway|highway))\b",
    re.IGNORECASE,
)
_BOX = re.compile(
    r"\b(?:p\.?\s?o\.?\s+box|post office box)\s+\d+|\b(?:apartment|apt|suite)\s+#?\d+\w?\b"
    r"|\bzip(?:\s?code)?\W+(?:is\W+)?\d[\d\s-]{1,}",
    re.IGNORECASE,
)
_HAS_STREET_KEEP = {"the", "a", "my", "his", "her", "their", "side", "main's"}
_STATE_ABBREVIATIONS = frozenset(
    split_words(
        """
    al ak az ar ca co ct de fl ga hi id il ia ks ky la md ma mi mn ms mo mt ne nv nh nj nm
    ny nc nd oh ok pa ri sc sd tn tx ut vt va wa wv wi wy dc
    """
    )
)
_PREPOSITIONS = frozenset(
    split_words(
        """
    in from at near to outside around of through by
    """
    )
)
_PROPER_PARTS = frozenset(
    {"city", "county", "general", "health", "state", "regional", "university"}
)
_INNER_PARTS = (
    v.GENERIC_PLACES - v.STOPS - {"our", "your", "local", "other", "another", "good", "best", "new"}
)
_WINDOW = 8
_LONGEST_NAME = 4
_LONGEST_OBJECT = 3
_PLACE_SCORE, _FREE_SCORE, _FACILITY_SCORE = 0.85, 0.4, 0.85


class PlaceRecogniser(Recogniser):
    """Addresses by their form; towns and facilities by the lexicon and what precedes them."""

    kinds = ("ADDRESS", "LOCATION")
    label = "places"

    def __init__(self, lexicon: Lexicon) -> None:
        super().__init__()
        self._lexicon = lexicon

    def find(self, text: str) -> Iterator[Finding]:
        """Places in `text`."""
        yield from findings(_ADDRESS, text, "ADDRESS", 0.9)
        yield from findings(_BOX, text, "ADDRESS", 0.9)
        words = words_of(text)
        person = about_a_person(text) or names_someone((w.text for w in words), self._lexicon)
        for found in findings(_NAMED_STREET, text, "ADDRESS", 0.75, 1):
            first = text[found.start : found.end].split(maxsplit=1)[0].lower()
            if person and first not in _HAS_STREET_KEEP:
                yield found
        at = 0
        while at < len(words):
            length, score = self._town(words, at, person=person)
            if length:
                yield Finding("LOCATION", words[at].start, words[at + length - 1].end, score)
            at += max(1, length)
        yield from self._facilities(words, person=person)
        yield from self._care_objects(words, person=person)

    def _town(self, words: Sequence[Word], at: int, *, person: bool) -> tuple[int, float]:
        for length in range(min(_LONGEST_NAME, len(words) - at), 0, -1):
            name = " ".join(word.text for word in words[at : at + length])
            bits = self._lexicon.bits(name)
            if not bits & WordKind.PLACE or bits & WordKind.STATE:
                continue
            before = words[at - 1].text if at else ""
            after = words[at + length].text if at + length < len(words) else ""
            if self._follows_state(words, at + length):
                return length + 1, _PLACE_SCORE
            ordinary = bits & (WordKind.COMMON | WordKind.MEDICAL | WordKind.EPONYM)
            if length == 1 and (ordinary or after in v.HEADS):
                continue
            if before in _PREPOSITIONS:
                return length, _PLACE_SCORE if person else _FREE_SCORE
            if length > 1 and not all(
                self._lexicon.bits(w.text) & WordKind.COMMON for w in words[at : at + length]
            ):
                return length, 0.7 if person else _FREE_SCORE
        return 0, 0.0

    def _follows_state(self, words: Sequence[Word], at: int) -> bool:
        if at >= len(words):
            return False
        state = words[at].text
        if state in _STATE_ABBREVIATIONS:
            return state not in {"in", "or", "me", "hi", "ok", "la", "ma", "pa", "de", "al", "id",
                                 "co", "mi", "ms", "md", "ct", "va", "ar", "mo"}  # fmt: skip
        return self._lexicon.is_any(state, WordKind.STATE)

    def _facilities(self, words: Sequence[Word], *, person: bool) -> Iterator[Finding]:
        for at, word in enumerate(words):
            pair = (words[at - 1].text, word.text) if at else ("", "")
            if pair in v.FACILITY_PAIRS:
                head = at - 1
            elif word.text in v.FACILITY_HEADS or self._weak_head(words, at):
                head = at
            else:
                continue
            begin = self._facility_begin(words, head)
            if begin == head and not self._of_place(words, at):
                if not self._bare_name(words, at):
                    continue
                begin = at - 1
            near = {w.text for w in words[max(0, begin - _WINDOW) : begin]}
            cared = near & (v.CARE_VERBS | v.PEOPLE) or (
                person and begin and words[begin - 1].text in {"at", "from", "to"}
            )
            score = _FACILITY_SCORE if cared else _FREE_SCORE
            yield Finding("LOCATION", words[begin].start, word.end, score)

    def _facility_begin(self, words: Sequence[Word], head: int) -> int:
        """Where the name before a facility's kind begins; `head` where it has none."""
        begin = head
        while (
            begin
            and head - begin < _LONGEST_NAME
            and (self._modifies(words[begin - 1]) or words[begin - 1].text in _INNER_PARTS)
        ):
            begin -= 1
        while begin < head and words[begin].text in _PROPER_PARTS | _INNER_PARTS:
            begin += 1
        return begin

    def _weak_head(self, words: Sequence[Word], at: int) -> bool:
        """As in "at westside medical": a name only right after where one was."""
        return (
            words[at].text
            in {"medical", "health", "healthcare", "ctr", "center", "centre", "campus"}
            and at > 1
            and self._modifies(words[at - 1])
            and any(
                w.text in {"at", "to", "from", "in", "visited"} for w in words[max(0, at - 4) : at]
            )
        )

    def _bare_name(self, words: Sequence[Word], at: int) -> bool:
        """As in "admitted to general hospital": generic words, but no article before them."""
        begin = at
        while begin and words[begin - 1].text in _PROPER_PARTS:
            begin -= 1
        return 0 < begin < at and words[begin - 1].text in {"at", "to", "from", "in"}

    def _modifies(self, word: Word) -> bool:
        text = word.text
        if text in _PROPER_PARTS:
            return True
        return (
            text not in v.GENERIC_PLACES
            and text not in v.CARE_VERBS
            and text not in v.STOPS
            and not (self._lexicon.bits(text) & WordKind.MEDICAL)
        )

    def _of_place(self, words: Sequence[Word], at: int) -> bool:
        """As in "cancer center in new york", "children's hospital of philadelphia"."""
        if at + 2 >= len(words) or words[at + 1].text not in {"of", "in", "at"}:
            return False
        names = (" ".join(w.text for w in words[at + 2 : at + 2 + n]) for n in (1, 2))
        return any(self._lexicon.is_any(n, WordKind.PLACE | WordKind.STATE) for n in names)

    def _care_objects(self, words: Sequence[Word], *, person: bool) -> Iterator[Finding]:
        for at, word in enumerate(words):
            if word.text not in {"at", "to", "from", "in"} or at + 1 >= len(words):
                continue
            near = {w.text for w in words[max(0, at - 6) : at]}
            cared = bool(near & v.CARE_VERBS)
            if not (cared or (person and word.text in {"at", "from"})):
                continue
            begin, end = self._object(words, at + 1, cared=cared)
            if end > begin:
                yield Finding("LOCATION", words[begin].start, words[end - 1].end, 0.8)

    def _object(self, words: Sequence[Word], at: int, *, cared: bool) -> tuple[int, int]:
        """Where the suspect words after a preposition begin and end; equal where none are.

        Without a verb of care before it, a word that no list knows is no place: "switch from
        dupixent to humira".
        """
        begin = at
        while begin < len(words) and words[begin].text in {"the", "our", "a"}:
            begin += 1
        last = end = begin
        while (
            last < len(words)
            and last - begin < _LONGEST_OBJECT
            and words[last].text not in v.STOPS - {"new", "old"}
        ):
            last += 1
            text = words[last - 1].text
            if self._lexicon.is_any(text, WordKind.STATE):
                break  # "born in peru, bcg vaccinated": the place is told, and free
            if self._suspect(text) and (cared or self._lexicon.is_any(text, WordKind.PLACE)):
                end = last
        for start in (begin, begin + 1):
            for length in (2, 1):
                name = " ".join(w.text for w in words[start : start + length])
                if name in v.KNOWN_FACILITIES:
                    end = max(end, start + length)
        return begin, end

    def _suspect(self, text: str) -> bool:
        """Neither general nor medical English, nor a part of any hospital."""
        letters = text.replace("'", "")
        if text in v.STOPS or text in v.UNITS_OF_CARE or not letters.isalpha() or len(letters) < 3:  # noqa: PLR2004 - "r/o"
            return False
        bits = self._lexicon.bits(text)
        if bits & WordKind.PLACE and not bits & WordKind.COMMON and not bits & WordKind.STATE:
            return True
        if not bits and text.endswith(v.DRUG_ENDS):
            return False
        known = WordKind.GENERAL | WordKind.COMMON | WordKind.MEDICAL | WordKind.STATE
        return not bits & (known | WordKind.EPONYM)
