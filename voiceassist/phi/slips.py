"""What a speaker takes back ("four five no sorry four six"), and the marks within a code.

The words of taking back go; what was taken back stays next to what is meant, so that a recogniser
sees both, each at its place. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from voiceassist.phi.letters import SURE_LETTERS
from voiceassist.phi.numbers import NUMBER_WORDS
from voiceassist.phi.tokens import Shape, Token

_SURE = (
    ("no", "i", "mean"), ("no", "sorry"), ("sorry", "no"), ("no", "wait"), ("wait", "no"),
    ("i", "mean"), ("i", "meant"), ("scratch", "that"), ("strike", "that"), ("make", "that"),
    ("or", "rather"), ("sorry",),
)  # fmt: skip
_IN_CODES = (*_SURE, ("correction",), ("wait",), ("no",), ("actually",), ("dash",), ("hyphen",))
_CODE_SHAPES = {Shape.NUMBER, Shape.LETTER, Shape.CODE}


def numeric(token: Token) -> bool:
    """Whether a number stands or begins here."""
    return token.shape is Shape.NUMBER or token.text in NUMBER_WORDS or token.text == "oh"


def _of_code(token: Token) -> bool:
    return token.shape in _CODE_SHAPES or numeric(token) or token.text in SURE_LETTERS


def without_slips(tokens: Sequence[Token]) -> list[Token]:
    """The tokens without words of taking back, and within codes without marks said aloud."""
    words = [token.text for token in tokens]
    kept: list[Token] = []
    at = 0
    while at < len(tokens):
        length = _slip(tokens, words, at, kept)
        if length:
            at += length
            while kept[-1].shape is Shape.STOP and _of_code(tokens[at]):
                kept.pop()
        else:
            kept.append(tokens[at])
            at += 1
    return kept


def _slip(tokens: Sequence[Token], words: list[str], at: int, kept: Sequence[Token]) -> int:
    """How many tokens from `at` on take something back; 0 for none, or at either end."""
    spoken = next((token for token in reversed(kept) if token.shape is not Shape.STOP), None)
    if spoken is None:
        return 0
    longest = 0
    for phrase in _IN_CODES:
        if words[at] != phrase[0]:
            continue
        end = _match(tokens, words, at, phrase)
        if end <= longest + at or end >= len(tokens):
            continue
        if phrase in _SURE or (_of_code(spoken) and _of_code(tokens[end])):
            longest = end - at
    return longest


def _match(tokens: Sequence[Token], words: list[str], at: int, phrase: Sequence[str]) -> int:
    """Where `phrase`, with stops in and after it, ends; `at` where it does not stand."""
    end = at
    for word in phrase:
        if end >= len(tokens) or words[end] != word:
            return at
        end += 1
        while end < len(tokens) and tokens[end].shape is Shape.STOP:
            end += 1
    return end
