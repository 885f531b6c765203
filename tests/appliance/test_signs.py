from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.events import Condition, Event, Left, Listened, Over, Speaking, Woke
from appliance.rules.signs import Phase, Signs
from appliance.turn import TurnRecord
from voiceassist.contract.knowledge import Sentence

SAID = Sentence(text="Give 5 mg.", kind="quote")


def phases(*events: Event) -> list[Phase]:
    signs, seen = Signs(), []
    for event in events:
        signs = signs.after(event)
        seen.append(signs.phase)
    return seen


def over(turn: str, **more: bool) -> Over:
    return Over(turn, TurnRecord(turn, woke=True, **more))


def test_a_turn_goes_through_its_phases() -> None:
    """Listening as soon as the word is heard, then thinking, speaking, and idle again."""
    told = phases(Woke("a", 0, 1.0), Listened("a", 0, 9), Speaking("a", SAID), over("a"))
    assert told == [Phase.LISTENING, Phase.THINKING, Phase.SPEAKING, Phase.IDLE]


@pytest.mark.parametrize(
    ("event", "phase"),
    [
        (Over("a", None, "UNAVAILABLE", "the ear has died"), Phase.FAILED),
        (over("a", offered=True), Phase.ASKING),
        (over("a", offered=True, interrupted=True), Phase.IDLE),
        (Left("a", "elsewhere"), Phase.IDLE),
    ],
)
def test_how_a_turn_ends_is_shown(event: Event, phase: Phase) -> None:
    """A failure stays in sight, a question of the room's own is shown as such."""
    assert phases(Woke("a", 0, 1.0), Listened("a", 0, 9), event)[-1] is phase


def test_the_end_of_an_interrupted_turn_hides_nothing() -> None:
    """A turn that another has followed changes nothing any more."""
    told = phases(Woke("a", 0, 1.0), Speaking("a", SAID), Woke("b", 9, 1.0), over("a"))
    assert told[-1] is Phase.LISTENING


def test_a_reply_that_goes_on_is_shown_speaking_again() -> None:
    """After a false wake over a reply its next sentence shows that the room speaks."""
    told = phases(
        Woke("a", 0, 1.0), Speaking("a", SAID), Woke("b", 9, 1.0), Left("b", "silent"),
        Speaking("a", SAID),
    )  # fmt: skip
    assert told[-1] is Phase.SPEAKING


def test_muted_and_deaf_outweigh() -> None:
    """A room that hears nothing says so, but for the answer it is giving."""
    assert phases(Woke("a", 0, 1.0), Condition(muted=True))[-1] is Phase.MUTED
    assert phases(Condition(deaf=True))[-1] is Phase.DEAF
    told = phases(Condition(muted=True), Woke("a", 0, 1.0), Speaking("a", SAID))
    assert told[-1] is Phase.SPEAKING


EVENTS = st.sampled_from(
    [
        make
        for turn in ("a", "b")
        for make in (
            Woke(turn, 0, 1.0), Listened(turn, 0, 9), Speaking(turn, SAID), over(turn),
            Left(turn, "silent"), Over(turn, None), over(turn, offered=True),
        )
    ]
)  # fmt: skip


@given(st.lists(EVENTS, max_size=30))
def test_whatever_happened_the_last_turns_end_is_an_end(events: Sequence[Event]) -> None:
    """No order of events leaves the room shown busy once its last turn is over."""
    assert phases(*events, Woke("z", 0, 1.0), over("z"))[-1] is Phase.IDLE
