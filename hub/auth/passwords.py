"""How strong a password is, and why. Pure.

Length protects, and so does not being known: what is guessed early is counted by zxcvbn (Wheeler,
USENIX Security 2016), whose list of 30,000 common and breached passwords comes in its package.
Rules on kinds of characters are a site's option, since NIST SP 800-63B 3.1.1.2 and ASVS 6.2.5
advise against them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

from zxcvbn import zxcvbn

SHORTEST, LONGEST = 12, 128
_LEAST_STRENGTH = 60
_PERFECT = 16.0  # log10 of the guesses that count as 100; half of it takes a day offline
_LOOKED_AT = 64  # what zxcvbn is given: its time grows faster than the length
_LONGEST_RUN = 3
_LEAST_NAME = 4
_EXPECTED = "voiceassist"  # what somebody at a loss would take


@dataclass(frozen=True, slots=True)
class Assessment:
    """`strength` from 0 to 100; `reasons` against it, each a code with a line for a person."""

    strength: int
    reasons: tuple[tuple[str, str], ...]

    @property
    def good(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.reasons


def assess(password: str, *, email: str, name: str, kinds: bool = False) -> Assessment:
    """Judge a person's new password; `kinds` demands four sorts of signs."""
    own = [part.lower() for part in re.split(r"[\W_]+", f"{email} {name} {_EXPECTED}") if part]
    guessed: Mapping[str, Any] = cast(
        "Mapping[str, Any]", zxcvbn(password[:_LOOKED_AT] or "0", user_inputs=own)
    )
    strength = min(100, round(float(guessed["guesses_log10"]) * 100 / _PERFECT))
    reasons = [*_length(password)]  # zxcvbn fails at an empty one
    if not reasons:
        reasons += [*_patterns(password, own, guessed)]
        if strength < _LEAST_STRENGTH:
            reasons.append(("weak", "it would be guessed soon; add an unusual word or two"))
    if kinds:
        reasons += _kinds(password)
    return Assessment(0 if _length_fails(reasons) else strength, tuple(dict(reasons).items()))


def _length(password: str) -> Iterator[tuple[str, str]]:
    length = len(password)
    if length < SHORTEST:
        yield (
            "too_short",
            (
                f"it has {length} characters; take {SHORTEST} or more, such as four words: "
                "length protects better than symbols"
            ),
        )
    if length > LONGEST:
        yield "too_long", f"it has {length} characters; take {LONGEST} or fewer"


def _length_fails(reasons: list[tuple[str, str]]) -> bool:
    return any(code in {"too_short", "too_long"} for code, _ in reasons)


def _patterns(
    password: str, own: list[str], guessed: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    lower = password.lower()
    if any(len(part) >= _LEAST_NAME and part in lower for part in own):
        yield "own_name", "it holds your name, your address or this system's name; leave that out"
    for part in guessed["sequence"]:
        if part.get("dictionary_name") == "passwords" and 2 * len(part["token"]) > len(password):
            yield "common", "most of it is a common password, which is tried first; take another"
    if _runs(lower, 0) > _LONGEST_RUN:
        yield "repeats", "it repeats one sign; take words instead"
    if max(_runs(lower, 1), _runs(lower, -1)) > _LONGEST_RUN:
        yield "sequence", "it holds a sequence such as 1234 or abcd; take words instead"


def _runs(text: str, step: int) -> int:
    """The longest stretch in which each sign is `step` after the one before."""
    longest = run = 1
    for before, after in pairwise(text):
        run = run + 1 if ord(after) - ord(before) == step and after.isalnum() else 1
        longest = max(longest, run)
    return longest


def _kinds(password: str) -> Iterator[tuple[str, str]]:
    sorts = {unicodedata.category(sign)[0] + sign.isupper() * "u" for sign in password}
    wanted = {
        "upper": ("Lu", "an upper-case letter"),
        "lower": ("L", "a lower-case letter"),
        "digit": ("N", "a digit"),
    }
    for code, (sort, said) in wanted.items():
        if sort not in sorts:
            yield f"no_{code}", f"this clinic's rules want {said} in it"
    if not sorts - {"L", "Lu", "N"}:
        yield "no_special", "this clinic's rules want a sign in it that is no letter and no digit"
