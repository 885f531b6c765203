from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance.commands.commands import Commands
from voiceassist.contract.canonical import Json
from voiceassist.contract.command import (
    Command,
    CommandReply,
    Verb,
    open_reply,
    sign_command,
)
from voiceassist.contract.signing import Envelope, KeyRing, Signer
from voiceassist.errors import StoreFull, Unavailable, Unverified

NOW_S = 1_800_000_000


class Box:
    """A room's commands with what they did and recorded; `start` begins anew over the same disk."""

    def __init__(self, folder: Path) -> None:
        self.hub, self.machine = (Signer(Ed25519PrivateKey.generate()) for _ in range(2))
        self.folder = folder
        self.done: list[Verb] = []
        self.entries: list[tuple[str, dict[str, Json]]] = []
        self.acts: dict[Verb, Any] = {verb: self._act(verb) for verb in Verb}
        self.full = False
        self.start()

    def start(self) -> None:
        self.commands = Commands(
            self.folder / "last", "demo", "exam-1", KeyRing([self.hub.public]), self.machine,
            self._record, self.acts, lambda: NOW_S,
        )  # fmt: skip

    def _act(self, verb: Verb) -> Any:
        return lambda: self.done.append(verb)

    def _record(
        self, *, action: str, outcome: str, subject: str, actor: str, detail: dict[str, Json]
    ) -> None:
        if self.full:
            raise StoreFull("no room; free some space")
        self.entries.append((subject, detail))

    def send(self, number: int, verb: Verb = Verb.REPORT, **changes: Any) -> CommandReply | None:
        fields = {
            "id": f"c-{number}", "clinic": "demo", "room": "exam-1", "number": number,
            "verb": verb, "issued_s": NOW_S, "expires_s": NOW_S + 300,
        }  # fmt: skip
        command = Command.model_validate(fields | changes)
        reply = self.commands.take(sign_command(command, self.hub).to_json())
        if reply is None:
            return None
        ring = KeyRing([self.machine.public])
        return open_reply(Envelope.from_json(reply), ring, room="exam-1")


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_a_command_is_recorded_done_and_answered(box: Box) -> None:
    """The journal has it by id and verb before it is done; the answer is the room's own."""
    reply = box.send(1, Verb.MUTE)
    assert reply is not None
    assert (reply.outcome, box.done) == ("done", [Verb.MUTE])
    assert box.entries == [("c-1", {"verb": "mute", "number": 1})]


def test_the_same_command_again_is_answered_and_not_done_again(box: Box) -> None:
    """An answer that got lost is given again, also by a room that was started anew."""
    first = box.send(1)
    box.start()
    assert box.send(1) == first
    assert box.done == [Verb.REPORT]
    assert len(box.entries) == 1


def test_an_older_command_is_refused(box: Box) -> None:
    """What was overtaken, or is passed off once more, moves nothing."""
    box.send(5)
    reply = box.send(4, Verb.MUTE)
    assert reply is not None
    assert reply.outcome == "refused"
    assert box.done == [Verb.REPORT]


def test_what_is_no_command_of_this_hub_is_dropped(box: Box) -> None:
    """Junk, another signer, another room and an expired one get no answer and no entry."""
    assert box.commands.take(b"junk") is None
    assert box.send(1, room="exam-2") is None
    assert box.send(1, expires_s=NOW_S - 100) is None
    box.hub = box.machine
    assert box.send(1) is None
    assert (box.done, box.entries) == ([], [])


def test_nothing_is_done_unrecorded(box: Box) -> None:
    """On a full disk a command waits: it is neither done nor answered, and works later."""
    box.full = True
    with pytest.raises(StoreFull):
        box.send(1)
    assert box.done == []
    box.full = False
    reply = box.send(1)
    assert reply is not None
    assert reply.outcome == "done"


def test_a_room_that_died_at_it_says_so_and_does_not_repeat_it(box: Box) -> None:
    """After a crash in the middle the command is answered as failed."""

    def dies() -> None:
        raise KeyboardInterrupt

    box.acts[Verb.REPORT] = dies
    with pytest.raises(KeyboardInterrupt):
        box.send(1)
    box.start()
    reply = box.send(1)
    assert reply is not None
    assert (reply.outcome, box.done) == ("failed", [])
    assert "interrupted" in reply.problem


def test_what_the_room_cannot_do_is_told(box: Box) -> None:
    """A failure comes back as one line for a person; so does a verb of a later release."""

    def away() -> None:
        raise Unavailable("this room has no microphone that could be closed")

    box.acts[Verb.MUTE] = away
    del box.acts[Verb.FETCH_EDITION]
    replies = box.send(1, Verb.MUTE), box.send(2, Verb.FETCH_EDITION)
    assert [reply.outcome for reply in replies if reply] == ["failed", "failed"]
    assert replies[0] is not None
    assert "microphone" in replies[0].problem


def test_a_damaged_note_takes_no_command(box: Box) -> None:
    """A room that can't tell what it did last does nothing, and says what to look at."""
    (box.folder / "last").write_text("x")
    with pytest.raises(Unverified, match="damaged"):
        box.send(1)
    assert box.done == []
