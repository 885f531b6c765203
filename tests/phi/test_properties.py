"""What holds for any text: what frees no query, what changes no verdict, and what time it takes."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from voiceassist.contract.verdict import Verdict
from voiceassist.phi import cli
from voiceassist.phi.gate import Gate
from voiceassist.phi.kinds_cli import places
from voiceassist.phi.synthetic import KINDS, Row, rows

Judge = Callable[[str], Verdict]
PLAIN = "what is the dose of amoxicillin for otitis media"
ROWS = [row for kind in KINDS for row in rows(kind, 12, 3)]
WRITTEN = [row for row in ROWS if row.style == "written" and row.kind != "spelled"]
AROUND = ["so", "please", "in adults", "thank you", "with warfarin", "quickly", "for pain", "today"]
SAME = [
    ("a seventy two year old with gout", "a 72yo with gout", "A 72-year-old with gout."),
    ("a ninety two year old with gout", "a 92yo with gout", "A 92-year-old with gout."),
    ("seen april twelfth twenty twenty three", "Seen 04/12/2023.", "seen 4-12-23"),
    ("m r n four four one two nine six", "MRN 44-12-96", "mrn 441296", "M.R.N. 44 12 96"),
    ("born july four nineteen sixty two", "Born 7/4/1962", "born 7 4 62", "Born July 4th, 1962."),
    ("a one hundred and two year old man", "a 102 year old man", "A 102yo man."),
    ("seven hundred fifty milligrams", "750 mg", "750 milligrams", "750mg"),
    ("blood pressure one twenty over eighty", "Blood pressure 120 over 80", "BP 120/80"),
]
PIECES = [
    "1", "1 ", "1-", "1.", "1/", "1, ", "a ", "a-", "a.", "a_", "a1", "1a ", "-", " ", ".", "oh ",
    "dot ", "a dot ", "at ", "a at ", "a@", "a.a@", "www.", "email ", "mrn ", "mrn 1 ", "phone 1 ",
    "room 1 ", "seen on 1 2 ", "is 90 ", "no sorry ", "1 dash ", "colon 1 ", "i eye ", "alpha ",
    "a as in ", "1 hundred ", "wife of the the ", "1 maple ", "maple street ",
]  # fmt: skip


@given(
    st.sampled_from(ROWS),
    st.lists(st.sampled_from(AROUND), max_size=4),
    st.sampled_from(["before", "after"]),
)
@settings(max_examples=150, deadline=None)
def test_words_around_a_held_query_never_free_it(row: Row, words: list[str], where: str) -> None:
    """Whatever is said before or after, what was found is still found."""
    text, extra = row.text, " ".join(words)
    assert places(f"{extra} {text}" if where == "before" else f"{text} {extra}")


@given(st.sampled_from(WRITTEN), st.sampled_from([str.upper, str.lower]), st.sampled_from(".?!,"))
@settings(max_examples=150, deadline=None)
def test_case_and_marks_free_nothing(row: Row, change: Callable[[str], str], mark: str) -> None:
    """A written identifier stays found in capitals, in small letters, with any mark after it."""
    assert places(change(row.text) + mark)


@pytest.mark.parametrize("forms", SAME, ids=lambda forms: forms[0])
def test_the_style_of_digits_changes_no_verdict(judge: Judge, forms: tuple[str, ...]) -> None:
    """Words or digits, hyphens or none, a date in either order: one verdict."""
    assert len({judge(form).held for form in forms}) == 1


@pytest.mark.parametrize(
    ("said", "first", "then"),
    [
        ("m r n four five one no sorry four six two", "four five one", "four six two"),
        ("patient john smith i mean jane miller has gout", "john smith", "jane miller"),
        ("born march third scratch that march fifth nineteen fifty", "march third", "march fifth"),
    ],
)
def test_what_is_taken_back_is_found_too(judge: Judge, said: str, first: str, then: str) -> None:
    """Both what was said first and what was meant are marked, each at its place."""
    for part in (first, then):
        start = said.index(part)
        assert any(i.start < start + len(part) and i.end > start for i in judge(said).items), part


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("she had a stroke last december", True),
        ("he was seen in july twenty twenty two", True),
        ("she was admitted on tuesday with chest pain", True),
        ("he had surgery in the fall of 2021", True),
        ("she had a stroke last month", False),
        ("he had a stent two weeks ago", False),
        ("he had a stent in twenty nineteen", False),
    ],
)
def test_parts_of_dates_hold_and_durations_do_not(judge: Judge, text: str, *, held: bool) -> None:
    """Every element of a date but its year identifies (45 CFR 164.514(b)(2)(i)(C))."""
    assert judge(text).held is held


@given(
    st.sampled_from(WRITTEN),
    st.sampled_from("\u200b\u200d\u2060\ufeff\u00ad\u202e\u0430"),
    st.data(),
)
@settings(max_examples=60, deadline=None)
def test_what_hides_in_a_text_holds_it(
    judge: Judge, row: Row, odd: str, data: st.DataObject
) -> None:
    """An invisible or look-alike character anywhere holds."""
    text = row.text
    at = data.draw(st.integers(0, len(text)))
    assert judge(text[:at] + odd + text[at:]).held


def test_what_is_no_text_is_held_on_standard_input(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invalid UTF-8, hidden characters and endless text come back held, in order."""
    monkeypatch.setattr(cli, "_gate", lambda *_, **__: gate)
    good = json.dumps({"id": 1, "text": PLAIN}).encode()
    lines = [good, b'{"id": 2, "text": "dose \xff of"}', b"\xc3\x28",
             json.dumps({"id": 4, "text": "d\u200bose of amoxicillin"}).encode(),
             json.dumps({"id": 5, "text": "dose of " * 12_500}).encode()]  # fmt: skip
    result = CliRunner().invoke(cli.app, ["check"], input=io.BytesIO(b"\n".join(lines)).read())
    assert [json.loads(line)["held"] for line in result.stdout.splitlines()] == [
        False, True, True, True, True,
    ]  # fmt: skip


def _seconds(text: str) -> float:
    begin = time.process_time()
    places(text)
    return time.process_time() - begin


@pytest.mark.slow
@pytest.mark.parametrize("piece", PIECES)
def test_time_grows_with_the_text_and_no_faster(piece: str) -> None:
    """Four times a worst-case text takes about four times as long: no pattern runs away."""
    short = min(_seconds((piece * 2000)[:500]) for _ in range(3))
    long = min(_seconds((piece * 2000)[:2000]) for _ in range(3))  # a busy machine slows one run
    assert long < 10 * max(short, 0.02)
