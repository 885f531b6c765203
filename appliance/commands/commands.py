"""Takes the hub's commands: checked, recorded, done once, answered.

Law: nothing is done that was not checked and recorded first, and nothing twice. What a crash
leaves: before the entry, nothing, and the hub sends it again; after the entry, the same; after the
note of the last command, a command that says "interrupted" when it comes again; after the act, one
that is answered again from the note.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from voiceassist.contract.canonical import Json
from voiceassist.contract.command import (
    Command,
    CommandReply,
    Outcome,
    Verb,
    open_command,
    sign_reply,
)
from voiceassist.contract.signing import Envelope, KeyRing, Signer
from voiceassist.errors import Unverified, VoiceAssistError
from voiceassist.files import full_disk_named, write_durable

log = logging.getLogger(__name__)

_INTERRUPTED = "the room was interrupted at it; send another command"
_STALE = "a newer command was taken before; send another"


class Recorder(Protocol):
    """The room's journal."""

    def __call__(
        self, *, action: str, outcome: str, subject: str, actor: str, detail: dict[str, Json]
    ) -> object:
        """Append an entry; durable on return."""


class _Last(BaseModel):
    """The note of the last command that was begun, and how it ended."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int = 0
    id: str = ""
    outcome: Outcome = "failed"
    problem: str = _INTERRUPTED


class Commands:
    """One room's. `acts` do what each verb says, and raise `VoiceAssistError` where they can't."""

    def __init__(
        self,
        note: Path,
        clinic: str,
        room: str,
        keys: KeyRing,
        signer: Signer,
        record: Recorder,
        acts: Mapping[Verb, Callable[[], None]],
        now_s: Callable[[], int],
    ) -> None:
        self._note = note
        self._clinic = clinic
        self._room = room
        self._keys = keys
        self._signer = signer
        self._record = record
        self._acts = acts
        self._now_s = now_s

    def take(self, payload: bytes) -> bytes | None:
        """Do what a command says; the signed reply, None for what is no command of this hub's.

        Raises `StoreFull` or `Unavailable` where it can't be recorded: then nothing is done, and
        the hub sends it again.
        """
        try:
            envelope = Envelope.from_json(payload)
            command = open_command(
                envelope, self._keys, clinic=self._clinic, room=self._room, now_s=self._now_s()
            )
        except Unverified as error:
            log.warning("a command was dropped: %s", error)
            return None
        last = self._last()
        if command.number > last.number:
            self._begin(command)
            last = self._act(command)
        elif command.id != last.id:
            last = _Last(number=command.number, outcome="refused", problem=_STALE)
        return self._reply(command, last)

    def _begin(self, command: Command) -> None:
        self._record(
            action="command",
            outcome="taken",
            subject=command.id,
            actor="hub",
            detail={"verb": command.verb, "number": command.number},
        )
        self._keep(_Last(number=command.number, id=command.id))

    def _act(self, command: Command) -> _Last:
        outcome: Outcome = "done"
        problem = ""
        try:
            self._acts[command.verb]()
        except VoiceAssistError as error:
            outcome, problem = "failed", str(error)
        except KeyError:
            outcome, problem = "failed", "this room can't do that; update its release"
        last = _Last(number=command.number, id=command.id, outcome=outcome, problem=problem)
        self._keep(last)
        return last

    def _reply(self, command: Command, last: _Last) -> bytes:
        reply = CommandReply(
            id=command.id,
            room=self._room,
            number=command.number,
            outcome=last.outcome,
            problem=last.problem,
        )
        return sign_reply(reply, self._signer).to_json()

    def _last(self) -> _Last:
        try:
            return _Last.model_validate_json(self._note.read_bytes())
        except FileNotFoundError:
            return _Last()
        except ValueError as error:
            raise Unverified(
                f"{self._note} is damaged, so no command is taken; delete it once you know why"
            ) from error

    def _keep(self, last: _Last) -> None:
        with full_disk_named("the note of the last command"):
            write_durable(self._note, last.model_dump_json().encode())
