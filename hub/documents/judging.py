"""The gate's word on a document's text, as the documents room keeps it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from hub.documents.ports import Inspector, Place
from hub.documents.schemas import Finding, Judgement
from voiceassist.contract.canonical import sha256
from voiceassist.contract.verdict import Item
from voiceassist.errors import VoiceAssistError

log = logging.getLogger(__name__)

_RANK = {"NAME": 0, "DATE": 0, "ID": 2}  # "ID" is any long number
_MOST = 200  # findings kept: a list of all patients is told by its first ones


def judge(inspector: Inspector, text: str, places: Sequence[Place]) -> Judgement:
    """Judge `text`; a gate that fails gives a problem, which holds the document (law 1)."""
    try:
        by = inspector.name()
        items = inspector.inspect(text)
        found = [_finding(item, text, places) for item in _one_a_place(items)]
    except VoiceAssistError as error:
        return Judgement(problem=f"the PHI gate could not judge it: {error}")
    except Exception as error:  # noqa: BLE001 - whatever goes wrong holds (law 1)
        # the type alone: a library's message may repeat the words
        log.error("the PHI gate failed: %s", type(error).__name__)  # noqa: TRY400 - (likewise)
        return Judgement(
            problem="the PHI gate failed on it; look at the document, then release or remove it"
        )
    several = {one.digest: one for one in reversed(found)}  # the first place of the same words
    kept = sorted(several.values(), key=lambda one: one.start)
    return Judgement(findings=tuple(kept[:_MOST]), by=by)


def _one_a_place(items: Sequence[Item]) -> list[Item]:
    """One item for each stretch: what says most of it, and nothing inside another."""
    kept: list[Item] = []
    for item in sorted(items, key=lambda one: (one.start, -one.end, _RANK.get(one.kind, 1))):
        if not kept or item.end > kept[-1].end:
            kept.append(item)
    return kept


def _finding(item: Item, text: str, places: Sequence[Place]) -> Finding:
    last = max((p.end for p in places), default=0)
    words = " ".join(text[item.start : item.end].split()).casefold()
    inside = (p.place for p in places if p.start <= item.start < p.end)
    return Finding(
        kind=item.kind,
        start=item.start,
        end=item.end,
        place=next(inside, "title or name" if item.start > last else "heading"),
        digest=sha256(f"{item.kind}\0{words}".encode()),
    )
