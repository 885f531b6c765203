"""Where a transcript names a medicine that sounds like another. Pure.

The list says which names are taken for one another. A word that is none of them, and no word that
anybody knows, counts as the name that it sounds most like: recognisers write rare names as they
please.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from voiceassist.contract.speech import Transcript
from voiceassist.knowledge.text.sound import LEAST, key, likeness, neighbours

MOST_NAMES = 4  # for one place: each costs the recogniser some 35 ms
_MOST_PLACES = 2
# of their letters in order; "fuexatin" has 0.7 of fluoxetine, and "endarol", with the very sounds
# of inderal, 0.57 of it
_ALIKE, _SAME_SOUNDS, _IN_PIECES = 0.6, 0.5, 0.65
# what stands around a name, and is no piece of it
_BETWEEN = re.compile(
    r"an?|and|are|as|at|be|by|can|do|does|for|from|give|ha[ds]|have|how|if|i[nst]?|my|not?|o[fnr]|"
    r"the|to|was|what|when|with"
)
_WORD = re.compile(r"[a-z]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """Characters `start` to `end` of a text, and the names that may stand there.

    The first of `names`, which are two at least, is the one that is written there, or nearest.
    """

    start: int
    end: int
    names: tuple[str, ...] = field(repr=False)

    def put(self, text: str, name: str) -> str:
        """`text` with `name` in this place."""
        return f"{text[: self.start]}{name}{text[self.end :]}"


@dataclass(frozen=True, slots=True)
class Rivals:
    """A place, and the log-probability of the whole utterance with each of its names."""

    place: Place
    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Weighed(Transcript):
    """A transcript with the names that rival those in it, in the order of their places."""

    rivals: tuple[Rivals, ...] = field(default=(), repr=False)


def parse(text: str) -> tuple[tuple[str, str], ...]:
    """The pairs of a list: two names a line, "#" begins a comment; raises `ValueError`."""
    lines = (line.partition("#")[0].split() for line in text.splitlines())
    pairs = []
    for names in filter(None, lines):
        one, other = names  # a ValueError where they are not two
        pairs.append((one, other))
    return tuple(pairs)


@dataclass(frozen=True, slots=True)
class _Named:
    """How like what was heard is to the first of `names`, 0 to 1."""

    likeness: float
    names: tuple[str, ...] = ()


_NOBODY = _Named(0.0)


class SoundAlikes:
    """Names and those that each is taken for; `ordinary` tells whether a word is no near miss."""

    def __init__(
        self, pairs: Iterable[tuple[str, str]], ordinary: Callable[[str], bool] = lambda _: False
    ) -> None:
        others: dict[str, set[str]] = defaultdict(set)
        for one, other in pairs:
            others[one].add(other)
            others[other].add(one)
        self._others = {name: tuple(sorted(some)) for name, some in others.items()}
        self._ordinary = ordinary
        self._sounds: dict[str, list[str]] = defaultdict(list)
        for name in self._others:
            self._sounds[key(name)].append(name)

    def others(self, name: str) -> tuple[str, ...]:
        """What `name` is taken for."""
        return self._others.get(name, ())

    def find(self, text: str, known: Collection[str] = ()) -> tuple[Place, ...]:
        """The places in `text` where another name may have been said, in order.

        A `known` word is no near miss. Who says both of a pair compares them, and has told them
        apart.
        """
        words = [(m.start(), m.end(), m.group().lower()) for m in _WORD.finditer(text)]
        said = {word for _, _, word in words}
        alone = [self._named(word, known) for _, _, word in words]
        found: list[Place] = []
        for at, (start, end, word) in enumerate(words):
            if found and start < found[-1].end:
                continue
            last, named = end, alone[at]
            if not named.names and at + 1 < len(words):  # a rare name falls into pieces
                begin, after, following = words[at + 1]
                apart = word in known or not text[end:begin].isspace()
                pieces = _NOBODY if apart else self._pieces(word, following)
                if pieces.likeness > alone[at + 1].likeness:
                    last, named = after, pieces
            if named.names and not said.intersection(named.names[1:]):
                found.append(Place(start, last, named.names))
        return tuple(found[:_MOST_PLACES])

    def _named(self, word: str, known: Collection[str]) -> _Named:
        if word in self._others:
            return _Named(1.0, self._with_others(word, word))
        return _NOBODY if word in known or self._ordinary(word) else self._near(word)

    def _pieces(self, word: str, following: str) -> _Named:
        between = _BETWEEN.fullmatch(word) or _BETWEEN.fullmatch(following)
        if between or (self._ordinary(word) and self._ordinary(following)):
            return _NOBODY
        near = self._near(word + following)
        return near if near.likeness >= _IN_PIECES else _NOBODY

    def _near(self, word: str) -> _Named:
        sounds = key(word)
        if len(word) < LEAST or not sounds:
            return _NOBODY
        near = {name for one in neighbours(sounds) for name in self._sounds.get(one, ())}
        likest = max(((likeness(word, name), name) for name in near), default=(0.0, ""))
        least = _SAME_SOUNDS if key(likest[1]) == sounds else _ALIKE
        if likest[0] < least:
            return _NOBODY
        # what is no name may be any that sounds like it, whoever is taken for whom
        return _Named(likest[0], self._with_others(likest[1], word, near))

    def _with_others(self, name: str, heard: str, near: Iterable[str] = ()) -> tuple[str, ...]:
        """`name`, and of those that it may be taken for the ones nearest to what was heard."""
        others = {*self._others[name], *near} - {name}
        ranked = sorted(others, key=lambda other: (-likeness(heard, other), other))
        return (name, *ranked)[:MOST_NAMES]


def rivals(places: Sequence[Place], scores: Sequence[float]) -> tuple[Rivals, ...]:
    """The places with their names' scores, which stand in `scores` one behind the other."""
    weighed, at = [], 0
    for place in places:
        weighed.append(Rivals(place, tuple(scores[at : at + len(place.names)])))
        at += len(place.names)
    return tuple(weighed)
