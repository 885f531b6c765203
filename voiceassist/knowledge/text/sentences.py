"""Where sentences begin and end, in text that has abbreviations, doses, lists and tables."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ABBREVIATED = """
    dr mr mrs ms prof st sr jr vs etc approx ca cf e.g i.e al fig figs eq ref no nos vol ed eds
    dept inc ltd co u.s u.k d.c b.i.d t.i.d q.i.d q.d p.o p.r.n i.v i.m s.c a.m p.m ph.d m.d
    max min temp wt ht hr hrs sec mg ml kg tab tabs cap caps inj sol susp jan feb mar apr jun jul
    aug sep sept oct nov dec incl esp resp sp spp subsp var viz
"""
_SHORT = frozenset(_ABBREVIATED.split())
_STOP = re.compile(
    r"""
    [.!?]["'”\u2019)\]]*(?=\s)       # the end of a sentence, if what stands around it allows
    | \n+                        # a line is a block of the document
    | (?<=\w[.:;!?)])\s(?=[-*•]\s)      # a bullet run into the line
    """,
    re.VERBOSE,
)
_OPENS = re.compile(r"\s*[\"'“\u2018(\[]*(?:[A-Z0-9À-Þ]|[-*•]\s)")
_LAST_WORD = re.compile(r"(\S+?)[.!?][\"'”\u2019)\]]*$")
_INITIAL = re.compile(r"^[A-Z]$")
_GLUED = re.compile(r"(?<=[a-z)][.!?])(?=[A-Z][a-z])")  # "each year.Of these": a lost space
_BULLET = re.compile(r"[-*•]\s+")


@dataclass(frozen=True, slots=True)
class Span:
    """Character offsets into a text."""

    start: int
    end: int


def sentences(text: str) -> tuple[Span, ...]:
    """Spans of the sentences of `text`, in order, without the white space between them."""
    cuts = {found.end() for found in _STOP.finditer(text) if _ends(text, found)}
    cuts |= {found.start() for found in _GLUED.finditer(text)}
    spans = []
    start = 0
    for cut in [*sorted(cuts), len(text)]:
        span = _trim(text, start, cut)
        if span is not None:
            spans.append(span)
        start = cut
    return tuple(spans)


def _ends(text: str, found: re.Match[str]) -> bool:
    if not found[0].strip():
        return True
    if not _OPENS.match(text, found.end()):
        return False
    if found[0][0] != ".":
        return True
    word = _LAST_WORD.search(text, max(0, found.start() - 40), found.end())
    if word is None:
        return True
    last = word[1].lstrip("(\"'“\u2018[")
    return last.lower() not in _SHORT and not _INITIAL.match(last)


def _trim(text: str, start: int, end: int) -> Span | None:
    """Without the white space and bullets around; None where nothing is left."""
    while start < end:
        if text[start].isspace():
            start += 1
        elif bullet := _BULLET.match(text, start, end):
            start = bullet.end()
        else:
            break
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end) if re.search(r"\w", text[start:end]) else None
