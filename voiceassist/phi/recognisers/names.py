"""Names of people: by titles and cues, by given name and surname, by what is no other word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from voiceassist.phi.letters import letter_run
from voiceassist.phi.lexicon import Lexicon, WordKind
from voiceassist.phi.recognisers import vocabulary as v
from voiceassist.phi.recognisers.base import Finding, Recogniser, Word, findings, words_of
from voiceassist.phi.recognisers.context import about_a_person
from voiceassist.phi.wordlists import split_words

_ANY_NAME = WordKind.GIVEN | WordKind.TOP_GIVEN | WordKind.SURNAME | WordKind.RARE_SURNAME
_ORDINARY = WordKind.COMMON | WordKind.MEDICAL
_KNOWN = _ORDINARY | WordKind.GENERAL | WordKind.EPONYM | WordKind.STATE | WordKind.PLACE
_ROOM = re.compile(
    r"\b((?:room|bed|bay|cubicle|pod|exam room|locker)\s+(?:number\s+)?#?\d+[a-z]?)\b",
    re.IGNORECASE,
)
_UNIQUE = re.compile(
    r"\b((?:the\s+)?(?:mayor|governor|senator|president|congressman|congresswoman|principal|sheriff|"
    r"police chief|fire chief|bishop|celebrity|news anchor|quarterback|coach|judge|ceo)'s\s+"
    r"(?:daughter|son|wife|husband|mother|father|sister|brother|child|kid|niece|nephew|partner))\b"
    r"|\b((?:the\s+)?(?:town's|city's|our)\s+(?:mayor|sheriff|governor|police chief|fire chief))\b"
    r"|\b(wife|husband|son|daughter|mother|father|sister|brother) of (?:the|our) "
    r"(?:mayor|governor|senator|sheriff|principal|president|bishop|coach|judge|ceo)\b",
    re.IGNORECASE,
)
_ONE_PERSON = frozenset(
    {"female", "male", "man", "woman", "girl", "boy", "lady", "gentleman", "patient"}
)
_SPELLING_CUES = frozenset(
    {"spelled", "spelt", "spelling", "name", "surname", "is", "patient", "named"}
)
_LEAST_SPELLED = 4
_ACRONYMS = frozenset(
    split_words(
        """
    hgba chads cha vasc nsaid nsaids brca sglt hmgcoa copd ards sars covid mrsa vre nstemi stemi
    cabg hiit heent perrla ecmo bipap cpap asa ppi ldl hdl ggt alt ast tsh hba apoe cyp psa
    cea bnp ekg ecg eeg emg mri cta pet dexa hpv hsv ebv cmv rsv hiv aids htlv tavr tavi
    dapt doac noac ssri snri maoi raas arni glp gerd ibs ibd pcos adhd ptsd ocd asd als
    gusto nsclc sclc
    """
    )
)
_HEAD_WINDOW = 4
_LONGEST_NAME = 3
_LEAST_NAME = 4
_LONE_GIVEN = 0.45
_SPELLED_NUMBERS = ("eleven", "twelve", "teen", "twent", "thirt")
_SPELLED_DIGITS = ("three", "four", "five", "seven", "eight", "nine", "zero")


class NameRecogniser(Recogniser):
    """Names, and what stands for one: a room with a person in it, "the mayor's daughter"."""

    kinds = ("NAME", "UNIQUE_ID")
    label = "names"

    def __init__(self, lexicon: Lexicon) -> None:
        super().__init__()
        self._lexicon = lexicon

    def find(self, text: str) -> Iterator[Finding]:
        """Names in `text`."""
        words = words_of(text)
        person = about_a_person(text)
        for at in range(len(words)):
            for length, score in self._at(words, at, person=person):
                yield Finding("NAME", words[at].start, words[at + length - 1].end, score)
        yield from self._spelled(words)
        if person:
            yield from findings(_ROOM, text, "UNIQUE_ID", 0.7, 1)
        yield from findings(_UNIQUE, text, "UNIQUE_ID", 0.8)

    def _at(self, words: Sequence[Word], at: int, *, person: bool) -> Iterator[tuple[int, float]]:
        """Lengths and scores of the names that may begin at `at`."""
        text = words[at].text
        before = words[at - 1].text if at else ""
        before2 = words[at - 2].text if at > 1 else ""
        rest = self._rest(words, at)
        if self._titled(before, words, at, person=person):
            yield 1 + rest, 0.95
        cued = before in v.NAME_CUES or (before in {"is", "was", "s"} and before2 in v.NAME_CUES)
        free = self._of_a_thing(words, at) and not self._name_only(text)
        if cued and self._may_name(text) and not free:
            yield 1 + rest, 0.85
        common_given = self._lexicon.bits(text) & WordKind.TOP_GIVEN and self._name_only(text)
        called = before in v.PEOPLE | v.NAME_CUES and self._name_only(text)
        if self._eponym(words, at) and not (called or (person and common_given)):
            return
        if person and rest and self._strangers(words, at):
            yield 1 + rest, 0.7
        if self._is_given(text) and rest and self._surname_follows(words, at, person=person):
            initial = len(words[at + 1].text) == 1 and not person
            top = self._lexicon.bits(text) & WordKind.TOP_GIVEN
            yield 1 + rest, 0.9 if top or not initial else _LONE_GIVEN
        elif before in v.PEOPLE and self._name_only(text):
            yield 1 + rest, 0.85
        elif before in _ONE_PERSON and not self._lexicon.bits(text) and self._may_name(text):
            yield 1 + rest, 0.6
        elif (
            before in {"by", "under", "with", "see", "sees", "from"}
            and before2 in v.CARE_VERBS
            and self._name_only(text)
        ):
            yield 1 + rest, 0.75
        elif common_given:
            yield 1 + rest, 0.8 if person else _LONE_GIVEN

    def _titled(self, title: str, words: Sequence[Word], at: int, *, person: bool) -> bool:
        text = words[at].text
        if title not in v.TITLES:
            return False
        if len(text) == 1 and title in {*v.STRONG_TITLES, "dr", "doctor"}:
            return True
        if text in v.STOPS or text in v.NOT_AFTER_TITLE or text.endswith(v.IMAGING_ENDS):
            return False
        bits = self._lexicon.bits(text)
        if title in v.STRONG_TITLES or title == "dr":
            return text.replace("'", "").isalpha() and not (
                bits & WordKind.COMMON and not bits & _ANY_NAME
            )
        # "the nurse cystoscopist": a trade's title alone makes no name of a word that no list knows
        known = bool(bits & _ANY_NAME) or person
        return known and not bits & _ORDINARY and text.replace("'", "").isalpha()

    def _is_given(self, text: str) -> bool:
        if text in v.STOPS or text in v.ORGANISATIONS:
            return False
        return self._lexicon.is_any(text, WordKind.GIVEN | WordKind.TOP_GIVEN)

    def _may_name(self, text: str) -> bool:
        bits = self._lexicon.bits(text)
        return (
            text not in v.STOPS
            and text.replace("'", "").isalpha()
            and (bool(bits & _ANY_NAME) or not bits & _KNOWN)
        )

    def _name_only(self, text: str) -> bool:
        """A name that is no word of everyday or medical English."""
        bits = self._lexicon.bits(text)
        free = _ORDINARY | WordKind.EPONYM | WordKind.STATE
        return bool(bits & _ANY_NAME) and not bits & free and text not in v.ORGANISATIONS

    def _surname_follows(self, words: Sequence[Word], at: int, *, person: bool) -> bool:
        first, second = words[at].text, words[at + 1].text
        bits = self._lexicon.bits(second)
        first_bits = self._lexicon.bits(first)
        ordinary = bool(first_bits & _ORDINARY) or first in v.AMBIGUOUS_GIVEN
        top = bool(first_bits & WordKind.TOP_GIVEN)
        if len(second) == 1:
            return not ordinary or (second not in {"a", "i"} and person)
        if ordinary and bits & _ORDINARY:
            before = words[at - 1].text if at else ""
            sure = before in v.PEOPLE or (person and first not in v.AMBIGUOUS_GIVEN)
            return bool(bits & WordKind.SURNAME and top and sure)
        if bits & (WordKind.SURNAME | WordKind.RARE_SURNAME):
            return True
        known = bits & _KNOWN or second.endswith(v.DRUG_ENDS)
        return (person or (top and self._name_only(first))) and not known

    def _strangers(self, words: Sequence[Word], at: int) -> bool:
        """Two words, or a word and an initial, that are names or nothing known (closed world)."""
        first, second = words[at].text, words[at + 1].text
        if not self._stranger(first):
            return False
        bits = self._lexicon.bits(second)
        surname = bool(bits & WordKind.SURNAME and not bits & _ORDINARY)
        return surname or self._stranger(second) or (len(second) == 1 and second.isalpha())

    def _stranger(self, text: str) -> bool:
        bits = self._lexicon.bits(text)
        return (
            not bits & _KNOWN
            and len(text) >= _LEAST_NAME
            and text.replace("'", "").isalpha()
            and text not in v.STOPS | v.ORGANISATIONS | v.CARE_VERBS | v.PEOPLE
            and not text.endswith(v.DRUG_ENDS)
        )

    def _rest(self, words: Sequence[Word], at: int) -> int:
        """How many words after `at` belong to the same name."""
        end = at + 1
        while end < len(words) and end - at < _LONGEST_NAME:
            text = words[end].text
            bits = self._lexicon.bits(text)
            initial = len(text) == 1 and text.isalpha()
            surname = bits & _ANY_NAME and not (
                bits & WordKind.COMMON and not bits & WordKind.SURNAME
            )
            if end == at + 1 and text == "a" and self._name_only(words[at].text):
                return 1
            if text in v.STOPS or not (initial or surname or not bits & _KNOWN) or text.isdigit():
                break
            end += 1
            if text.endswith("'s"):
                break
        return end - at - 1

    def _eponym(self, words: Sequence[Word], at: int) -> bool:
        """Whether the words name a disease or a thing after a person."""
        if words[at].text in v.FREE_EPONYMS:
            return True
        for word in words[at + 1 : at + 1 + _HEAD_WINDOW]:
            if word.text in v.HEADS:
                return True
            if word.text in v.STOPS:
                return False
        return False

    def _of_a_thing(self, words: Sequence[Word], at: int) -> bool:
        return self._eponym(words, at) or self._lexicon.is_any(words[at].text, WordKind.MEDICAL)

    def _spelled(self, words: Sequence[Word]) -> Iterator[Finding]:
        """As in "s m i t h": letters that are no acronym of medicine."""
        texts = [word.text for word in words]
        at = 0
        while at < len(words):
            letters, length = letter_run(texts, at)
            if length < _LEAST_SPELLED or letters in _ACRONYMS or letters[1:] in _ACRONYMS:
                at += max(1, length)
                continue
            named = self._lexicon.is_any(letters, WordKind.GIVEN | WordKind.SURNAME)
            if any(number in letters for number in _SPELLED_NUMBERS) or _spells_a_digit(letters):
                score = 0.0  # "q t h i r t e e n" is the name of a chromosome's band
            else:
                cued = at > 0 and texts[at - 1] in _SPELLING_CUES
                score = 0.9 if named or cued or length > _LEAST_SPELLED else _LONE_GIVEN
            yield Finding("NAME", words[at].start, words[at + length - 1].end, score)
            at += length


def _spells_a_digit(letters: str) -> bool:
    """As in "t h r e e m", a unit's power read out: a digit's name and at most one letter more."""
    return any(
        letters.startswith(digit) and len(letters) <= len(digit) + 1 for digit in _SPELLED_DIGITS
    )
