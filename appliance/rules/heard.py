"""What the ear is told to expect, and what is left of what it heard. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

_CALL = r"(?!(?:mrs?|ms|miss|dr|for|with|is|has)\b)[a-z]{1,4}"  # misheard, but no title
_NAME = r"(?:jarvis|jarvus|jarves|jervis|jarvi'?s|javis|jarvice|jarvish|jarviss)"
_NEAR = r"(?:travis|charvis)"  # only behind a call: a patient may be called so
_WAKE = re.compile(
    rf"^\W*(?:(?:{_CALL}[\s,.!-]+)?{_NAME}|{_CALL}[\s,.!-]+{_NEAR})\b(?:'s)?[\s,.!?:;-]*"
    r"|^\W*hey[\s,.!-]+(?=\W*$)",
    re.IGNORECASE,
)
# about 115 tokens: with 700 characters the recogniser got 20% of all words wrong, not 9%
_PROMPT_CHARACTERS = 420
# medicines that clinics prescribe or ask about most, by general knowledge; recognisers miss them
_COMMON = (
    "metformin", "lisinopril", "amlodipine", "atorvastatin", "simvastatin", "levothyroxine",
    "omeprazole", "losartan", "metoprolol", "gabapentin", "sertraline", "amoxicillin",
    "azithromycin", "clarithromycin", "ciprofloxacin", "doxycycline", "nitrofurantoin",
    "acetaminophen", "ibuprofen", "naproxen", "prednisone", "warfarin", "apixaban",
    "rivaroxaban", "enoxaparin", "heparin", "clopidogrel", "furosemide", "insulin", "albuterol",
    "tramadol", "morphine", "ceftriaxone", "vancomycin",
)  # fmt: skip


def strip_wake_word(text: str) -> str:
    """`text` without a leading "hey jarvis", also as it is misheard, up to twice."""
    for _ in range(2):
        text = _WAKE.sub("", text, count=1)
    return text.strip()


def expectations(drug_names: Iterable[str]) -> str:
    """The recogniser's prompt: this clinic's drugs, those first that are spoken of most."""
    clinic = dict.fromkeys(drug_names)
    known = [name for name in _COMMON if name in clinic]
    names: list[str] = []
    left = _PROMPT_CHARACTERS
    for name in dict.fromkeys((*known, *clinic, *_COMMON)):
        left -= len(name) + 2
        if left < 0:
            break
        names.append(name)
    return f"Medicines: {', '.join(names)}."
