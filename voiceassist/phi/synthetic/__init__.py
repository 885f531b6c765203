"""Made-up queries around identifiers, and look-alikes without any, to measure the gate on. Pure.

Written from the list of identifiers (45 CFR 164.514(b)(2)(i)) and from how people speak, without
regard to the recognisers' patterns, so that what it finds says something about rows not yet seen.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from random import Random
from typing import Any, NamedTuple

from voiceassist.phi.synthetic.speech import Style, letters, number
from voiceassist.phi.synthetic.values import VALUES

KINDS = tuple(VALUES)
_ACRONYMS = ("MRN", "SSN", "DOB", "VIN", "UDI", "DEA", "ICD", "URL", "IP")
_HUNDREDS = 3  # digits of a number that is said as one
_DROPPED = str.maketrans("", "", ",.?!:;")


class Row(NamedTuple):
    """A query, what it identifies by, and where: `start` to `end`, in characters."""

    kind: str
    style: Style
    text: str
    start: int
    end: int


def rows(kind: str, count: int, seed: int) -> Iterator[Row]:
    """Queries with one identifier of `kind`, half written and half spoken, the same every time."""
    random = Random(f"{kind} {seed}")  # noqa: S311 - made-up text, no secret
    carriers = _data()["carriers"][kind]
    for index in range(count):
        style: Style = "written" if index % 2 else random.choice(("plain", "whisper"))
        frame = str(random.choice(carriers))
        yield _row(random, kind, style, frame)


def negatives(count: int, seed: int) -> Iterator[tuple[str, str]]:
    """Queries that identify nobody but look as if they might, with the kind they look like."""
    random = Random(f"negatives {seed}")  # noqa: S311 - made-up text, no secret
    groups = sorted(_data("negatives")["frames"].items())
    for _ in range(count):
        source, frames = random.choice(groups)
        style: Style = random.choice(("written", "plain", "whisper"))
        text = _filled(random, _asked(random, random.choice(frames)), style)
        yield source, _styled(text, style)


def _row(random: Random, kind: str, style: Style, frame: str) -> Row:
    frame = _asked(random, frame)
    if kind == "unique":
        text = _styled(frame, style)
        return Row(kind, style, text, 0, len(text))
    before, after = (_spelt(random, part, style) for part in frame.split("{x}"))
    before, after = _styled(before, style), _styled(after, style)
    value = VALUES[kind](random, style)
    if style == "whisper" and not before:
        value = value[:1].upper() + value[1:]
    return Row(kind, style, before + value + after, len(before), len(before + value))


def _asked(random: Random, frame: str) -> str:
    question = random.choice(_data()["questions"])
    return frame.replace(
        "{q}", question[:1].upper() + question[1:] if frame[:3] == "{q}" else question
    )


def _spelt(random: Random, text: str, style: Style) -> str:
    for word in _ACRONYMS:
        if style == "plain":
            shown = random.choice((" ".join(word), letters(random, word, "plain"), word))
            shown = shown if " for " not in shown and " as " not in shown else " ".join(word)
        elif style == "whisper":
            shown = random.choice((word, word, ".".join(word) + ".", word.title()))
        else:
            shown = random.choice((word, word, word.lower(), word + ":", word + " #"))
        text = text.replace(f"{{{word}}}", shown)
    return text


def _filled(random: Random, text: str, style: Style) -> str:
    """A number into each `{low-high}`."""
    parts = text.split("{")
    out = [parts[0]]
    for part in parts[1:]:
        slot, rest = part.split("}", 1)
        low, high = (int(n) for n in slot.split("-"))
        value = random.randrange(low, high + 1)
        out.append(str(value) + rest)
    return _aloud("".join(out)) if style == "plain" else "".join(out)


def _styled(text: str, style: Style) -> str:
    return text.lower().translate(_DROPPED) if style == "plain" else text


def _aloud(text: str) -> str:
    """Digits within words and sentences as words: "1p36.2" is "one p thirty six point two"."""
    apart = re.sub(r"(?<=\d)(?=[A-Za-z])|(?<=[A-Za-z])(?=\d)", " ", text)
    apart = re.sub(r"(?<=\d)\.(?=\d)", " point ", apart)
    return re.sub(r"\d+", lambda found: _number_aloud(found.group()), apart)


def _number_aloud(text: str) -> str:
    if len(text) <= _HUNDREDS:
        return number(int(text))
    return " ".join(number(int(text[at : at + 2])) for at in range(0, len(text), 2))


@cache
def _data(name: str = "carriers") -> dict[str, Any]:
    file = resources.files(__package__) / f"{name}.toml"
    return tomllib.loads(file.read_text("utf-8"))


__all__ = ["KINDS", "Row", "negatives", "rows"]
