"""What the ear is told to expect, and what is left of what it heard. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

_CALL = r"(?!(?:mrs?|ms|miss|dr|for|with|is|has)\b)[a-z]{1,4}"  # misheard, but no title
_NAME = r"(?:jarvis|jarvus|jarves|jervis|jarvi'?s|javis|jarvice|travis|charvis|jarvish|jarviss)"
_WAKE = re.compile(
    rf"^\W*(?:{_CALL}[\s,.!-]+)?{_NAME}\b(?:'s)?[\s,.!?:;-]*|^\W*hey[\s,.!-]+(?=\W*$)",
    re.IGNORECASE,
)
_PROMPT_CHARACTERS = 420  # about 120 tokens: more of them only slow the recogniser


def strip_wake_word(text: str) -> str:
    """`text` without a leading "hey jarvis", also as it is misheard, up to twice."""
    for _ in range(2):
        text = _WAKE.sub("", text, count=1)
    return text.strip()


def expectations(drug_names: Iterable[str]) -> str:
    """The recogniser's prompt: words of this clinic that it would otherwise miss."""
    names: list[str] = []
    left = _PROMPT_CHARACTERS
    for name in drug_names:
        left -= len(name) + 2
        if left < 0:
            break
        names.append(name)
    return f"Medicines: {', '.join(names)}." if names else ""
