"""Divides labelled rows into a part to tune on and a part to report on, always the same way.

Rows that share a query (`asq-12-0`, `asq-12-3`) or a topic ("What is X?", "How to treat X?")
fall on one side, so that nothing of a reported row was seen before. Pure.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from voiceassist.phi.wordlists import split_words

Part = Literal["tune", "report", "all"]
_QUERY = re.compile(r"asq-\d+")
_WORD = re.compile(r"[a-z]+")
_FRAME = frozenset(
    split_words(
        """
        what is are the of for to a an in how does do who why be can cause causes caused symptoms
        symptom treatment treatments treat outlook diagnose diagnosed diagnosis inherited genetic
        changes related many people affected by research clinical trials being done at risk
        prevent information there side effects with and on that problems exams tests stages
        """
    )
)
_REPORTED = 4  # one row in four


def group(row: dict[str, Any]) -> str:
    """What a row shares with its kin: its query's id, else the topic of its written words.

    A query without items stands in more than one file under other ids, so its words count.
    """
    query = _QUERY.match(str(row.get("id", "")))
    if query and (row.get("label") or row.get("spans")):  # a hard negative has kin by its words
        return query.group()
    words = _WORD.findall(str(row.get("said") or row.get("text") or "").lower())
    return " ".join(word for word in words if word not in _FRAME) or " ".join(words)


def is_reported(row: dict[str, Any]) -> bool:
    """Whether a row is of the part to report on: by the hash of its group."""
    return hashlib.sha256(group(row).encode()).digest()[0] % _REPORTED == 0


def only(rows: Iterable[dict[str, Any]], part: Part) -> Iterator[dict[str, Any]]:
    """The rows of one part, in order."""
    return (row for row in rows if part == "all" or is_reported(row) == (part == "report"))
