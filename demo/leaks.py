"""Whether anything that was held reached the cloud: pure, and made to be able to say yes.

Compared are bytes that truly arrived, from the provider's own log, with the words that the
room heard and held. Forms are folded first: case, punctuation and spaces don't hide a leak.
What stands in the clinic's library may arrive, since passages go with a cleared question; so
library words alone are no leak, while a held sentence, four words of it in a row that the
library doesn't hold, or an identifying word is one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

RUN = 4  # words in a row that two texts hardly share by chance
_WORD = re.compile(r"[^\W_]+")
_SHORTEST_WORD = 3
_SHORTEST_SQUEEZED = 5


@dataclass(frozen=True, slots=True)
class HeldTurn:
    """What a held turn heard, and the words in it that may identify a person."""

    turn_id: str
    heard: str = field(repr=False)
    items: tuple[tuple[str, str], ...] = field(repr=False)  # (kind, words)


@dataclass(frozen=True, slots=True)
class Leak:
    """`what` of a held turn was found in request number `request`, counted from 1."""

    turn_id: str
    what: str
    request: int


def plain(body: str) -> str:
    """A request's body with its JSON strings decoded, so that an escape can't hide a word."""
    try:
        return f"{body}\n" + "\n".join(_strings(json.loads(body)))
    except ValueError:
        return body


def words(text: str) -> list[str]:
    """Folded words: letters and digits, without case."""
    return _WORD.findall(text.casefold())


def find_leaks(
    requests: Sequence[str], held: Iterable[HeldTurn], allowed: Iterable[str]
) -> list[Leak]:
    """Every trace of `held` in `requests`; `allowed` are texts that may leave (the library)."""
    known = [words(text) for text in allowed]
    known_words = {word for text in known for word in text}
    known_runs = {run for text in known for run in _runs(text)}
    leaks = []
    for turn in held:
        wanted_runs = set(_runs(words(turn.heard))) - known_runs
        for number, request in enumerate(requests, start=1):
            found = words(plain(request))
            if wanted_runs & set(_runs(found)) or _contains(found, words(turn.heard), known_words):
                leaks.append(Leak(turn.turn_id, "heard", number))
            leaks += [
                Leak(turn.turn_id, kind, number)
                for kind, text in turn.items
                if _item_in(found, words(text), known_words)
            ]
    return leaks


def _item_in(found: list[str], item: list[str], known: set[str]) -> bool:
    """The item as a whole, squeezed together, or a word of it that nobody else would say."""
    there = set(found)
    telling = [one for one in item if len(one) >= _SHORTEST_WORD and one not in known]
    if any(one in there for one in telling):
        return True
    squeezed = "".join(item)
    return (
        len(squeezed) >= _SHORTEST_SQUEEZED
        and not set(item) <= known
        and (squeezed in "".join(found))
    )


def _contains(found: list[str], short: list[str], known: set[str]) -> bool:
    """A heard text of fewer than `RUN` words, one of them not the library's."""
    if not short or len(short) >= RUN or set(short) <= known:
        return False
    return any(found[at : at + len(short)] == short for at in range(len(found)))


def _strings(value: object) -> Iterable[str]:
    match value:
        case str():
            yield value
        case dict():
            for key, item in value.items():
                yield from (key, *_strings(item))
        case list():
            for item in value:
                yield from _strings(item)


def _runs(text: list[str]) -> Iterable[tuple[str, ...]]:
    return (tuple(text[at : at + RUN]) for at in range(len(text) - RUN + 1))
