"""Sentences of documents made false, in the ways that a model might. Seeded.

Each takes a sentence and what stands around it and returns another, or None where it has no hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from voiceassist.knowledge.measuring.rewording import (
    CONDITION,
    DENIES,
    LEANS,
    NUMBER,
    WORD,
    Around,
    Kind,
    put,
    shuffled,
)
from voiceassist.knowledge.text.drugs import is_drug, known_drugs

_SWAPS: Mapping[str, Sequence[tuple[str, str]]] = {
    "whom": (
        ("adults", "children"), ("adult", "child"), ("men", "women"), ("women", "children"),
        ("infants", "adults"), ("boys", "girls"), ("pregnant", "elderly"), ("older", "younger"),
        ("patients", "infants"),
    ),
    "route": (
        ("oral", "intravenous"), ("orally", "intravenously"), ("by mouth", "into a vein"),
        ("intramuscular", "subcutaneous"), ("topical", "oral"), ("muscle", "vein"),
        ("injection", "tablet"), ("inhaled", "oral"),
    ),
    "frequency": (
        ("daily", "weekly"), ("once", "twice"), ("twice", "three times"), ("hourly", "daily"),
        ("hours", "days"), ("a day", "a week"), ("each year", "each month"), ("often", "rarely"),
    ),
    "direction": (
        ("more", "less"), ("higher", "lower"), ("above", "below"), ("increase", "decrease"),
        ("increases", "decreases"), ("increased", "decreased"), ("before", "after"),
        ("over", "under"), ("high", "low"), ("greater", "smaller"), ("at least", "at most"),
        ("raise", "reduce"), ("left", "right"), ("better", "worse"), ("earlier", "later"),
    ),
    "or and": (("or", "and"),),
    "how sure": (("may", "must"), ("can", "always"), ("some", "all"), ("usually", "never"),
                 ("sometimes", "always"), ("many", "few"), ("most", "all"), ("rarely", "often")),
}  # fmt: skip
_UNITS = (
    ("mg", "g", "mcg", "mg/kg", "ml", "units"), ("milligrams", "grams", "micrograms"),
    ("hours", "days", "minutes", "weeks"), ("years", "months", "weeks"), ("mm", "cm"),
    ("percent", "times"), ("ml", "l", "mg"), ("mmol/l", "mg/dl"), ("kg", "g"),
)  # fmt: skip
_VERB = re.compile(
    r"\b(?:is|are|was|were|can|may|should|must|has|have|causes?|includes?|occurs?|needs?|gives?)\b"
)
_COMPARES = re.compile(
    r"^(?P<a>[^,;:()]+?) (?P<v>causes?|leads? to|is \w+ than|are \w+ than) (?P<b>[^,;:()]+)\.$"
)


def _number(at: Around) -> str | None:
    found = list(NUMBER.finditer(at.text))
    if not found:
        return None
    old = at.dice.choice(found)
    near = [n[0] for other in (*at.others, at.text) for n in NUMBER.finditer(other)]
    far = [str(at.dice.randint(2, 99)), old[0][:-1] or "7"]
    new = at.dice.choice([n for n in near or far if _value(n) != _value(old[0])] or ["97531"])
    return put(at.text, old, new)


def _value(number: str) -> float:
    return float(re.sub(r",(?=\d{3}\b)", "", number).replace(",", ".", 1).replace(",", ""))


def _numbers_exchanged(at: Around) -> str | None:
    found = list(NUMBER.finditer(at.text))
    if len({_value(n[0]) for n in found}) < 2:  # noqa: PLR2004 - two to exchange
        return None
    one, two = sorted(at.dice.sample(found, 2), key=lambda n: n.start())
    if _value(one[0]) == _value(two[0]):
        return None
    between = at.text[one.end() : two.start()]
    return at.text[: one.start()] + two[0] + between + one[0] + at.text[two.end() :]


def _unit(at: Around) -> str | None:
    for found in shuffled(at, re.compile(r"(?<=\d )[a-zA-Z/%]+|(?<=\d)(?:mg|g|ml|mcg|%)")):
        for group in _UNITS:
            if found[0].lower() in group:
                return put(at.text, found, at.dice.choice([u for u in group if u != found[0]]))
    return None


def _unit_part(at: Around) -> str | None:
    """Say "10 mg/kg" as "10 mg"; "5 mg" as "5 mg/kg"."""
    for found in shuffled(at, re.compile(r"(?<=\d )(?:mg|mcg|g|ml|units)((?:/| per )\w+)?")):
        return put(at.text, found, found[0][: -len(found[1])] if found[1] else found[0] + "/kg")
    return None


def _drug(at: Around) -> str | None:
    for found in shuffled(at, WORD):
        if is_drug(found[0]):
            near = {w for o in (*at.others, at.text) for w in WORD.findall(o) if is_drug(w)}
            rest = sorted({w.lower() for w in near} - {found[0].lower()})
            new = at.dice.choice(rest or sorted(known_drugs() - {found[0].lower()}))
            return put(at.text, found, new)
    return None


def _letter(at: Around) -> str | None:
    """Say hepatitis B for hepatitis A."""
    for found in shuffled(at, re.compile(r"(?<=[a-z] )[A-K](?= |\.|,)")):
        return put(at.text, found, "B" if found[0] != "B" else "C")
    return None


def _denial_dropped(at: Around) -> str | None:
    for found in shuffled(at, DENIES):
        return put(at.text, found, "")
    return None


def _denial_added(at: Around) -> str | None:
    for found in shuffled(at, _VERB):
        if not DENIES.match(at.text[found.end() + 1 :]):
            return put(at.text, found, f"{found[0]} not")
    return None


def _swap(pairs: Sequence[tuple[str, str]]) -> Kind:
    both = dict(pairs) | {b: a for a, b in pairs}
    form = re.compile(rf"\b(?:{'|'.join(sorted(both, key=len, reverse=True))})\b")

    def swap(at: Around) -> str | None:
        for found in shuffled(at, form):
            return put(at.text, found, both[found[0]])
        return None

    return swap


def _condition_dropped(at: Around) -> str | None:
    for found in shuffled(at, CONDITION):
        return put(at.text, found, "")
    return None


def _joined(at: Around) -> str | None:
    """What one sentence speaks of, with what another says."""
    other = at.dice.choice(at.others) if at.others else ""
    one, two = _VERB.search(at.text), _VERB.search(other)
    if one is None or two is None or one.start() == 0 or LEANS.match(other):
        return None
    return at.text[: one.start()] + other[two.start() :]


def _ends_exchanged(at: Around) -> str | None:
    """Say "A is more than B" as "B is more than A"; "A causes B" as "B causes A"."""
    found = _COMPARES.match(at.text)
    return f"{found['b']} {found['v']} {found['a']}." if found else None


FALSE: Mapping[str, Kind] = {
    "number": _number,
    "numbers exchanged": _numbers_exchanged,
    "unit": _unit,
    "part of a unit": _unit_part,
    "drug": _drug,
    "letter": _letter,
    "negation dropped": _denial_dropped,
    "negation added": _denial_added,
    **{name: _swap(pairs) for name, pairs in _SWAPS.items()},
    "condition dropped": _condition_dropped,
    "two sentences mixed": _joined,
    "ends exchanged": _ends_exchanged,
}
