"""Commands in the room: what is taken, what a crash leaves at each step, what is refused."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance.commands import commands
from appliance.commands.commands import Commands, Refused
from appliance.commands.taken import TakenStore
from appliance.enrol import Identity
from appliance.journal.journal import Journal
from tests.appliance.small_clinic import CLINIC, Clinic, eventually
from voiceassist.contract.command import (
    Command,
    CommandReply,
    Outcome,
    open_reply,
    sign_command,
)
from voiceassist.contract.ledger import Sealed
from voiceassist.contract.signing import Envelope, KeyRing, Signer
from voiceassist.errors import StoreFull, Unavailable, Unverified
from voiceassist.timekeeping import SystemClock

NOW_S = 1_800_000_000


class Crash(BaseException):
    """The power is gone: nothing after it is done."""


@dataclass
class Box:
    """A room's box as far as commands go; it may lose its power at a named step."""

    identity: Identity
    hub: Signer
    folder: Path
    now_s: int = NOW_S
    did: list[str] = field(default_factory=list)
    replies: list[CommandReply] = field(default_factory=list)
    dies: str = ""
    failure: Exception | None = None

    def __post_init__(self) -> None:
        self.journal = Journal(
            self.folder / "journal.sqlite", "room-1", self.identity.signer, SystemClock(), "boot"
        )
        self.start()

    def start(self) -> None:
        """The box starts: all that it knows is on its disk."""
        store: Any = Steps(TakenStore(self.folder / "commands.sqlite"), self)
        acts = {"identify": lambda: self.act("identify"), "restart": lambda: self.act("restart")}
        self.commands = Commands(
            self.identity, store, Steps(self.journal, self), acts, self.reply,
            now=lambda: self.now_s,
        )  # fmt: skip

    def restart(self) -> None:
        self.dies = ""
        self.start()

    def act(self, verb: str) -> None:
        self.at("before act")
        if self.failure is not None:
            raise self.failure
        self.did.append(verb)
        self.at("after act")

    def reply(self, envelope: str) -> None:
        self.at("before reply")
        trusted = KeyRing([self.identity.signer.public])
        self.replies.append(open_reply(Envelope.from_json(envelope.encode()), trusted))

    def at(self, step: str) -> None:
        if step == self.dies:
            raise Crash

    def command(self, number: int = 7, **more: Any) -> bytes:
        made = {
            "id": f"c-{number}", "clinic": CLINIC, "room": "room-1", "number": number,
            "verb": "identify", "issued_s": NOW_S, "expires_s": NOW_S + 60,
        }  # fmt: skip
        return sign_command(Command.model_validate(made | more), self.hub).to_json()

    def entries(self) -> list[tuple[str, str, str, dict[str, Any]]]:
        rows = self.journal._db.execute("SELECT data FROM entries ORDER BY seq").fetchall()
        found = [Sealed.from_bytes(data).entry() for (data,) in rows]
        return [(one.action, one.outcome, one.subject, one.detail) for one in found]


class Steps:
    """Passes calls on, and dies before or after the one that is named."""

    def __init__(self, inner: Any, box: Box) -> None:
        self._inner = inner
        self._box = box

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            self._box.at(f"before {name}")
            result = getattr(self._inner, name)(*args, **named)
            self._box.at(f"after {name}")
            return result

        return call


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    clinic = Clinic(tmp_path / "clinic", real=False)
    made = Box(clinic.enrol("room-1"), clinic.ack_key, tmp_path)
    yield made
    made.journal.close()
    clinic.close()


def test_a_command_is_done_once_recorded_and_answered(box: Box) -> None:
    """Sent again, even after the box was started anew, it gets the same reply and does nothing."""
    box.commands.handle(box.command())
    box.commands.handle(box.command())
    box.restart()
    box.commands.handle(box.command())
    assert box.did == ["identify"]
    assert box.replies == [CommandReply(id="c-7", number=7, outcome=Outcome.DONE)] * 3
    assert box.entries() == [("command", "taken", "c-7", {"number": 7, "verb": "identify"})]


STEPS = [
    # what a crash leaves when the hub sends again: acts, entries, outcome of the reply
    ("before keep", 1, 1, Outcome.DONE),
    ("after keep", 0, 0, Outcome.FAILED),
    ("before append", 0, 0, Outcome.FAILED),
    ("after append", 0, 1, Outcome.FAILED),
    ("before act", 0, 1, Outcome.FAILED),
    ("after act", 1, 1, Outcome.FAILED),
    ("before finish", 1, 1, Outcome.FAILED),
    ("after finish", 1, 1, Outcome.DONE),
    ("before reply", 1, 1, Outcome.DONE),
]


@pytest.mark.parametrize(("step", "acts", "entries", "outcome"), STEPS)
def test_a_crash_at_any_step_never_does_it_twice(
    box: Box, step: str, acts: int, entries: int, outcome: Outcome
) -> None:
    """Before its number is kept it is done later; after that never again, and the hub is told."""
    box.dies = step
    with pytest.raises(Crash):
        box.commands.handle(box.command())
    assert box.replies == []
    box.restart()
    for _ in range(2):
        box.commands.handle(box.command())
    assert len(box.did) == acts
    assert len(box.entries()) == entries
    assert [one.outcome for one in box.replies] == [outcome] * 2
    assert ("may have done it" in box.replies[0].problem) == (outcome is Outcome.FAILED)
    box.commands.handle(box.command(8))
    assert box.replies[-1].outcome is Outcome.DONE


def test_an_older_number_is_refused_for_good(box: Box) -> None:
    """A command below the last, or another one of the same number, does nothing."""
    box.commands.handle(box.command(9))
    box.commands.handle(box.command(8))
    box.commands.handle(box.command(9, id="other"))
    box.restart()
    box.commands.handle(box.command(8))
    assert box.did == ["identify"]
    assert [one.outcome for one in box.replies[1:]] == [Outcome.REFUSED] * 3
    assert len(box.entries()) == 1


@pytest.mark.parametrize(
    ("now_s", "outcome"), [(NOW_S + 60, Outcome.EXPIRED), (NOW_S - 3600, Outcome.REFUSED)]
)
def test_out_of_its_time_it_is_answered_and_not_done_later(
    box: Box, now_s: int, outcome: Outcome
) -> None:
    """Too late or too early by the room's clock: refused, also once the clock is set."""
    box.now_s = now_s
    box.commands.handle(box.command())
    box.now_s = NOW_S
    box.commands.handle(box.command())
    assert box.did == []
    assert [one.outcome for one in box.replies] == [outcome] * 2
    assert "clocks" in box.replies[0].problem


def test_what_is_not_the_hubs_gets_no_answer(box: Box) -> None:
    """A stranger's key, the room's own, another room's command, junk: no act, entry or reply."""
    stranger = Signer(Ed25519PrivateKey.from_private_bytes(b"x" * 32))
    good = Command.model_validate_json(Envelope.from_json(box.command()).raw())
    for payload in (
        sign_command(good, stranger).to_json(),
        sign_command(good, box.identity.signer).to_json(),
        box.command(room="room-2"),
        box.command(clinic="south"),
        box.command()[:-7],
        b"",
        b"x" * 100_000,
    ):
        with pytest.raises(Unverified):
            box.commands.handle(payload)
    assert (box.did, box.replies, box.entries()) == ([], [], [])
    box.commands.handle(box.command(1))
    assert box.did == ["identify"], "nor did any of them take a number"


def test_a_verb_of_a_later_release_is_refused_by_name(box: Box) -> None:
    """The hub is told that this room's release is too old."""
    box.commands.handle(box.command(verb="dance"))
    assert box.replies[0].outcome is Outcome.REFUSED
    assert "'dance'" in box.replies[0].problem


@pytest.mark.parametrize(
    ("failure", "outcome", "told"),
    [
        (Refused("somebody is asking; issue it again"), Outcome.REFUSED, "somebody is asking"),
        (Unavailable("no sound; see the card"), Outcome.FAILED, "no sound"),
        (RuntimeError("John Smith"), Outcome.FAILED, "RuntimeError"),
        (Unavailable("long " * 500), Outcome.FAILED, "long"),
    ],
)
def test_why_it_was_not_done_is_told(
    box: Box, failure: Exception, outcome: Outcome, told: str
) -> None:
    """Refused and failed differ, and no runtime's message, which may repeat words, gets out."""
    box.failure = failure
    box.commands.handle(box.command())
    assert box.replies[0].outcome is outcome
    assert told in box.replies[0].problem
    assert "John" not in box.replies[0].problem


def test_what_can_not_be_recorded_is_not_done(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the journal takes no entry the command is refused, for good."""

    def full(**_entry: object) -> None:
        raise StoreFull("the disk is full; free space on it")

    monkeypatch.setattr(box.journal, "append", full)
    box.commands.handle(box.command())
    monkeypatch.undo()
    box.commands.handle(box.command())
    assert box.did == []
    assert [one.outcome for one in box.replies] == [Outcome.REFUSED] * 2
    assert "full" in box.replies[0].problem


def test_a_number_that_can_not_be_kept_is_not_acted_on(box: Box) -> None:
    """With its file in the way nothing is done or answered; later the command is taken."""
    path = box.folder / "commands.sqlite"
    path.mkdir()
    with pytest.raises(Unavailable, match="check its disk"):
        box.commands.handle(box.command())
    assert (box.did, box.replies, box.entries()) == ([], [], [])
    path.rmdir()
    box.commands.handle(box.command())
    assert box.did == ["identify"]


def test_numbers_stay_known_however_many_there_were(tmp_path: Path) -> None:
    """Old outcomes are forgotten; the last number never is."""
    store = TakenStore(tmp_path / "commands.sqlite")
    assert store.last() == 0
    for number in range(1, 260):
        made = Command(
            id=f"c-{number}", clinic="n", room="r", number=number, verb="report",
            issued_s=0, expires_s=60,
        )  # fmt: skip
        store.keep(made)
        store.finish(number, Outcome.DONE, "")
    again = TakenStore(tmp_path / "commands.sqlite")
    assert again.last() == 259
    assert again.find(1) is None
    found = again.find(200)
    assert found is not None
    assert (found.id, found.outcome) == ("c-200", Outcome.DONE)


def test_the_thread_takes_one_after_another_and_outlives_what_is_none(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Junk, and even a fault of our own, ends nothing; stopping waits for what is at hand."""
    numbers, faults, check = itertools.count(1), [RuntimeError("ours")], commands.check_command

    def fails_once(*arguments: Any, **named: Any) -> None:
        if faults:
            raise faults.pop()
        check(*arguments, **named)

    monkeypatch.setattr(commands, "check_command", fails_once)
    box.commands.start()
    box.commands.take(b"junk")
    box.commands.take(box.command(1))
    for _ in range(3):
        box.commands.take(box.command(next(numbers)))
    eventually(lambda: len(box.replies) == 3, "the replies")
    box.commands.take(box.command(next(numbers)))
    box.commands.stop()
    assert [one.number for one in box.replies] == [1, 2, 3, 4]


def test_a_flood_of_commands_is_dropped_not_kept(box: Box) -> None:
    """Too many at once cost no memory: the hub sends again what it has no reply to."""
    for number in range(1, 500):
        box.commands.take(box.command(number))
    assert box.commands._waiting.qsize() == 50
