"""Labelled rows of development data as examples: as they are, cleaned, and with other people in.

Three readings of one query: whole; with every item replaced by words that name nobody, which is
free; and with every item replaced by a made-up one, so that no name is learnt by heart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import slots
from generate import Example, Piece, assembled, fill

from voiceassist.phi import synthetic
from voiceassist.phi.split import only

Row = dict[str, Any]
KIND_OF = {
    "NAME": "NAME", "GEOGRAPHIC_LOCATION": "LOCATION", "DATE": "DATE", "PHONE_NUMBER": "CONTACT",
    "EMAIL_ADDRESS": "CONTACT", "FAX_NUMBER": "CONTACT", "IP_ADDRESS": "CONTACT", "AGE": "AGE",
}  # fmt: skip
_OTHERS = {
    "PERSON": "NAME", "ADDRESS": "LOCATION", "STREET_ADDRESS": "LOCATION", "CREDIT_CARD": "ID",
    "PHONE_NUMBER": "CONTACT", "EMAIL_ADDRESS": "CONTACT", "US_SSN": "ID", "IBAN_CODE": "ID",
    "US_DRIVER_LICENSE": "ID", "IP_ADDRESS": "CONTACT", "DOMAIN_NAME": "CONTACT", "ZIP_CODE": "LOCATION",
}  # fmt: skip
_ELSEWHERE = {
    "birth": "DATE", "date": "DATE", "age": "AGE", "phone": "CONTACT", "fax": "CONTACT",
    "email": "CONTACT", "url": "CONTACT", "ip": "CONTACT", "street": "LOCATION", "zip": "LOCATION",
    "spelled": "NAME",
}  # fmt: skip
_NEUTRAL = {
    "NAME": ("the patient", "a patient", "this patient", "", "one of my patients", "the patient's"),
    "LOCATION": ("our clinic", "a clinic", "the hospital", "a tertiary center", "our center", ""),
    "DATE": ("recently", "last year", "in 2021", "", "two months ago", "last week", "2022"),
    "ID": ("", "on file", "unknown"), "CONTACT": ("", "on file"), "AGE": ("an adult",),
}  # fmt: skip
_MADE = {
    "NAME": ("NAME",), "LOCATION": ("FACILITY", "FACILITY", "FACILITY", "TOWN"), "DATE": ("DATE",),
    "ID": ("CODE",), "CONTACT": ("PHONE", "CONTACT"), "AGE": ("AGE",),
}  # fmt: skip
_MONTH = re.compile("|".join(slots.MONTHS), re.IGNORECASE)  # of a study: not to unlearn dates by
_DIGIT_WORDS = frozenset(slots.DIGITS)


def read(path: Path) -> list[Row]:
    """Rows of the tuning part; none where the file is absent."""
    if not path.exists():
        return []
    return list(only([json.loads(line) for line in path.open(encoding="utf-8")], "tune"))


def kind_of(label: str) -> str:
    """The classifier's kind of a label; every other number is an ID."""
    return KIND_OF.get(label, "ID")


def positives(folder: Path) -> tuple[list[Example], list[list[Piece]]]:
    """The rows as they are, and whole queries as pieces to make others of."""
    rows = [one for row in read(folder / "single_item.jsonl") for one in _single(row)]
    queries = [row for row in read(folder / "queries.jsonl") if row.get("spans")]
    singles: dict[str, list[Row]] = {}
    for row in read(folder / "single_item.jsonl"):
        singles.setdefault(row["id"].rsplit("-", 1)[0], []).append(row)
    pieces = []
    for row in queries:
        spans = [(kind_of(s["label"]), s["start"], s["end"]) for s in row["spans"]]
        rows.append(Example(row["text"], tuple(spans)))
        pieces.append(_pieces(row["text"], spans))
        said = _spoken_spans(row["stt"], singles.get(row["id"], []))
        if len(said) == len(spans):
            rows.append(Example(row["stt"], tuple(said)))
            pieces.append(_pieces(row["stt"], said))
    return rows, pieces


def negatives(folder: Path) -> list[tuple[str, str]]:
    """(source, text), written and spoken, of what is believed free."""
    found = []
    for row in read(folder / "negatives.jsonl"):
        found += [(row["src"], row["text"]), (row["src"], row["stt"])]
    for row in read(folder / "queries.jsonl"):
        if not row.get("spans"):
            found += [("asq-phi-hardneg", row["text"]), ("asq-phi-hardneg", row["stt"])]
    for row in read(folder / "real_stt.jsonl"):
        if not row["phi"]:
            found.append((row["label"], row["text"]))
    return found


def made_elsewhere(seed: int, count: int) -> list[Example]:
    """Sentences of the generator that measures the rules (`phi kinds`): other hands, other words."""
    found = [Example(text, ()) for _, text in synthetic.negatives(count * 6, seed)]
    for kind in (one for one in synthetic.KINDS if one != "unique"):  # those have no place
        named = _ELSEWHERE.get(kind, "ID")
        made = synthetic.rows(kind, count, seed)
        found += [Example(row.text, ((named, row.start, row.end),)) for row in made]
    return found


def articles(folder: Path, count: int, rng: Random) -> list[str]:
    """Titles, claims and sentences of published medicine: they name places and authors, no patient."""
    texts = []
    for path in (folder / "scifact" / "corpus.jsonl", folder / "scifact" / "queries.jsonl"):
        for line in path.open(encoding="utf-8") if path.exists() else ():
            row = json.loads(line)
            texts.append(row.get("title") or row["text"])
            texts += _sentences(row["text"])[:2] if "title" in row else []
    pages = sorted((folder / "library" / "md").glob("*.md"))
    texts += [one for page in pages for one in _sentences(page.read_text("utf-8"))[:8]]
    short = [text for text in texts if text.count(" ") < 45 and not _MONTH.search(text)]
    return rng.sample(short, min(count, len(short)))


def _sentences(text: str) -> list[str]:
    return [one for one in re.split(r"(?<=[.?!])\s+|\n+", text) if one.count(" ") > 3]


def heard(folder: Path) -> Iterator[Example]:
    """Recognised rows whose item survived recognition, as far as it can be found again."""
    for row in read(folder / "real_stt.jsonl"):
        if not row["phi"]:
            continue
        core = re.sub(r"[^a-z ]", "", row["item"].lower()).split()
        words = [w for w in core if len(w) > 2 and w not in _DIGIT_WORDS]
        found = (
            re.search(r"\W+".join(map(re.escape, words)), row["text"].lower()) if words else None
        )
        if found and len(words) == len([w for w in core if len(w) > 2]):
            yield Example(row["text"], ((kind_of(row["label"]), *found.span()),))


def others(folder: Path, count: int, rng: Random) -> list[Example]:
    """Templated sentences that are not clinical, of the kinds that are told apart here."""
    path = folder / "presidio-research" / "synth_dataset_v2.json"
    if not path.exists():
        return []
    found = []
    for row in json.loads(path.read_text("utf-8")):
        kinds = {span["entity_type"] for span in row["spans"]}
        if kinds <= _OTHERS.keys() and "\n" not in row["full_text"]:
            spans = sorted(
                (_OTHERS[s["entity_type"]], s["start_position"], s["end_position"])
                for s in row["spans"]
            )
            found.append(Example(row["full_text"], tuple(spans)))
    return rng.sample(found, min(count, len(found)))


def neutral(rng: Random, pieces: list[Piece]) -> Example:
    """The query with nobody in it."""
    return assembled(rng, [
        (words, "") if not kind else (rng.choice(_NEUTRAL[kind]), "") for words, kind in pieces
    ])  # fmt: skip


def swapped(rng: Random, pieces: list[Piece]) -> Example:
    """The query with other people, places and numbers, some of them left out."""
    made: list[Piece] = []
    for words, kind in pieces:
        if not kind:
            made.append((words, ""))
        elif rng.random() < 0.3:
            made.append((rng.choice(_NEUTRAL[kind]), ""))
        else:
            made.append(fill(rng, rng.choice(_MADE[kind])))
    return assembled(rng, made)


def _single(row: Row) -> Iterator[Example]:
    kind = kind_of(row["label"])
    yield Example(row["text"], ((kind, *row["span"]),))
    yield Example(row["stt"], ((kind, *row["stt_span"]),))


def _pieces(text: str, spans: list[tuple[str, int, int]]) -> list[Piece]:
    pieces, at = [], 0
    for kind, start, end in sorted(spans, key=lambda span: span[1]):
        pieces += [(text[at:start].strip(" ,"), ""), (text[start:end], kind)]
        at = end
    pieces.append((text[at:].strip(" ,"), ""))
    return [(words, kind) for words, kind in pieces if words]


def _spoken_spans(text: str, singles: list[Row]) -> list[tuple[str, int, int]]:
    spans = []
    for row in singles:
        said = row["stt"][row["stt_span"][0] : row["stt_span"][1]]
        at = text.find(said)
        if at >= 0:
            spans.append((kind_of(row["label"]), at, at + len(said)))
    return spans
