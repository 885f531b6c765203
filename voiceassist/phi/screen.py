"""What is held before any recogniser looks: empty, too long, foreign, disguised.

Pure rules over the text and what speech recognition said of it.
"""

from __future__ import annotations

import re
import unicodedata

from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Verdict
from voiceassist.phi.lexicon import WordKind, load_lexicon
from voiceassist.phi.policy import PhiPolicy
from voiceassist.phi.tokens import plain
from voiceassist.phi.wordlists import split_words

_FOLLOW_UP = re.compile(
    r"^\W*(?:(?:and|but|so|or|ok|okay|well|also|then|now|what if|how about|what about)\b[\s,]*)+"
    r"|\b(?:he|she|him|her|hers|his|they|them|their|that (?:one|patient|man|woman|person|case)|"
    r"this (?:one|patient|man|woman|person|case)|the (?:same|patient|other one)|"
    r"the same (?:patient|person)|it|that|those|this|same)\b",
    re.IGNORECASE,
)
_SAFE_PUNCTUATION = set(
    "\u00a0\u2018\u2019\u201c\u201d\u2013\u2014\u2026\u00b5\u03bc\u03b1\u03b2\u03b3\u03b4\u2265\u2264\u00b0\u00b1\u00d7\u2122\u00ae"
)
_ENGLISH = frozenset(
    split_words(
        """
    the a an of in on at to for from by with without and or is are was were be do does did
    has have had can could should would will may what when where why how who which i you he
    she it we they my your his her our their this that not no if as about than there after
    before
    """
    )
)
_LEAST_WORDS_TO_TELL = 5
_LEAST_GRAMMAR, _LEAST_ENGLISH = 0.15, 0.6


def reasons_to_hold(
    transcript: Transcript, previous: Verdict | None, policy: PhiPolicy
) -> tuple[str, ...]:
    """Codes of what is amiss with the transcript as a whole; empty when nothing is."""
    text = transcript.text
    if not isinstance(text, str) or not any(map(str.isalnum, text[: policy.max_characters + 1])):
        return ("empty",)
    if len(text) > policy.max_characters:
        return ("too_long",)
    found = []
    if not transcript.confidence >= policy.min_confidence:  # a NaN holds, too
        found.append("low_confidence")
    if not transcript.no_speech <= policy.max_no_speech:
        found.append("no_speech")
    if transcript.language not in policy.languages or _foreign(text):
        found.append("language")
    if _disguised(text):
        found.append("characters")
    if previous is not None and previous.held and _FOLLOW_UP.search(text):
        found.append("follow_up")
    return tuple(found)


def _disguised(text: str) -> bool:
    """Invisible characters, controls, look-alike letters of other scripts."""
    return any(map(_odd, text)) if not text.isascii() else any(map(_control, text))


def _control(character: str) -> bool:
    return (ord(character) < ord(" ") and character not in "\t\n\r") or ord(character) == 0x7F  # noqa: PLR2004 - DEL


def _odd(character: str) -> bool:
    if character.isascii():
        return _control(character)
    if character in _SAFE_PUNCTUATION:
        return False
    if unicodedata.normalize("NFKC", character) != character:
        return True
    name = unicodedata.name(character, "")
    return not (
        (name.startswith("LATIN ") and character.isalpha())
        or unicodedata.category(character) in {"Pd", "Po", "Pi", "Pf", "Sm", "Sc"}
    )


def _foreign(text: str) -> bool:
    """Few words of English grammar, and few words that English has at all."""
    words = [plain(word) for word in re.findall(r"[^\W\d_]+", text)]
    if len(words) < _LEAST_WORDS_TO_TELL:
        return False
    grammar = sum(word in _ENGLISH for word in words) / len(words)
    lexicon = load_lexicon()
    known = WordKind.GENERAL | WordKind.MEDICAL | WordKind.EPONYM
    english = sum(lexicon.is_any(word, known) for word in words) / len(words)
    return grammar < _LEAST_GRAMMAR and english < _LEAST_ENGLISH
