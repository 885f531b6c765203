"""What `eval` reads: questions on a folder of documents, and corpora in BEIR's layout."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from voiceassist.errors import BadInput, WrongUse
from voiceassist.knowledge.documents.reader import slug
from voiceassist.knowledge.measuring.measure import Asked


def questions(path: Path) -> Iterator[Asked]:
    """Rows `{question, file}`; a question whose file is null should be refused."""
    for row in _rows(path):
        yield Asked(row["question"], slug(row["file"]) if row["file"] else None)


def write_corpus(corpus: Path, into: Path) -> None:
    """One text file for each document of BEIR's `corpus.jsonl`."""
    into.mkdir(parents=True, exist_ok=True)
    for row in _rows(corpus):
        text = f"{row.get('title') or 'Untitled'}\n===\n\n{row['text']}\n"
        (into / f"{row['_id']}.txt").write_text(text, encoding="utf-8")


def judgements(queries: Path, qrels: Path) -> tuple[dict[str, str], dict[str, dict[str, int]]]:
    """Queries by id, and for each that was judged its documents' grades above 0."""
    relevant: dict[str, dict[str, int]] = {}
    with qrels.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if int(row["score"]) > 0:
                documents = relevant.setdefault(row["query-id"], {})
                documents[slug(f"{row['corpus-id']}.txt")] = int(row["score"])
    return {row["_id"]: row["text"] for row in _rows(queries)}, relevant


def _rows(path: Path) -> Iterator[Any]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise WrongUse(f"{path}: no such file; name a JSONL file") from error
    for number, line in enumerate(lines, start=1):
        try:
            yield json.loads(line)
        except json.JSONDecodeError as error:
            raise BadInput(f"{path}, line {number}: not JSON; mend the line") from error
