"""Documents to passages: short enough for the embedder, never across a heading or a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from voiceassist.knowledge.documents.model import Block, Document
from voiceassist.knowledge.text.sentences import Span, sentences

WORDS = 110  # about 150 tokens of clinical English; with title and headings below 200
_MOST = 150  # a passage may grow to this to take in what would be left over
_LEFT_OVER = 30


_FORM = 1  # raise it when the same document would be split otherwise


def passages_form() -> list[int]:
    """What decides how a document is split: kept with each pack, so that a change re-indexes."""
    return [_FORM, WORDS, _MOST, _LEFT_OVER]


@dataclass(frozen=True, slots=True)
class PassageDraft:
    """A passage before it has a number: `document.text[start:end] == text`.

    `place` is for a person ("page 3", "Treatment > Adults"); `context` is the title and
    headings, which are searched and embedded with the text.
    """

    start: int
    end: int
    text: str = field(repr=False)
    place: str
    context: str


def split(document: Document) -> tuple[PassageDraft, ...]:
    """The passages of `document`, in order."""
    drafts = []
    blocks = (block for block in document.blocks if block.kind != "heading")
    for (path, page, scanned), section in groupby(
        blocks, key=lambda b: (b.path, b.page, b.scanned)
    ):
        place = _place(path, page, scanned=scanned)
        context = ". ".join([document.title, *path])
        for run in _runs(_units(document.text, section)):
            start, end = run[0].start, run[-1].end
            drafts.append(PassageDraft(start, end, document.text[start:end], place, context))
    return tuple(drafts)


def _place(path: tuple[str, ...], page: int | None, *, scanned: bool) -> str:
    parts = [f"page {page}{' (scanned)' if scanned else ''}"] if page is not None else []
    return ", ".join([*parts, " > ".join(path)] if path else parts)


def _units(text: str, blocks: Iterable[Block]) -> Iterator[tuple[Span, int]]:
    """Sentences with their count of words; a row or an item stays whole where it can."""
    for block in blocks:
        words = text[block.start : block.end].split()
        if block.kind != "paragraph" and len(words) <= WORDS:
            yield Span(block.start, block.end), len(words)
            continue
        for span in sentences(text[block.start : block.end]):
            yield from _pieces(text, Span(block.start + span.start, block.start + span.end))


def _pieces(text: str, span: Span) -> Iterator[tuple[Span, int]]:
    """A sentence, cut between words where it is longer than a passage may be."""
    start, count, end = span.start, 0, span.start
    for word in text[span.start : span.end].split():
        at = text.index(word, end)
        if count == WORDS:
            yield Span(start, end), count
            start, count = at, 0
        end = at + len(word)
        count += 1
    if count:
        yield Span(start, end), count


def _runs(units: Iterable[tuple[Span, int]]) -> Iterator[Sequence[Span]]:
    runs: list[tuple[list[Span], int]] = []
    for span, words in units:
        if runs and runs[-1][1] + words <= WORDS:
            runs[-1] = ([*runs[-1][0], span], runs[-1][1] + words)
        else:
            runs.append(([span], words))
    if len(runs) > 1 and runs[-1][1] < _LEFT_OVER and runs[-2][1] + runs[-1][1] <= _MOST:
        last, words = runs.pop()
        runs[-1] = ([*runs[-1][0], *last], runs[-1][1] + words)
    for run, _ in runs:
        yield run
