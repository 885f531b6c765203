"""What is left of what the ear heard. Pure."""

from __future__ import annotations

import re

_CALL = r"(?!(?:mrs?|ms|miss|dr|for|with|is|has)\b)[a-z]{1,4}"  # misheard, but no title
_NAME = r"(?:jarvis|jarvus|jarves|jervis|jarvi'?s|javis|jarvice|jarvish|jarviss)"
_NEAR = r"(?:travis|charvis)"  # only behind a call: a patient may be called so
_WAKE = re.compile(
    rf"^\W*(?:(?:{_CALL}[\s,.!-]+)?{_NAME}|{_CALL}[\s,.!-]+{_NEAR})\b(?:'s)?[\s,.!?:;-]*"
    r"|^\W*hey[\s,.!-]+(?=\W*$)",
    re.IGNORECASE,
)


def strip_wake_word(text: str) -> str:
    """`text` without a leading "hey jarvis", also as it is misheard, up to twice."""
    for _ in range(2):
        text = _WAKE.sub("", text, count=1)
    return text.strip()
