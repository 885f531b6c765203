from __future__ import annotations

import pytest
from pydantic import ValidationError

from voiceassist.contract.verdict import Cleared, Held
from voiceassist.contract.wire import EscalationRequest, RoomState, Topics


def test_topics_name_their_room() -> None:
    """The room of a topic is read back from it, and only whole topics match the hub's."""
    topics = Topics("north")
    for topic in (topics.journal("r-1"), topics.state("r-1"), topics.journal_ack("r-1")):
        assert Topics.room_of(topic) == "r-1"
        assert topic.startswith("va/north/r-1/")


def test_an_unknown_field_is_refused() -> None:
    """A message of a release that is not known is an error, not half understood."""
    with pytest.raises(ValidationError):
        RoomState.model_validate({"room": "r", "status": "ready", "mood": "good"})
    with pytest.raises(ValidationError):
        RoomState.model_validate({"room": "r", "status": "ready", "v": 2})


def test_what_was_asked_is_not_shown_by_its_message() -> None:
    """A logged request or verdict shows no words."""
    assert "secret" not in repr(EscalationRequest(turn_id="t", query="secret"))
    assert "secret" not in repr(Held(text="secret"))


def test_nobody_makes_a_cleared_without_the_seal() -> None:
    """The constructor refuses what the gate did not seal."""
    with pytest.raises(TypeError):
        Cleared("words", "seal")  # type: ignore[arg-type]
