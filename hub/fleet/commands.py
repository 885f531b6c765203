"""Tells rooms what to do.

Law: a command is in the database and in the trail before it is sent. It is sent again until the
room has answered or its time is over; the room does it once. Only an answer that the room itself
signed settles it.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hub.errors import NotFound
from hub.fleet.command_store import CommandStore
from hub.fleet.schemas import CommandView
from hub.ports import Clock, Recorder
from voiceassist.contract.canonical import Json
from voiceassist.contract.command import Command, Verb, open_reply, sign_command
from voiceassist.contract.signing import Envelope, KeyRing, Signer
from voiceassist.contract.wire import Topics
from voiceassist.errors import Unverified

log = logging.getLogger(__name__)

_AGAIN_S = 15
_LATE_S = 60  # as the rooms allow for clocks, so allows the hub for answers

Send = Callable[[str, bytes], bool]  # a room and an envelope; False where no broker is there


class RoomCommands:
    """Issues, sends and settles commands. Thread-safe."""

    def __init__(
        self,
        store: CommandStore,
        key: Callable[[str], Ed25519PublicKey | None],
        signer: Signer,
        recorder: Recorder,
        clock: Clock,
        *,
        clinic: str,
    ) -> None:
        self._store = store
        self._key = key
        self._signer = signer
        self._recorder = recorder
        self._clock = clock
        self._clinic = clinic
        self._sent_s: dict[str, int] = {}
        self.send: Send = lambda _room, _envelope: False
        """How a command gets to its room; the running hub sets it."""

    def issue(self, room: str, verb: Verb, lasts_s: int, actor: str) -> CommandView:
        """Keep a command, and send it where the broker is there; raises `NotFound`."""
        self._check(room)
        while True:
            now_s = self._clock() // 1000
            command = Command(
                id=str(uuid.uuid4()),
                clinic=self._clinic,
                room=room,
                number=self._store.next_number(room),
                verb=verb,
                issued_s=now_s,
                expires_s=now_s + lasts_s,
            )
            envelope = sign_command(command, self._signer).to_json()
            view = CommandView(
                **command.model_dump(exclude={"v", "clinic"}), issued_by=actor, outcome="sent"
            )
            if self._store.add(view, envelope):
                break  # else another took the number meanwhile
        self._record("issued", view, actor)
        self._send(view, envelope, now_s)
        return view

    def get(self, room: str, command: str) -> CommandView:
        """One command; raises `NotFound`."""
        view = self._store.get(room, command)
        if view is None:
            raise NotFound("there is no such command to this room")
        return view

    def listing(self, room: str, offset: int, limit: int) -> tuple[list[CommandView], int]:
        """Commands to a room, the newest first, and how many there are; raises `NotFound`."""
        self._check(room)
        return self._store.listing(room, offset, limit)

    def look(self) -> None:
        """Send again what nobody has answered, and give up what ran out."""
        now_s = self._clock() // 1000
        for view, envelope in self._store.owed():
            if now_s >= view.expires_s + _LATE_S:
                if self._store.expire(view.room, view.number, now_s):
                    self._record("expired", view, "hub")
                self._sent_s.pop(view.id, None)
            elif now_s - self._sent_s.get(view.id, 0) >= _AGAIN_S:
                self._send(view, envelope, now_s)

    def on_reply(self, topic: str, payload: bytes) -> None:
        """Take a room's answer; what is not its own is logged and dropped."""
        room = Topics.room_of(topic)
        key = self._key(room)
        if key is None:
            log.warning("an answer of an unknown room was dropped", extra={"room": room})
            return
        try:
            reply = open_reply(Envelope.from_json(payload), KeyRing([key]), room=room)
        except Unverified as error:
            log.warning("an answer was dropped: %s", error, extra={"room": room})
            return
        if self._store.settle(room, reply, self._clock() // 1000):
            self._sent_s.pop(reply.id, None)
            self._record(reply.outcome, self.get(room, reply.id), room)

    def _send(self, view: CommandView, envelope: bytes, now_s: int) -> None:
        if now_s < view.expires_s and self.send(view.room, envelope):
            self._sent_s[view.id] = now_s

    def _check(self, room: str) -> None:
        if self._key(room) is None:
            raise NotFound("there is no such room; GET /api/v1/rooms lists them")

    def _record(self, outcome: str, view: CommandView, actor: str) -> None:
        detail: dict[str, Json] = {"room": view.room, "verb": view.verb, "number": view.number}
        self._recorder.record(
            action="room.command", outcome=outcome, subject=view.id, actor=actor, detail=detail
        )
