from __future__ import annotations

import json

import pytest

from demo.leaks import HeldTurn, find_leaks

LIBRARY = "For a nosebleed on warfarin, sit the patient forward. Born before term? Check in June."
HELD = HeldTurn(
    "t1",
    "Margaret Ellis, born June 5, 1948, has a nosebleed on warfarin. What should I do?",
    (("NAME", "Margaret Ellis"), ("DATE", "June 5, 1948")),
)


def body(text: str) -> str:
    return json.dumps({"model": "m", "messages": [{"role": "user", "content": text}]})


def test_silence_is_no_leak() -> None:
    """Nothing that reached the cloud holds nothing that was held."""
    assert find_leaks([], [HELD], [LIBRARY]) == []


def test_library_words_are_no_leak() -> None:
    """Passages may leave, even where a held question used the same words."""
    assert find_leaks([body(LIBRARY)], [HELD], [LIBRARY]) == []


@pytest.mark.parametrize(
    "text",
    [
        HELD.heard,
        HELD.heard.upper().replace(",", ""),
        "please tell MARGARET",
        "about ellis, then",
        "seen in 1948",
        "context\nMargaret-Ellis",
        "MargaretEllis",
        "what  should I do",
        "ma\u0072garet",
    ],
)
def test_a_trace_of_what_was_held_is_found(text: str) -> None:
    """A held sentence, a run of its words or an identifying word is a leak, however written."""
    leaks = find_leaks([body("who won"), body(text)], [HELD], [LIBRARY])
    assert {leak.request for leak in leaks} == {2}
    assert {leak.turn_id for leak in leaks} == {"t1"}


def test_an_escape_does_not_hide_a_word() -> None:
    """A name written in JSON escapes, or after a line break, is found all the same."""
    escaped = '{"content": "x\\n\\u004dargaret"}'
    assert find_leaks([escaped], [HELD], [LIBRARY])


def test_bytes_that_are_no_json_are_searched_too() -> None:
    """A request of any form counts as having reached the cloud."""
    assert find_leaks(["name=margaret&x"], [HELD], [])


def test_a_short_held_text_is_found_whole() -> None:
    """A held text too short for a run of words is looked for as it is."""
    short = HeldTurn("t2", "Okafor again", ())
    assert find_leaks([body("so okafor again")], [short], [LIBRARY])
    assert not find_leaks([body("again")], [short], [LIBRARY])


def test_held_words_are_not_shown_by_a_log() -> None:
    """What was held does not appear when the value is printed."""
    assert "Margaret" not in repr(HELD)
