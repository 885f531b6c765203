"""What a sentence commits itself to: measures, drugs, denials, conditions, whom and how sure. Pure.

Two ways to say one thing read alike ("three times a day", "3 times daily"); what would change
what is meant ("mg/kg" and "mg", "may" and "must") doesn't.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

from voiceassist.knowledge.text.drugs import is_drug
from voiceassist.knowledge.text.queries import stem
from voiceassist.knowledge.text.vocabulary import STOP_WORDS, american

Kind: TypeAlias = Literal[
    "number", "drug", "denial", "condition", "whom", "manner", "scope", "act", "content"
]

_UNITS = {
    "milligram": "mg", "milligrams": "mg", "gram": "g", "grams": "g", "microgram": "mcg",
    "micrograms": "mcg", "µg": "mcg", "μg": "mcg", "ug": "mcg", "millilitre": "ml",
    "milliliter": "ml", "milliliters": "ml", "millilitres": "ml", "liter": "l", "litre": "l",
    "liters": "l", "litres": "l", "kilogram": "kg", "kilograms": "kg", "percent": "%",
    "unit": "units", "iu": "units", "hour": "hours", "hr": "hours", "hrs": "hours", "h": "hours",
    "day": "days", "week": "weeks", "month": "months", "year": "years", "minute": "minutes",
    "min": "minutes", "mins": "minutes", "second": "seconds", "tablet": "tablets",
    "puff": "puffs", "drop": "drops", "dose": "doses", "time": "times", "degree": "degrees",
    "millimole": "mmol", "millimoles": "mmol", "centimeter": "cm", "centimeters": "cm",
    "millimeter": "mm", "millimeters": "mm", "inch": "inches", "pound": "pounds",
}  # fmt: skip
_UNIT_NAMES = frozenset(_UNITS) | frozenset(_UNITS.values()) | {"%", "mmol", "meq", "mmhg", "kcal"}
_NUMBERS = {
    "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
    "seven": "7", "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12",
    "thirteen": "13", "fourteen": "14", "fifteen": "15", "sixteen": "16", "seventeen": "17",
    "eighteen": "18", "nineteen": "19", "twenty": "20", "thirty": "30", "forty": "40",
    "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90",
    "hundred": "100", "thousand": "1000", "million": "1000000", "half": "0.5", "quarter": "0.25",
}  # fmt: skip
_BOUNDS = """
    every for in within after before until least most than over under above below by between
    minimum maximum around about to and or
"""
_BEFORE_NUMBERS = frozenset(_BOUNDS.split())
_SAME = tuple(
    (re.compile(form, re.IGNORECASE), plain)
    for form, plain in (
        (r"\bat once\b", "immediately"),
        (r"\bonce\b", "1 times"),
        (r"\btwice\b", "2 times"),
        (r"\b(?:a|per|each|every) (day|week|month|hour)\b|/(day|week|month|hour)\b", r"\1\2ly"),
        (r"\bdayly\b", "daily"),
        (r"\b(\w+)[- ]hourly\b", r"every \1 hours"),
        (r"\bby mouth\b|\borally\b", "oral"),
        (r"\bintravenously\b", "intravenous"),
        (r"\bup to (?=\d)", "at most "),
        (r"≥|>=|⩾", " at least "),
        (r"≤|<=|⩽", " at most "),
        (r"<", " below "),
        (r">", " above "),
        (r"(?<=\d)\s?[-\u2010-\u2015]\s?(?=\d)", " to "),
        (r"\bcan(?:not|'t)\b", "can not"),
        (r"n't\b", " not"),
        (r"\bper ?cent\b", "percent"),
    )
)
_DENIALS = """
    no not never without avoid avoided avoiding avoids none neither nor contraindicated nothing
    contraindication contraindications stop stopped stops stopping discontinue discontinued
    withhold withheld refuse refused unsafe fail fails failed lack lacks lacking absence absent
    unlikely instead rather hardly barely seldom rarely negative exclude excluded excludes
"""
_CONDITIONS = """
    if unless when whenever until except excepting only provided otherwise although though while
    whether because despite
"""
_WHOM = """
    adult child infant baby newborn neonate toddler teenager adolescent boy girl man woman male
    female pregnant pregnancy breastfeeding elderly older younger mother father parent who whose
    with during patient people person individual participant
"""
_MANNER = """
    under over above below before after more less fewer least most than increas decreas rais
    reduc lower higher high low greater smaller better worse oral intravenous intramuscular
    subcutaneous topical daily weekly hourly monthly yearly morning night first second third last
    mild moderate severe chronic acute may must should always usually often sometimes commonly
    likely possibl probably all every each any some many few several both half early late earlier
    later left right upper into immediately
"""
_ONE_FORM = {
    "children": "child", "men": "man", "women": "woman", "babies": "baby", "might": "may",
    "could": "may", "can": "may", "possibly": "possibl", "shall": "must", "given": "give",
    "gave": "give", "giving": "give", "gives": "give", "used": "give", "use": "give",
    "using": "give", "uses": "give", "taken": "give", "take": "give", "taking": "give",
    "takes": "give", "administered": "give", "administer": "give", "less": "less",
    "pregnancies": "pregnancy", "mothers": "mother", "older": "older", "daily": "daily",
}  # fmt: skip
_LINKS = """
    however therefore moreover furthermore additionally addition thus hence generally especially
    particularly very too etc eg ie meanwhile overall
"""
_EMPTY = STOP_WORDS | frozenset(_LINKS.split())
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['\u2019][^\W\d_]+)?|[%µμ/]")
_CLAUSE = re.compile(r"[,:](?=\s)|\b(?:and|or|but|then)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fact:
    """A token that says something: its kind, its meaning, and the clause it stands in."""

    kind: Kind
    value: str
    clause: int


def facts(text: str) -> tuple[Fact, ...]:
    """The facts of one sentence, in its order."""
    found: list[Fact] = []
    for clause, part in enumerate(_clauses(plain(text))):
        raw = [token.replace("\u2019", "'").removesuffix("'s") for token in _TOKEN.findall(part)]
        tokens = [token.lower() for token in raw]
        letters = {at for at in range(len(raw)) if _is_letter(raw, at)}
        found += _in_clause(tokens, letters, clause)
    return tuple(found)


def _is_letter(raw: list[str], at: int) -> bool:
    """Whether a single letter is a name ("hepatitis B", "vitamin a") and no article or "I"."""
    token, before = raw[at], raw[at - 1].lower() if at else ""
    if len(token) > 1 or not token.isalpha():
        return False
    return token.lower() not in {"a", "i"} or (bool(before) and before not in STOP_WORDS)


def joints(text: str) -> tuple[tuple[str, str, str], ...]:
    """What is joined by "and" or "or": the word before, the conjunction, the word behind."""
    tokens = [token.lower() for token in _TOKEN.findall(plain(text))]
    said = [token for token in tokens if token in {"and", "or"} or token not in _EMPTY]
    return tuple(
        (key(before), joint, key(after))
        for before, joint, after in zip(said, said[1:], said[2:], strict=False)
        if joint in {"and", "or"}
    )


def plain(text: str) -> str:
    """`text` with what can be said in several ways said in one."""
    for form, new in _SAME:
        text = form.sub(new, text)
    return american(" ".join(text.split()))


def key(word: str) -> str:
    """What forms of one word have in common."""
    return stem(_ONE_FORM.get(word, word)).rstrip("e") or word


def _clauses(text: str) -> list[str]:
    """The parts between commas and conjunctions, save those between the ends of a range."""
    parts, begun = [], 0
    for cut in _CLAUSE.finditer(text):
        after, before = text[cut.end() :].lstrip(), text[: cut.start()].rstrip()
        if _is_number(before.split(" ")[-1]) and _is_number(after.split(" ")[0]):
            continue
        parts.append(text[begun : cut.start()])
        begun = cut.start()
    return [*parts, text[begun:]]


def _is_number(token: str) -> bool:
    return bool(token) and (token[0].isdigit() or token.lower() in _NUMBERS)


def _in_clause(tokens: list[str], letters: set[int], clause: int) -> list[Fact]:
    found = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if _is_number(token):
            value, at = _measure(tokens, at)
            found.append(Fact("number", value, clause))
            continue
        kind: Kind | None = "content" if at in letters else _kind(token)
        at += 1
        if kind is not None:
            found.append(Fact(kind, token if kind in {"drug", "denial"} else key(token), clause))
    return found


def _kind(token: str) -> Kind | None:
    kind = _KINDS.get(token) or _KINDS_BY_KEY.get(key(token))
    if kind is not None:
        return kind
    if is_drug(token):
        return "drug"
    return "content" if len(token) > 1 and token not in _EMPTY else None


def _measure(tokens: list[str], at: int) -> tuple[str, int]:
    """The number at `at` with the word before it that bounds it and its unit, and what follows."""
    before = tokens[at - 1] if at and tokens[at - 1] in _BEFORE_NUMBERS else ""
    if at == 1 and before in {"and", "or"}:  # it joins clauses, not the ends of a range
        before = ""
    number = _number(tokens[at])
    at += 1
    unit = _unit(tokens, at)
    if unit:
        at += 1
        while at + 1 < len(tokens) and tokens[at] in {"/", "per"}:
            unit += "/" + _UNITS.get(tokens[at + 1], tokens[at + 1])
            at += 2
    else:
        unit = _unit_ahead(tokens, at)
    return f"{before} {number} {unit}".strip(), at


def _unit(tokens: list[str], at: int) -> str:
    token = tokens[at] if at < len(tokens) else ""
    return _UNITS.get(token, token) if token in _UNIT_NAMES else ""


def _unit_ahead(tokens: list[str], at: int) -> str:
    """The unit that the number shares with the next of a range, else the word that is counted."""
    if at + 2 < len(tokens) and tokens[at] in {"to", "or", "and"} and _is_number(tokens[at + 1]):
        return _unit(tokens, at + 2)
    word = tokens[at] if at < len(tokens) else ""
    return key(word) if word and _kind(word) == "content" and not _is_number(word) else ""


def _number(token: str) -> str:
    if not token[0].isdigit():
        return _NUMBERS[token]
    digits = re.sub(r",(?=\d{3}\b)", "", token).replace(",", ".")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits.lstrip("0") or "0"


def _table(**named: str) -> dict[str, Kind]:
    return {word: cast("Kind", kind) for kind, said in named.items() for word in said.split()}


_KINDS = _table(denial=_DENIALS, condition=_CONDITIONS, scope="in for")
_KINDS_BY_KEY = {
    key(word): kind
    for word, kind in _table(whom=_WHOM, manner=_MANNER, act="give need want").items()
}
