"""Commands to rooms: issued, numbered, sent until they are answered or their time is over.

Law: nothing is sent that is not in the trail and durable with its number, and of each room's
commands one alone is on its way: the next follows its reply or its end, so that none overtakes
another. What a crash leaves:

    after the entry "command.issued"    a command that was never kept: the caller got no answer
    after its row                       a command that the next look sends
    after sending                       it is sent again; a room takes a number once
    after the entry of its reply        the room is asked again and says the same: one more entry
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from hub.errors import Conflict, NotFound
from hub.fleet.command_store import CommandStore
from hub.fleet.schemas import CommandOrder, CommandView
from hub.fleet.service import FleetService
from hub.ports import Clock, Recorder
from voiceassist.contract.canonical import Json
from voiceassist.contract.command import (
    COMMAND_BYTES,
    Command,
    Outcome,
    open_reply,
    sign_command,
)
from voiceassist.contract.signing import Envelope, KeyRing, Signer
from voiceassist.errors import Unverified

log = logging.getLogger(__name__)

MOST_WAITING = 20
AGAIN_S = 10  # as long a copy waits at the broker for a room that is away
_SILENT = "the room said nothing in time; see whether it is connected, and issue it again"

Send = Callable[[str, str, int], bool]


class CommandService:
    """Issues commands and takes the rooms' replies. Thread-safe."""

    def __init__(
        self,
        store: CommandStore,
        fleet: FleetService,
        signer: Signer,
        recorder: Recorder,
        clock: Clock,
        *,
        clinic: str,
        new_id: Callable[[], str],
    ) -> None:
        self._store = store
        self._fleet = fleet
        self._signer = signer
        self._recorder = recorder
        self._clock = clock
        self._clinic = clinic
        self._new_id = new_id

    def issue(self, room: str, order: CommandOrder, actor: str) -> CommandView:
        """A command that will be sent; raises `NotFound`, or `Conflict` where too many wait."""
        self._fleet.get(room)
        if self._store.waiting(room) >= MOST_WAITING:
            raise Conflict(
                f"{MOST_WAITING} commands to room {room!r} have no reply yet; "
                "wait for them, or for their end"
            )
        command, now_s = self._new_id(), self._clock() // 1000
        expires_s = now_s + order.expires_in_s
        detail: dict[str, Json] = {
            "command": command, "verb": order.verb.value, "expires_s": expires_s,
        }  # fmt: skip
        self._recorder.record(
            action="command.issued", outcome="done", subject=room, actor=actor, detail=detail
        )

        def sign(number: int) -> tuple[Command, Envelope]:
            made = Command(
                id=command, clinic=self._clinic, room=room, number=number,
                verb=order.verb.value, issued_s=now_s, expires_s=expires_s,
            )  # fmt: skip
            return made, sign_command(made, self._signer)

        return self._store.add(room, actor, now_s, sign)

    def get(self, room: str, command: str) -> CommandView:
        """One command to `room`; raises `NotFound`."""
        view = self._store.get(room, command)
        if view is None:
            raise NotFound("there is no such command; GET /api/v1/rooms/{room}/commands lists them")
        return view

    def listing(self, room: str, offset: int, limit: int) -> list[CommandView]:
        """The room's commands, the newest first; raises `NotFound`."""
        self._fleet.get(room)
        return self._store.listing(room, offset, limit)

    def count(self, room: str) -> int:
        """How many commands there ever were to `room`."""
        return self._store.count(room)

    def take_reply(self, room: str, payload: bytes) -> None:
        """Keep what `room` says came of a command, once; raises `Unverified` or `NotFound`."""
        key = self._fleet.key(room)
        if key is None or len(payload) > COMMAND_BYTES:
            raise Unverified("a reply of no enrolled room, or too long to be one: dropped")
        envelope = Envelope.from_json(payload)
        reply = open_reply(envelope, KeyRing([key]))
        view = self.get(room, reply.id)
        if view.number != reply.number:
            raise Unverified(f"a reply with another number than command {reply.id} has: dropped")
        if view.replied:
            return  # the same word again
        self._record("command.answered", view, reply.outcome, room)
        self._store.answer(
            room, reply.id, reply.outcome, problem=reply.problem,
            now_ms=self._clock(), reply=envelope.model_dump_json(),
        )  # fmt: skip

    def due(self) -> list[tuple[CommandView, str]]:
        """Of each room the first command without an outcome, as signed; ends what has expired."""
        first: dict[str, tuple[CommandView, str]] = {}
        now_ms = self._clock()
        for one in self._store.open():
            if one.view.expires_s * 1000 > now_ms:
                first.setdefault(one.view.room, (one.view, one.envelope))
                continue
            self._record("command.expired", one.view, Outcome.EXPIRED, "hub")
            self._store.answer(
                one.view.room, one.view.id, Outcome.EXPIRED,
                problem=_SILENT, now_ms=now_ms, reply="",
            )  # fmt: skip
        return list(first.values())

    def _record(self, action: str, view: CommandView, outcome: Outcome, actor: str) -> None:
        self._recorder.record(
            action=action, outcome=outcome.value, subject=view.room, actor=actor,
            detail={"command": view.id, "number": view.number, "verb": view.verb},
        )  # fmt: skip


class Courier:
    """A chore for the keeper: sends what is due, and again after `AGAIN_S` without a reply.

    `send` takes a room, a signed command and for how many seconds the broker may keep it, and
    tells whether it went out.
    """

    def __init__(self, commands: CommandService, send: Send, clock: Clock) -> None:
        self._commands = commands
        self._send = send
        self._clock = clock
        self._sent_s: dict[str, int] = {}

    def look(self) -> None:
        """Send what is due."""
        now_s = self._clock() // 1000
        due = self._commands.due()
        sent_s = self._sent_s
        self._sent_s = {view.id: sent_s[view.id] for view, _ in due if view.id in sent_s}
        for view, envelope in due:
            before_s = self._sent_s.get(view.id)
            if before_s is not None and abs(now_s - before_s) < AGAIN_S:
                continue
            if self._send(view.room, envelope, min(AGAIN_S, view.expires_s - now_s)):
                self._sent_s[view.id] = now_s

    def again(self) -> None:
        """The broker is back, and may have forgotten everything: the next look sends all."""
        self._sent_s = {}
