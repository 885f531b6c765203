"""Names and places that are on the clinic's own lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from voiceassist.phi.lexicon import Lexicon, WordKind
from voiceassist.phi.lists import SiteLists
from voiceassist.phi.name_forms import WORD, Mark, fold, spoken
from voiceassist.phi.recognisers import vocabulary as v
from voiceassist.phi.recognisers.base import Finding, Recogniser, Word

_HEAD_WINDOW = 3
_WHOLE, _TITLED, _PLACE, _PART = 0.99, 0.95, 0.9, 0.85
_LEAST_STEM = 3
_DISEASES = frozenset(
    ["syndrome", "syndromes", "disease", "diseases", "disorder", "complex", "palsy", "anomaly"]
)


class SiteRecogniser(Recogniser):
    """Looks up each run of words that begins like a listed name.

    A first word is looked up alone, and longer runs only where the lists have a name that begins
    so: nearly all words of a question cost one hash.
    """

    kinds = ("NAME", "LOCATION")
    label = "site"

    def __init__(self, lexicon: Lexicon, lists: SiteLists) -> None:
        super().__init__()
        self._lexicon = lexicon
        self._lists = lists

    def find(self, text: str) -> Iterator[Finding]:
        """Listed names and places in `text`, each with what it adds to a longer one dropped."""
        if not self._lists.longest:
            return
        words = [Word(fold(w.group()), *w.span()) for w in WORD.finditer(text)]
        forms = [spoken(word.text) for word in words]
        firsts = {form: bits for form in set(forms) if (bits := self._bits(form))}
        until = {"NAME": 0, "LOCATION": 0}
        for at in (at for at, form in enumerate(forms) if form in firsts):
            for length, mark in self._at(forms, at, firsts[forms[at]]):
                start, end = words[at].start, words[at + length - 1].end
                for kind, score in self._read(mark, words, at, length):
                    # what frees a longer name must not free a patient's inside it
                    if end > until[kind] or mark & Mark.PATIENT:
                        until[kind] = max(until[kind], end)
                        yield Finding(kind, start, end, score)

    def _at(self, forms: Sequence[str], at: int, alone: int) -> Iterator[tuple[int, int]]:
        """The listed runs that begin at `at`, longest first: their length and marks."""
        for length in range(min(self._lists.longest, len(forms) - at), 1, -1):
            if bits := self._bits(" ".join(forms[at : at + length])):
                yield length, bits
        yield 1, alone

    def _bits(self, form: str) -> int:
        """Marks of `form`; a possessive's "s" is written without its apostrophe at times."""
        bits = self._lists.bits(form)
        last = form.rpartition(" ")[2]
        if last.endswith("s") and len(last) > _LEAST_STEM and not self._ordinary(last):
            bits |= self._lists.bits(form[:-1])
        return bits

    def _ordinary(self, word: str) -> bool:
        return self._lexicon.is_any(word, WordKind.COMMON | WordKind.MEDICAL | WordKind.GENERAL)

    def _read(
        self, mark: int, words: Sequence[Word], at: int, length: int
    ) -> Iterator[tuple[str, float]]:
        before = words[at - 1].text if at else ""
        if mark & Mark.WHOLE:
            yield "NAME", _WHOLE
        elif mark & Mark.TITLED and before in v.TITLES:
            yield "NAME", _TITLED
        elif mark & Mark.PART and not (length == 1 and _eponym(words, at, mark)):
            yield "NAME", _PART
        if mark & Mark.PLACE:
            yield "LOCATION", _PLACE


def _eponym(words: Sequence[Word], at: int, mark: int) -> bool:
    """Whether the surname names a disease or a thing: "parkinson's", "wilson test".

    Of a surname that no eponym is known of, only "townes brocks syndrome" is believed:
    "o'connor's disease" may well be the patient's.
    """
    text, known = words[at].text, mark & Mark.EPONYM
    if text in v.FREE_EPONYMS:
        return True
    if not known and text.endswith("'s"):
        return False
    heads = v.HEADS if known else _DISEASES
    for word in words[at + 1 : at + 1 + _HEAD_WINDOW]:
        if word.text in heads:
            return True
        if word.text in v.STOPS:
            return False
    return False
