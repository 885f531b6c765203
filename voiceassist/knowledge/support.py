"""Whether a composed sentence says no more than its sources (law 2).

A sentence is supported when one stretch of a source holds all its numbers with their units, all
its drugs, all words on whom, when and how, and most other words, and negates as it does. Doubt
is no: what is not supported is replaced by a quotation, which costs little.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from voiceassist.contract.knowledge import Source
from voiceassist.knowledge.drugs import is_drug
from voiceassist.knowledge.queries import content_words, stem, words
from voiceassist.knowledge.sentences import sentences

_SHARE = 0.7  # of the content words, by stem
_SHARE_WITH_NUMBERS = 0.9
_UNITS = {
    "milligram": "mg", "milligrams": "mg", "gram": "g", "grams": "g", "microgram": "mcg",
    "micrograms": "mcg", "µg": "mcg", "μg": "mcg", "ug": "mcg", "millilitre": "ml",
    "milliliter": "ml", "milliliters": "ml", "millilitres": "ml", "liter": "l", "litre": "l",
    "liters": "l", "litres": "l", "kilogram": "kg", "kilograms": "kg", "percent": "%",
    "unit": "units", "iu": "units", "hour": "hours", "hourly": "hours", "hr": "hours",
    "hrs": "hours", "h": "hours", "day": "days", "daily": "days", "week": "weeks",
    "weekly": "weeks", "month": "months", "year": "years", "minute": "minutes", "min": "minutes",
    "mins": "minutes", "tablet": "tablets", "puff": "puffs", "drop": "drops", "dose": "doses",
    "time": "times", "mmol": "mmol", "meq": "meq", "mmhg": "mmhg", "second": "seconds",
}  # fmt: skip
_UNIT_NAMES = frozenset(_UNITS) | frozenset(_UNITS.values())
_NUMBER_WORDS = {
    "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
    "seven": "7", "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12",
    "fifteen": "15", "twenty": "20", "thirty": "30", "forty": "40", "fifty": "50",
    "sixty": "60", "hundred": "100", "thousand": "1000", "million": "1000000", "once": "1",
    "twice": "2", "half": "0.5", "quarter": "0.25",
}  # fmt: skip
_DENYING = """
    no not never without avoid avoided avoiding none neither nor cannot contraindicated
    contraindication contraindications unless except stop stopped discontinue withhold refuse unsafe
    don't doesn't didn't isn't aren't wasn't weren't can't couldn't shouldn't won't wouldn't mustn't
"""
_NEGATIONS = frozenset(_DENYING.split())
_DECIDING = """
    adult adults child children infant infants baby babies newborn newborns boy boys girl girls man
    men woman women pregnant pregnancy breastfeeding elderly older younger under over above below
    before after during more less least most increase increases decrease decreases raise reduce
    lower higher low high oral intravenous intramuscular subcutaneous topical vein muscle skin daily
    weekly hourly monthly once twice morning night left right first second last mild moderate severe
    kidney renal liver hepatic heart always only if when until
"""
_DECIDING_WORDS = frozenset(_DECIDING.split())
_CLAUSE = re.compile(r"[,;:]\s|\b(?:and|or|but|then)\b")
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['\u2019][^\W\d_]+)?|[%µμ]")


def supported(sentence: str, sources: Sequence[Source]) -> bool:
    """Whether some stretch of `sources` says all that `sentence` says."""
    said = content_words(sentence)
    if not said:
        return False
    numbers = _measures(sentence)
    return any(_says(sentence, said, stretch) for stretch in _stretches(numbers, sources))


def _stretches(numbers: set[tuple[str, str]], sources: Sequence[Source]) -> Iterator[str]:
    """What may support a sentence that says `numbers`.

    Without numbers two neighbouring sentences may be joined. With numbers it is one sentence,
    or one clause of it where the sentence has other numbers too: "adults 500 mg, children
    250 mg" supports no dose but each one's own.
    """
    for source in sources:
        spans = sentences(source.quote)
        for index, span in enumerate(spans):
            text = source.quote[span.start : span.end]
            if numbers and not _measures(text) <= numbers:
                drugs = " ".join(word for word in words(text) if is_drug(word))
                for clause in _CLAUSE.split(text):
                    yield f"{source.title}: {drugs} {clause}"
                continue
            yield f"{source.title}: {text}"
            if not numbers and index + 1 < len(spans):
                yield f"{source.title}: {source.quote[span.start : spans[index + 1].end]}"


def _says(sentence: str, said: Sequence[str], stretch: str) -> bool:
    held = {stem(word) for word in content_words(stretch)}
    new = [word for word in said if not word.isdigit() and word not in _UNIT_NAMES]
    share = sum(stem(word) in held for word in new) / (len(new) or 1)
    numbers = _measures(sentence)
    return (
        share >= (_SHARE_WITH_NUMBERS if numbers else _SHARE)
        and _deciding(sentence) <= _deciding(stretch)
        and numbers <= _measures(stretch)
        and {w for w in words(sentence) if is_drug(w)} <= set(words(stretch))
        and bool(negations(sentence)) == bool(negations(stretch))
        and negations(sentence) <= negations(stretch)
    )


def negations(text: str) -> frozenset[str]:
    """The words of `text` that deny, forbid or except, by their sense."""
    found = {t.replace("\u2019", "'").lower() for t in _TOKEN.findall(text)}
    return frozenset("not" if w.endswith("n't") or w == "cannot" else w for w in found & _NEGATIONS)


def _deciding(text: str) -> set[str]:
    """Whom, when, how much: words that may not be exchanged, by their stem."""
    return {stem(word) for word in words(text) if word in _DECIDING_WORDS}


def _measures(text: str) -> set[tuple[str, str]]:
    """Numbers, each alone and with the unit beside it: {("500", ""), ("500", "mg")}."""
    tokens = [token.lower() for token in _TOKEN.findall(text)]
    found = set()
    for index, token in enumerate(tokens):
        number = _number(token)
        if number is None:
            continue
        found.add((number, ""))
        after = tokens[index + 1] if index + 1 < len(tokens) else ""
        if after in _UNIT_NAMES:
            found.add((number, _UNITS.get(after, after)))
    return found


def _number(token: str) -> str | None:
    if token[0].isdigit():
        plain = re.sub(r",(?=\d{3}\b)", "", token).replace(",", ".")
        return plain.rstrip("0").rstrip(".") if "." in plain else plain.lstrip("0") or "0"
    return _NUMBER_WORDS.get(token)
