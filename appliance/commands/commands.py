"""Takes the hub's commands: verifies, keeps the number, records, acts, replies.

Law: a command is acted on at most once, and only after its number is durable and its entry is in
the journal (law 3). One thread does it, beside the turns. What a crash leaves:

    before its number is kept     nothing was done; the hub sends it again, and it is taken then
    after that                    nothing was done, and never will be: sent again, it is "failed"
    after its entry               it may have been done: sent again, it is "failed", and says so
    after its outcome is kept     sent again, it gets that outcome for a reply
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from appliance.commands.taken import TakenStore
from appliance.enrol import Identity
from voiceassist.contract.canonical import Json
from voiceassist.contract.command import (
    COMMAND_BYTES,
    PROBLEM_CHARACTERS,
    Command,
    CommandReply,
    Expired,
    Outcome,
    Replayed,
    check_command,
    open_command,
    sign_reply,
)
from voiceassist.contract.signing import Envelope
from voiceassist.errors import Unverified, VoiceAssistError

log = logging.getLogger(__name__)

_WAITING = 50
_INTERRUPTED = (
    "the room ended before this was over, and may have done it; look, and issue it again if need be"
)

Act = Callable[[], None]


class Refused(VoiceAssistError):
    """The room can't do this now, or not at all; nothing was changed."""

    code = "CONFLICT"


class Trail(Protocol):
    """The room's journal."""

    def append(
        self, *, action: str, outcome: str, subject: str, actor: str, detail: dict[str, Json]
    ) -> object:
        """Record what happened; durable on return, raises where it is not."""


class Commands:
    """A thread that takes commands one after another.

    `acts` does what a verb asks: soon, raising `Refused` where it does nothing. `reply` sends a
    signed reply; one that is lost is asked for again, since the hub sends the command again.
    """

    def __init__(
        self,
        identity: Identity,
        store: TakenStore,
        journal: Trail,
        acts: Mapping[str, Act],
        reply: Callable[[str], None],
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._identity = identity
        self._store = store
        self._journal = journal
        self._acts = acts
        self._reply = reply
        self._now = now
        self._waiting: queue.Queue[bytes | None] = queue.Queue(_WAITING)
        self._thread = threading.Thread(target=self._run, name="commands", daemon=True)

    def start(self) -> None:
        """Begin, in the background."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the command at hand; its reply is with `reply` by then."""
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join(timeout=10)

    def take(self, payload: bytes) -> None:
        """A command came. Returns at once; too many are dropped, since the hub sends them again."""
        try:
            self._waiting.put_nowait(payload)
        except queue.Full:
            log.warning("too many commands wait; the hub will send this one again")

    def handle(self, payload: bytes) -> None:
        """Take one command; raises `Unverified` for what is none, `Unavailable` for the disk."""
        if len(payload) > COMMAND_BYTES:
            raise Unverified("a command is too long to be one: refused")
        who = self._identity
        envelope = Envelope.from_json(payload)
        command = open_command(envelope, who.acks, clinic=who.clinic, room=who.room)
        taken = self._store.find(command.number)
        if taken is not None and taken.id == command.id:
            if taken.outcome is None:
                self._finish(command, Outcome.FAILED, _INTERRUPTED)
            else:
                self._answer(command, taken.outcome, taken.problem)
            return
        try:
            check_command(command, newer_than=self._store.last(), now_s=int(self._now()))
        except Replayed as error:
            self._answer(command, Outcome.REFUSED, str(error))
        except Unverified as error:
            # kept all the same: what was refused once is not taken when the clock is set
            self._store.keep(command)
            expired = isinstance(error, Expired)
            self._finish(command, Outcome.EXPIRED if expired else Outcome.REFUSED, str(error))
        else:
            self._store.keep(command)
            self._finish(command, *self._act(command))

    def _act(self, command: Command) -> tuple[Outcome, str]:
        act = self._acts.get(command.verb)
        if act is None:
            return Outcome.REFUSED, f"this room knows no {command.verb!r}; update its release"
        try:
            self._journal.append(
                action="command", outcome="taken", subject=command.id, actor="hub",
                detail={"number": command.number, "verb": command.verb},
            )  # fmt: skip
        except VoiceAssistError as error:
            return Outcome.REFUSED, str(error)
        try:
            act()
        except Refused as error:
            return Outcome.REFUSED, str(error)
        except VoiceAssistError as error:
            return Outcome.FAILED, str(error)
        except Exception as error:  # noqa: BLE001 - the hub is told, whatever it was
            # the type alone: a message may repeat what was said
            name = type(error).__name__
            return Outcome.FAILED, f"the room failed at it ({name}); see its log, restart it"
        return Outcome.DONE, ""

    def _finish(self, command: Command, outcome: Outcome, problem: str) -> None:
        problem = problem[:PROBLEM_CHARACTERS]
        try:
            self._store.finish(command.number, outcome, problem)
        except VoiceAssistError as error:
            # told all the same: where this reply is lost, the next one is "failed"
            log.warning("a command's outcome was not kept: %s", error)
        told = {"command": command.id, "verb": command.verb, "outcome": outcome.value}
        log.info("command", extra=told)
        self._answer(command, outcome, problem)

    def _answer(self, command: Command, outcome: Outcome, problem: str) -> None:
        reply = CommandReply(
            id=command.id, number=command.number, outcome=outcome,
            problem=problem[:PROBLEM_CHARACTERS],
        )  # fmt: skip
        self._reply(sign_reply(reply, self._identity.signer).model_dump_json())

    def _run(self) -> None:
        while (payload := self._waiting.get()) is not None:
            try:
                self.handle(payload)
            except VoiceAssistError as error:
                log.warning("a command was not taken: %s", error)
            except Exception:
                # the thread must outlive what nobody foresaw: the hub sends again
                log.exception("a command failed")
