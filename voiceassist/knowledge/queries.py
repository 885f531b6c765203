"""What a spoken question asks for: its terms, and what clinicians' abbreviations mean."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from voiceassist.knowledge.abbreviations import ABBREVIATIONS

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")
_POSSESSIVE = re.compile(r"['\u2019]s?$")
_COMMON = """
    a about after all also am an and any are as ask at be been being both but by can could did do
    does doing each few for from get give given go got had has have having he her here hers him
    his how i if in into is it its itself just kind let like look many may me might more most much
    must my of off on one or other our out over please really say says shall she should show so
    some something such tell than that the their them then there these they thing things this
    those to too up us use used using very want was we
    were often what whats when where which while who
    whom whose why will with would you your yours know need okay hey jarvis
"""
STOP_WORDS = frozenset(_COMMON.split())


@dataclass(frozen=True, slots=True)
class Query:
    """A question's content words, the phrases its abbreviations stand for, and its words.

    `terms` are lower case and distinct; `phrases` are expansions; `expanded` is what to embed.
    """

    terms: tuple[str, ...]
    phrases: tuple[str, ...]
    expanded: str


def words(text: str) -> list[str]:
    """Lower-case words of `text` without possessives, punctuation or accents."""
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return [_POSSESSIVE.sub("", word).lower() for word in _WORD.findall(plain)]


def content_words(text: str) -> list[str]:
    """The words that carry meaning, in order; numbers are kept."""
    return [w for w in words(text) if w not in STOP_WORDS and (len(w) > 1 or w.isdigit())]


def understand(text: str) -> Query:
    """Read a question as it was spoken."""
    terms = tuple(dict.fromkeys(content_words(text)))
    meant = (ABBREVIATIONS[term].split("; ") for term in terms if term in ABBREVIATIONS)
    phrases = tuple(dict.fromkeys(phrase for phrases in meant for phrase in phrases))
    expanded = " ".join([text.strip(), *(f"({phrase})" for phrase in phrases)])
    return Query(terms, phrases, expanded)


def match_expression(query: Query) -> str:
    """The query in FTS5's language: any term or phrase. Quoted, so nothing in it is syntax."""
    parts = [*query.terms, *query.phrases]
    return " OR ".join('"' + part.replace('"', "") + '"' for part in parts)
