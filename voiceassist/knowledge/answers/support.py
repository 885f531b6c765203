"""Whether a composed sentence says no more, and nothing else, than its sources (law 2). Pure.

A sentence is supported when it is one sentence of a source without some of its words: what it
says is all there, in the same order where order can tell; and nothing is left off that denies,
conditions, or tells whom, how much, when and how surely. Two such sentences may be joined. Doubt
is no: what is not supported is replaced by a quotation, which costs little.

`attack.py` measures it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from itertools import takewhile

from voiceassist.contract.knowledge import Source
from voiceassist.knowledge.answers.facts import Fact, facts, joints, key
from voiceassist.knowledge.text.sentences import Span, sentences

_IN_ORDER = 0.6  # of the content words, where nothing in the sentence gives order a meaning
_KEPT = 0.4  # of the source's content words: a stump says something else
_MOST_ITEMS, _ITEM_WORDS = 8, 12
_ATTRIBUTED = re.compile(
    r"^\s*(?:according to (?:the|this) (?:library|source|document|guideline)s?,"
    r"|(?:the|this) (?:library|source|document|guideline) (?:says|states|tells) that)\s+",
    re.IGNORECASE,
)
_JOINT = re.compile(r"[,;]\s+(?:and|but)\s+|;\s+(?!(?:or|and|but)\b)", re.IGNORECASE)
_LEANS = re.compile(r"^\W*(?:it|they|this|these|those|such|he|she|its|their)\b", re.IGNORECASE)
_ROW = re.compile(r"^[^:;.]{1,60}: [^;]+;")
_DIRECTED = re.compile(
    r"\b(?:than|versus|compared|caus\w+|leads?|led|results?|due|from|prevents?|prevented|"
    r"increas\w+|decreas\w+|reduc\w+|rais\w+|lowers?|before|after|becomes?|follow\w*|produc\w+|"
    r"affects?|over|under)\b",
    re.IGNORECASE,
)
_NO_SUBJECT = frozenset({key("dose"), key("amount")})  # the dose of a drug is spoken of the drug
_DECIDING = frozenset({"number", "drug", "denial", "condition", "whom", "manner"})
_NAMING = frozenset({"content", "drug", "whom"})
_TURNING = frozenset({"denial", "condition"})


def supported(sentence: str, sources: Sequence[Source]) -> bool:
    """Whether one sentence of `sources`, or two that are joined, say all that `sentence` says."""
    text = _ATTRIBUTED.sub("", sentence)
    if _stands(text, sources):
        return True
    return any(
        all(
            _stands(part, sources, from_start=True)
            for part in (text[: joint.start()], text[joint.end() :])
        )
        for joint in _JOINT.finditer(text)
        if _outside(text, joint.start())
    )


def _outside(text: str, at: int) -> bool:
    """Whether the place is in no parentheses."""
    return text.count("(", 0, at) == text.count(")", 0, at)


def _stands(text: str, sources: Sequence[Source], *, from_start: bool = False) -> bool:
    said = facts(text)
    if not any(fact.kind in {"content", "drug"} for fact in said):
        return False
    return any(
        _connected(text, stretch)
        and _says(said, stretch, f"{source.title}. {source.place}", from_start=from_start)
        for source in sources
        for stretch in stretches(source.quote)
    )


@lru_cache(maxsize=512)
def stretches(quote: str) -> tuple[str, ...]:
    """What may support a sentence: each sentence, and a list with what announces it."""
    spans = sentences(quote)
    found: list[str] = []
    for index, span in enumerate(spans):
        text = quote[span.start : span.end]
        if text.endswith(":"):
            found += _lists(quote, spans[index:])
        found.append(text)
        if not _ROW.match(text):
            found += _parts(text)
    return tuple(found)


def _parts(text: str) -> Iterator[str]:
    """What semicolons part."""
    cuts = [cut for cut in re.finditer(r";\s+", text) if _outside(text, cut.start())]
    begun = 0
    for cut in cuts:
        yield text[begun : cut.start()]
        begun = cut.end()
    if cuts:
        yield text[begun:]


def _lists(quote: str, spans: Sequence[Span]) -> Iterator[str]:
    items = [quote[span.start : span.end].rstrip(".;") for span in spans[1 : _MOST_ITEMS + 1]]
    head = quote[spans[0].start : spans[0].end]
    items = list(takewhile(lambda item: len(item.split()) <= _ITEM_WORDS, items))
    for count in range(1, len(items) + 1):
        yield f"{head} {', '.join(items[:count])}"


@lru_cache(maxsize=2048)
def _facts(text: str) -> tuple[Fact, ...]:
    return facts(text)


def _says(said: Sequence[Fact], stretch: str, context: str, *, from_start: bool) -> bool:
    """Whether `said` are the facts of `stretch` without some that may go.

    `from_start`: what is joined to another sentence must begin as its own source does.
    """
    held = _facts(stretch)
    if not _same(said, held, "denial", "condition"):
        return False
    leans = _LEANS.match(stretch) is not None
    directed = _DIRECTED.search(stretch) is not None
    about = [f for f in _facts(context) if f.kind in _NAMING and len(f.value) > 1]
    return any(
        _same(said, run, "denial", "condition", "manner")
        and (leans or _subject(run) in {fact.value for fact in said})
        and _known(said, run, about)
        and _ordered(said, run, directed=directed)
        and _scoped(said, run)
        for run in _runs(held, from_start=from_start)
    )


def _runs(held: Sequence[Fact], *, from_start: bool) -> Iterator[Sequence[Fact]]:
    """Neighbouring clauses of a sentence, the whole first; later ones behind their subject.

    "500 mg in adults, 250 mg in children" supports no dose but each one's own.
    """
    last = held[-1].clause if held else 0
    head = []
    for fact in held:
        if fact.clause or fact.kind not in {"content", "drug"}:
            break
        head.append(fact)
    for length in range(last + 1, 0, -1):
        for first in range(1 if from_start else last + 2 - length):
            run = [f for f in held if first <= f.clause < first + length]
            if first:
                drug = any(f.kind == "drug" for f in run)
                run = [*(f for f in head if not (drug and f.kind == "drug")), *run]
            yield run


def _subject(run: Sequence[Fact]) -> str | None:
    """What comes first and so, most often, is spoken of."""
    named = (f.value for f in run if f.kind in {"content", "drug"} and f.value not in _NO_SUBJECT)
    return next(named, None)


def _known(said: Sequence[Fact], run: Sequence[Fact], about: Sequence[Fact]) -> bool:
    """Whether all that is said is in the run, or in the headings above it, and enough of it is."""
    strict = any(fact.kind in {"number", "drug"} for fact in run)
    told, held = _bag(said, "content"), _bag(run, "content")
    return (
        _same_people(said, run, about)
        and not _bag(said, "number") - _bag(run, "number")
        and _same_drugs(said, run, about)
        and (not strict or _same(said, run, "scope"))
        and set(_bag(said, "act")) <= set(_bag(run, "act"))
        and not told - held - _bag(about, "content")
        and len(told & held) >= _KEPT * len(held)
    )


def _same_drugs(said: Sequence[Fact], run: Sequence[Fact], about: Sequence[Fact]) -> bool:
    """Whether it is said of the same drugs; one of two that are named could be either."""
    told, held = set(_bag(said, "drug")), set(_bag(run, "drug"))
    return told == held if held else told <= set(_bag(about, "drug"))


def _same_people(said: Sequence[Fact], run: Sequence[Fact], about: Sequence[Fact]) -> bool:
    """Whether it is said of the same people; where a sentence names none, its headings may."""
    told, held = _bag(said, "whom"), _bag(run, "whom")
    return told == held or (not held and not told - _bag(about, "whom"))


def _ordered(said: Sequence[Fact], run: Sequence[Fact], *, directed: bool) -> bool:
    """Each kind in the source's order; all kinds where two numbers or drugs could change places."""
    kinds: list[frozenset[str]] = [frozenset({one}) for one in _DECIDING]
    if any(sum(fact.kind == kind for fact in run) > 1 for kind in ("number", "drug")):
        kinds = [_DECIDING]
    content = frozenset({"content", "drug"})
    return all(_share(said, run, some) == 1 for some in kinds) and _share(said, run, content) >= (
        1 if directed else _IN_ORDER
    )


def _share(said: Sequence[Fact], run: Sequence[Fact], kinds: AbstractSet[str]) -> float:
    """How much of what both hold stands in the same order."""
    held = [fact.value for fact in run if fact.kind in kinds]
    told = [fact.value for fact in said if fact.kind in kinds and fact.value in held]
    return _common(told, held) / len(told) if told else 1.0


def _scoped(said: Sequence[Fact], run: Sequence[Fact]) -> bool:
    """Whether what is denied or conditioned is the same: what comes next stands near in both."""
    return _denied(said, run) and _denied(run, said)


def _denied(one: Sequence[Fact], other: Sequence[Fact]) -> bool:
    known = {fact.value for fact in other if fact.kind not in _TURNING | {"act", "scope"}}
    marks = [at for at, fact in enumerate(other) if fact.kind in _TURNING]
    for number, at in enumerate(i for i, fact in enumerate(one) if fact.kind in _TURNING):
        after = next((fact.value for fact in one[at + 1 :] if fact.value in known), None)
        clauses = {fact.clause for fact in other[marks[number] : marks[number] + 2]}
        if after is not None and after not in {f.value for f in other if f.clause in clauses}:
            return False
    return True


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """The length of the longest common subsequence."""
    row = [0] * (len(other) + 1)
    for value in one:
        before = 0
        for at, held in enumerate(other, start=1):
            here = row[at]
            row[at] = before + 1 if value == held else max(here, row[at - 1])
            before = here
    return row[-1]


def _same(one: Sequence[Fact], other: Sequence[Fact], *kinds: str) -> bool:
    return _bag(one, *kinds) == _bag(other, *kinds)


def _bag(of: Sequence[Fact], *kinds: str) -> Counter[str]:
    return Counter(fact.value for fact in of if fact.kind in kinds)


def _connected(text: str, stretch: str) -> bool:
    """Whether what `text` joins by "and" or "or" isn't joined by the other in `stretch`."""
    held = joints(stretch)
    for left, joint, right in joints(text):
        both = {j for one, j, two in held if (one, two) == (left, right)}
        near = both or {j for one, j, two in held if one == left or two == right}
        if joint not in (near or {j for _, j, _ in held} or {joint}) or len(near) > 1:
            return False
    return True
