"""The spoken form made canonical, with every character's place in the heard text kept.

"m r n four four one two nine six" and "MRN: 441-296" both become "mrn 441296"; "april
twelfth twenty twenty three" becomes "april 12th 2023"; "j smith at example dot com" becomes
"jsmith@example.com". Case, punctuation and fillers go. Pure.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

from voiceassist.phi.letters import letter_run
from voiceassist.phi.numbers import NUMBER_WORDS, Group, read_group, suffix
from voiceassist.phi.slips import numeric, without_slips
from voiceassist.phi.tokens import FILLERS, TOP_LEVEL, Shape, Token, tokenise
from voiceassist.phi.wordlists import split_words

MONTHS = split_words(
    """
    january february march april may june july august september october november december
    """
)
_MONTH_SET = {*MONTHS, "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct",
              "nov", "dec"}  # fmt: skip
_TOP = frozenset(TOP_LEVEL.split("|"))
_JOINERS = {"dot": ".", "period": ".", "underscore": "_", "dash": "-", "hyphen": "-"}
LETTER_CUES = frozenset(
    {"mrn", "ssn", "dob", "npi", "dea", "vin", "ip", "id", "pin", "hicn", "mbi", "udi", "url", "sn"}
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_NOT_IN_CODE = frozenset({"a", "i", "mg", "mcg", "ml", "kg", "iu", "cm", "mm"})
_ARMS = frozenset("pq")
_LAST_DAY, _CODE_DIGITS, _LEAST_TAPER = 31, 3, 2


@dataclass(frozen=True, slots=True)
class Normalised:
    """Canonical `text`; `tokens` in order, each with its place in the heard text."""

    text: str = field(repr=False)
    tokens: tuple[Token, ...]
    starts: tuple[int, ...]

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` was heard, as offsets into the heard text.

        A part of a token maps to the whole of it: a spoken form has no finer places.
        """
        if not self.tokens:
            return 0, 0
        first = max(0, bisect_right(self.starts, start) - 1)
        last = max(first, bisect_right(self.starts, max(start, end - 1)) - 1)
        return self.tokens[first].start, self.tokens[last].end


def normalise(heard: str) -> Normalised:
    """The canonical form of what was heard."""
    tokens = without_slips([token for token in tokenise(heard) if token.text not in FILLERS])
    steps: tuple[Callable[[list[Token]], list[Token]], ...] = (
        _join_letters, _read_numbers, _join_points, _join_addresses, _join_codes,
    )  # fmt: skip
    for step in steps:
        tokens = step(tokens)
    tokens = [token for token in tokens if token.shape is not Shape.STOP]
    starts, length = [], 0
    for token in tokens:
        starts.append(length)
        length += len(token.text) + 1
    return Normalised(" ".join(token.text for token in tokens), tuple(tokens), tuple(starts))


def _merged(parts: Sequence[Token], text: str, shape: Shape) -> Token:
    return Token(text, parts[0].start, parts[-1].end, shape)


def _join_letters(tokens: list[Token]) -> list[Token]:
    words = [token.text for token in tokens]
    joined: list[Token] = []
    at = 0
    while at < len(tokens):
        letters, length = letter_run(words, at) if words[at] else ("", 0)
        in_code = bool(joined) and numeric(joined[-1])
        cue = "" if in_code else _cue_before_code(tokens, at, letters, length)
        if letters[:1] in _ARMS and letters[1:] in NUMBER_WORDS and length == len(letters):
            joined.append(tokens[at])  # "q t w e n t y": a chromosome's band, its number spelled
            joined.append(_merged(tokens[at + 1 : at + length], letters[1:], Shape.WORD))
            at += length
        elif cue:
            joined.append(_merged(tokens[at : at + len(cue)], cue, Shape.WORD))
            at += len(cue)
        elif length > 1:
            shape = Shape.WORD if letters in LETTER_CUES and not in_code else Shape.LETTER
            joined.append(_merged(tokens[at : at + length], letters, shape))
            at += length
        else:
            joined.append(tokens[at])
            at += 1
    return joined


def _cue_before_code(tokens: list[Token], at: int, letters: str, length: int) -> str:
    """The cue that letters begin with where a code goes on after it: "m r n h four four"."""
    end = at + length
    if length != len(letters) or end >= len(tokens) or not numeric(tokens[end]):
        return ""
    cues = (letters[:size] for size in range(length - 1, 1, -1))
    return next((cue for cue in cues if cue in LETTER_CUES), "")


def _read_numbers(tokens: list[Token]) -> list[Token]:
    """Runs of number words and digits to numbers; ordinals and years stand alone."""
    words = [token.text for token in tokens]
    result: list[Token] = []
    at = 0
    while at < len(tokens):
        groups = _groups(tokens, words, at)
        if not groups:
            result.append(tokens[at])
            at += 1
            continue
        after_month = bool(result) and result[-1].text in _MONTH_SET
        result += _written(tokens[at:], groups, after_month=after_month)
        at += sum(group.length for group in groups)
    return result


def _groups(tokens: list[Token], words: list[str], at: int) -> list[Group]:
    groups: list[Group] = []
    while at < len(tokens):
        group = None
        if tokens[at].shape is Shape.NUMBER:
            group = Group(tokens[at].text, 1)
        elif words[at] in NUMBER_WORDS or words[at] in {"o", "a"}:
            group = read_group(words, at, inside=bool(groups))
        if group is None:
            return groups
        groups.append(group)
        at += group.length
    return groups


def _written(tokens: Sequence[Token], groups: list[Group], *, after_month: bool) -> list[Token]:
    result: list[Token] = []
    run: list[Group] = []
    begin = at = 0
    for index, group in enumerate(groups):
        day = after_month and index == 0 and group.digits.isdigit()
        alone = group.ordinal or not group.digits.isdigit() or _is_year(group, tokens[at])
        if alone or (day and int(group.digits) <= _LAST_DAY and len(groups) > 1):
            result += _joined(tokens[begin:at], run)
            text = group.digits + (suffix(int(group.digits)) if group.ordinal else "")
            shape = Shape.ORDINAL if group.ordinal else Shape.NUMBER
            result.append(_merged(tokens[at : at + group.length], text, shape))
            run, begin = [], at + group.length
        else:
            run.append(group)
        at += group.length
    return result + _joined(tokens[begin:at], run)


def _is_year(group: Group, token: Token) -> bool:
    return token.shape is Shape.NUMBER and _YEAR.fullmatch(group.digits) is not None


def _joined(tokens: Sequence[Token], run: list[Group]) -> list[Token]:
    """One number from the groups of `run`: "nineteen fifty two" is 1952, as are the digits."""
    if not run:
        return []
    if _taper(run):
        places = accumulate((group.length for group in run), initial=0)
        return [
            _merged(tokens[at : at + group.length], group.digits, Shape.NUMBER)
            for at, group in zip(places, run, strict=False)
        ]
    return [_merged(tokens, "".join(group.digits for group in run), Shape.NUMBER)]


def _taper(run: list[Group]) -> bool:
    """As in "forty thirty twenty ten": round numbers going down are doses, no code."""
    values = [int(group.digits) for group in run]
    return (
        len(values) > _LEAST_TAPER
        and all(value % 10 == 0 for value in values)
        and all(left > right for left, right in pairwise(values))
    )


def _join_points(tokens: list[Token]) -> list[Token]:
    """As in "three point five" is 3.5; four numbers with points between are an IP address."""
    result: list[Token] = []
    for index, token in enumerate(tokens):
        between = (
            token.shape is Shape.NUMBER
            and len(result) > 1
            and result[-1].text in {"point", "dot", "slash"}
            and result[-2].shape is Shape.NUMBER
            and index > 1
        )
        if between:
            sign = "/" if result[-1].text == "slash" else "."
            parts = [result[-2], result[-1], token]
            text = f"{parts[0].text}{sign}{token.text}"
            result[-2:] = [_merged(parts, text, Shape.NUMBER)]
        else:
            result.append(token)
    return result


def _join_addresses(tokens: list[Token]) -> list[Token]:
    """As in "j dot smith at example dot com" and "www dot example dot org"."""
    result: list[Token] = []
    at = 0
    while at < len(tokens):
        length, domain = _domain(tokens, at)
        if length == 0:
            result.append(tokens[at])
            at += 1
            continue
        parts, local = tokens[at : at + length], ""
        if result and result[-1].text in {"at", "@"}:
            sign = result.pop()
            before = _local_part(result)
            local = "".join(_JOINERS.get(t.text, t.text) for t in before) + "@"
            del result[len(result) - len(before) :]
            parts = [*before, sign, *parts]
        result.append(_merged(parts, local + domain, Shape.ADDRESS))
        at += length
    return result


def _domain(tokens: list[Token], at: int) -> tuple[int, str]:
    if tokens[at].shape is Shape.ADDRESS:
        return 1, tokens[at].text
    text, end = tokens[at].text, at + 1
    known = 0
    while end + 1 < len(tokens) and tokens[end].text in {"dot", "dash", "hyphen"}:
        text += _JOINERS[tokens[end].text] + tokens[end + 1].text
        end += 2
        if tokens[end - 1].text in _TOP and tokens[end - 2].text == "dot":
            known = end
    if not known:
        return 0, ""
    parts = tokens[at:known]
    return known - at, "".join(_JOINERS.get(t.text, t.text) for t in parts)


def _local_part(before: list[Token]) -> list[Token]:
    """The last tokens that make the part before the at: letters, digits, joined words."""
    begin = len(before)
    while begin > 0:
        token = before[begin - 1]
        joined = begin < len(before) and before[begin].text in _JOINERS
        digits = begin < len(before) and before[begin].shape is Shape.NUMBER
        first = begin == len(before)
        if first or joined or digits or token.text in _JOINERS:
            begin -= 1
        else:
            break
    return before[begin:]


def _join_codes(tokens: list[Token]) -> list[Token]:
    """Letters next to digits are one code: "h p x three four five", "seven k x t four"."""
    result: list[Token] = []
    for token in tokens:
        if result and _one_code(result[-1], token):
            parts = [result[-1], token]
            result[-1] = _merged(parts, parts[0].text + token.text, Shape.CODE)
        else:
            result.append(token)
    return result


def _one_code(left: Token, right: Token) -> bool:
    if right.start - left.end > 1 and left.shape is Shape.CODE:
        right_ok = right.shape in {Shape.LETTER, Shape.NUMBER}
        return right_ok and sum(map(str.isdigit, left.text)) >= _CODE_DIGITS
    if left.text in _NOT_IN_CODE or right.text in _NOT_IN_CODE or _YEAR.fullmatch(left.text):
        return False
    pair = (left.shape, right.shape)
    return (
        pair
        in {
            (Shape.LETTER, Shape.NUMBER),
            (Shape.NUMBER, Shape.LETTER),
            (Shape.CODE, Shape.NUMBER),
            (Shape.CODE, Shape.LETTER),
        }
        and left.text not in {"a", "i"}
        and right.text not in {"a", "i"}
    )
