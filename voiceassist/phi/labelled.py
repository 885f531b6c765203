"""Labelled rows as they are measured: what is PHI in them, and where.

A row with PHI has `label` and a `span`, or `spans`; for another field than `text` they are called
`stt_span`, `stt_spans` and so on. Where a query has `spans` of its written words only, the spoken
places come from rows of single items: `asq-12-0` holds the words of the first item of `asq-12`.
Pure, but for `read_rows`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from voiceassist.errors import BadInput
from voiceassist.phi.split import Part, only

Row = dict[str, Any]
HARD = "hard negatives"
_OTHER_PART = "of the other part"


@dataclass(frozen=True, slots=True)
class Span:
    """An item of kind `label` at `[start, end)` of the text."""

    label: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text to judge. `labels` are the kinds of PHI in it; none where it is free of PHI.

    `spans` are all of its items, or empty where their places are not known. `source` is where
    a text without PHI comes from.
    """

    id: str
    text: str = field(repr=False)
    phi: bool
    source: str = ""
    labels: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()


@dataclass(slots=True)
class Corpus:
    """The rows to judge, the ids of those left out by reason, and of those without places."""

    rows: list[Labelled] = field(default_factory=list)
    left_out: dict[str, list[str]] = field(default_factory=dict)
    unaligned: list[str] = field(default_factory=list)

    def leave_out(self, reason: str, row: Row) -> None:
        """Note that a row is not judged."""
        self.left_out.setdefault(reason, []).append(_id(row))


def read_rows(path: Path) -> list[Row]:
    """JSON lines of `path`; raises `BadInput` naming the line that is none."""
    rows = []
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} can't be read as text; give a file of JSON lines") from error
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise BadInput(f"{path}, line {number}, is not JSON; give one object a line") from error
        if not isinstance(row, dict):
            raise BadInput(f"{path}, line {number}, is no JSON object; give one object a line")
        rows.append(row)
    return rows


def corpus(
    positives: Iterable[Row],
    negatives: Iterable[Row],
    *,
    field: str = "text",
    part: Part = "all",
    items: Iterable[Row] = (),
) -> Corpus:
    """What to judge of two files; raises `BadInput` where no row of a file has `field`.

    A row among `positives` without a single item is a hard negative, and counts as one.
    """
    found = Corpus()
    places = {_id(row): row for row in items}
    for row in _wanted(found, positives, field, part):
        if not _has_phi(row):
            source = str(row.get("src") or row.get("label") or HARD)
            found.rows.append(Labelled(_id(row), row[field], phi=False, source=source))
            continue
        spans = _spans(row, field) or _looked_up(row, field, places)
        if spans is None:
            found.unaligned.append(_id(row))
        found.rows.append(
            Labelled(_id(row), row[field], phi=True, labels=_labels(row), spans=spans or ())
        )
    for row in _wanted(found, negatives, field, part):
        if row.get("phi") is True:
            found.leave_out("labelled as PHI in the file of those without", row)
            continue
        source = str(row.get("src") or row.get("label") or "all")
        found.rows.append(Labelled(_id(row), row[field], phi=False, source=source))
    return found


def align(text: str, words: Sequence[str]) -> list[tuple[int, int]] | None:
    """Where `words` stand in `text`, in this order and whole; None unless all of them do."""
    places, at = [], 0
    for one in words:
        found = re.compile(rf"(?<!\w){re.escape(one)}(?!\w)").search(text, at)
        if not one or found is None:
            return None
        places.append(found.span())
        at = found.end()
    return places


def _wanted(found: Corpus, rows: Iterable[Row], field: str, part: Part) -> Iterator[Row]:
    """The rows of one part that have the field; the others are noted, an empty rest refused."""
    every = list(rows)
    chosen = list(only(every, part))
    kept = {id(row) for row in chosen}
    for row in every:
        if id(row) not in kept:
            found.leave_out(_OTHER_PART, row)
    there = [row for row in chosen if isinstance(row.get(field), str)]
    if chosen and not there:
        raise BadInput(f"no row has a text field {field!r}; choose another with --field")
    for row in chosen:
        if not isinstance(row.get(field), str):
            found.leave_out(f"no text field {field!r}", row)
    yield from there


def _id(row: Row) -> str:
    return str(row.get("id", "?"))


def _has_phi(row: Row) -> bool:
    if isinstance(row.get("phi"), bool):
        return bool(row["phi"])
    return bool(row.get("label") or row.get("spans") or row.get("span"))


def _labels(row: Row) -> tuple[str, ...]:
    several = [str(span["label"]) for span in row.get("spans") or ()]
    return tuple(dict.fromkeys(several or [str(row.get("label", "?"))]))


def _spans(row: Row, field: str) -> tuple[Span, ...]:
    name = "span" if field == "text" else f"{field}_span"
    if row.get(name):
        return (Span(_labels(row)[0], *row[name]),)
    return tuple(Span(s["label"], s["start"], s["end"]) for s in row.get(f"{name}s") or ())


def _looked_up(row: Row, field: str, items: Mapping[str, Row]) -> tuple[Span, ...] | None:
    """Spans by the words of the row's items; None where one of them is not to be found."""
    written = row.get("spans") or ()
    alone = [items.get(f"{_id(row)}-{number}", {}) for number in range(len(written))]
    spoken = [_spans(item, field) for item in alone]
    if not written or not all(spoken):
        return None
    words = [item[field][s.start : s.end] for item, (s,) in zip(alone, spoken, strict=True)]
    places = align(row[field], words)
    if places is None:
        return None
    return tuple(
        Span(str(one["label"]), *place) for one, place in zip(written, places, strict=True)
    )
