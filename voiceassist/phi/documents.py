"""The gate over a document: whether its text names a patient.

Law: what is judged is all of the text; a recogniser that fails raises, and whoever asked
keeps the document back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from voiceassist.contract.verdict import Item
from voiceassist.phi.gate import Finder
from voiceassist.phi.lexicon import Lexicon
from voiceassist.phi.normalise import normalise
from voiceassist.phi.patients import patients_items
from voiceassist.phi.policy import PhiPolicy
from voiceassist.phi.written import written_names

_WINDOW = 400  # characters: rules that look for a person look no farther than a few sentences
_MOST = 1200  # of one sentence: what has no stops must not make one window of a document
_OVERLAP = 200
_STOP = re.compile(r"(?<=[.!?;])\s+|\n+")
_SPOKEN = re.compile(
    r"\b(?:born|birth|birthday|d o b|m r n|(?:medical )?record number|my name|phone|cell)\b",
    re.IGNORECASE,
)
_BACK = 200  # a dialogue's question comes before its answer


class DocumentJudge:
    """Finds what in a document is a patient's. Thread-safe; raises what a recogniser raises.

    Args:
        policy: thresholds; `max_characters` and the time-out are for questions.
        finder: the gate's rules and the clinic's lists.
        lexicon: what words are known as.
        is_patient: whether a stretch is a whole name on the clinic's list of patients.
        free: whether a found stretch (lower case) is on a list of what is free.
    """

    def __init__(
        self,
        policy: PhiPolicy,
        finder: Finder,
        lexicon: Lexicon,
        is_patient: Callable[[str], bool],
        free: Callable[[str], bool],
    ) -> None:
        self._policy = policy
        self._finder = finder
        self._lexicon = lexicon
        self._is_patient = is_patient
        self._free = free

    def items(self, text: str) -> tuple[Item, ...]:
        """What in `text` is a patient's, by place; empty where it names none."""
        found = [item for item in self._found(text) if self._counts(text, item)]
        return patients_items(text, found, self._is_patient)

    def _found(self, text: str) -> Iterator[Item]:
        for name in written_names(text, self._lexicon):
            yield Item(name.kind, name.start, name.end, name.score, "written")
        for start, end in windows(text):
            window = text[start:end]
            for item in self._finder.items(window):
                yield _moved(item, start)
            # "born march third nineteen fifty two": what is written as it was spoken
            if _SPOKEN.search(text, max(0, start - _BACK), end):
                form = normalise(window)
                for item in self._finder.items(form.text):
                    first, last = form.place(item.start, item.end)
                    yield _moved(Item(item.kind, first, last, item.score, item.by), start)

    def _counts(self, text: str, item: Item) -> bool:
        words = text[item.start : item.end].lower().strip(" .,?!")
        return item.score >= self._policy.threshold(item.kind) and not self._free(words)


def windows(text: str) -> Iterator[tuple[int, int]]:
    """Stretches of whole sentences, each within a line, up to 400 characters or one sentence.

    A longer sentence is cut, with an overlap, so that nothing stands on a cut only.
    """
    for start, end in _sentences(text):
        for at in range(start, max(end - _OVERLAP, start + 1), _MOST - _OVERLAP):
            yield at, min(at + _MOST, end)


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    start = last = 0
    for stop in [*_STOP.finditer(text), None]:
        at, after = stop.span() if stop else (len(text), len(text))
        if at - start > _WINDOW and last > start:
            yield start, last
            start = last
        last = at
        if stop is None or "\n" in stop[0]:
            if at > start:
                yield start, at
            start = last = after


def _moved(item: Item, by: int) -> Item:
    return Item(item.kind, item.start + by, item.end + by, item.score, item.by)
