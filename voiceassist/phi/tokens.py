"""Words of a heard text with their places in it.

A token's `text` is lower case and plain; `start` and `end` are offsets into the heard text.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from enum import Enum, auto

TOP_LEVEL = (
    "com|org|net|edu|gov|mil|int|info|biz|io|co|us|uk|ca|au|eu|health|clinic|care|app|dev|me|tv"
)


class Shape(Enum):
    """What a token is made of."""

    WORD = auto()
    LETTER = auto()
    NUMBER = auto()  # digits, with "." or "/" where they are part of it
    ORDINAL = auto()
    CODE = auto()  # letters and digits in one
    ADDRESS = auto()  # e-mail, URL, IP
    STOP = auto()  # the end of a sentence: numbers don't join over it


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number, code or address; texts of people, so never shown by `repr`."""

    text: str = field(repr=False)
    start: int
    end: int
    shape: Shape


FILLERS = frozenset(["um", "uh", "er", "erm", "uhm", "hmm", "mm", "ah"])
UNITS = "mg|mcg|ug|kg|g|ml|l|dl|cm|mm|yo|y|yr|yrs|m|f|h|hr|hrs|x|iu|pm|am"
_TOKEN = re.compile(
    rf"""
    (?P<mail>(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+)
  | (?P<url>https?://[^\s,;)]+
     | (?<![\w-])(?<![\w-]\.)(?:[\w-]+\.)+(?:{TOP_LEVEL})\b(?:/[^\s,;)]*)?)
  | (?P<ordinal>\d+(?:st|nd|rd|th)\b)
  | (?P<unit>\d+(?:\.\d+)?(?=(?:{UNITS})\b))
  | (?P<diagnosis>[a-z]\d[0-9ab]\.\d{{1,4}}\b)
  | (?P<code>(?:[^\W\d_]+-?\d|\d+-?[^\W\d_])(?:[^\W_]|-(?=\d)|-(?=[^\W_]{{1,2}}\b))*)
  | (?P<number>\d+(?:[.,/:-]\d+)*)
  | (?P<word>[^\W\d_]+(?:'[^\W\d_]+)*)
  | (?P<stop>[.?!;](?=\s|$))
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SHAPES = {
    "mail": Shape.ADDRESS,
    "url": Shape.ADDRESS,
    "ordinal": Shape.ORDINAL,
    "unit": Shape.NUMBER,
    "code": Shape.CODE,
    "diagnosis": Shape.WORD,
    "number": Shape.NUMBER,
    "stop": Shape.STOP,
}
_SMALL_RANGE = re.compile(r"\d{1,3}-\d{1,3}")
_DATE = re.compile(r"\d{1,2}([/.-])\d{1,2}\1(?:\d{4}|\d{2})|\d{4}([/.-])\d{1,2}\2\d{1,2}")


def tokenise(heard: str) -> list[Token]:
    """The tokens of a text, in order. Apostrophes of any form count as one."""
    text = heard.replace("\u2019", "'").replace("\u2018", "'")  # one for one: offsets stay
    return [_token(found) for found in _TOKEN.finditer(text)]


def plain(word: str) -> str:
    """Lower case, without accents: as the lexicon writes it."""
    if word.isascii():
        return word.lower()
    return unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode().lower()


def _token(found: re.Match[str]) -> Token:
    text, start, end = plain(found.group()), found.start(), found.end()
    match found.lastgroup:
        case "code":
            text = text.replace("-", "")
        case "number":
            text = _number(text)
        case "stop":
            text = ""
    shape = _SHAPES.get(found.lastgroup or "", Shape.WORD)
    if shape is Shape.WORD and len(text) == 1:
        shape = Shape.LETTER
    return Token(text, start, end, shape)


def _number(text: str) -> str:
    """Digits of an identifier run together; dates, decimals and small ranges stay."""
    if _DATE.fullmatch(text):
        return text.replace("-", "/").replace(".", "/")
    if _SMALL_RANGE.fullmatch(text) or "." in text or "/" in text or ":" in text:
        return text
    return text.replace(",", "").replace("-", "")
