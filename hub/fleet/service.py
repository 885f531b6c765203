"""The rooms: who they are, how they prove it, what they show."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding

from hub.errors import Conflict, NotFound, Unauthorized
from hub.fleet import pki
from hub.fleet.keys import HubKeys, load_public
from hub.fleet.schemas import EnrolRequest, Kit, RoomView
from hub.fleet.store import RoomStore
from hub.ports import Clock, Recorder
from voiceassist.contract.room_token import LIFETIME_S, check_room_token, room_named_in
from voiceassist.contract.signing import as_pem
from voiceassist.contract.wire import RoomState, Topics
from voiceassist.errors import BadInput, Unverified

log = logging.getLogger(__name__)

RESERVED = frozenset({"hub", "library"})  # the broker's own names: an identity and a topic
_SWEEP_S = 10
_REMEMBER_S = LIFETIME_S + 60  # a token's life with the clocks' skew on both sides


class FleetService:
    """The clinic's rooms."""

    def __init__(
        self,
        store: RoomStore,
        keys: HubKeys,
        recorder: Recorder,
        clock: Clock,
        *,
        kit: Callable[[str, str], Kit],
    ) -> None:
        self._store = store
        self._keys = keys
        self._recorder = recorder
        self._clock = clock
        self._kit = kit  # of a room and its certificate

    def enrol(self, request: EnrolRequest, actor: str, *, replace: bool = False) -> Kit:
        """Register a room and certify its key; raises `BadInput` or `Conflict`."""
        if request.room in RESERVED:
            raise BadInput(f"{request.room!r} can't be a room's name; choose another")
        pem = as_pem(load_public(request.machine_public_pem))
        known = self._store.public_pem(request.room)
        if known is not None and known != pem and not replace:
            raise Conflict(
                f"room {request.room!r} is enrolled with another machine key; "
                "enrol with --replace if its box was replaced"
            )
        now_ms = self._clock()
        now = dt.datetime.fromtimestamp(now_ms / 1000, dt.UTC)
        certificate = pki.certify_room(
            self._keys.authority, request.csr_pem.encode(), request.room, now
        )
        serial = f"{certificate.serial_number:x}"
        self._store.enrol(request.room, pem, serial, now_ms)
        self._recorder.record(
            action="room.enrolled",
            outcome="replaced" if known not in {None, pem} else "done",
            subject=request.room,
            actor=actor,
            detail={"certificate": serial},
        )
        return self._kit(request.room, certificate.public_bytes(Encoding.PEM).decode())

    def listing(self) -> list[RoomView]:
        """All rooms by name."""
        return self._store.listing()

    def get(self, room: str) -> RoomView:
        """One room; raises `NotFound`."""
        view = self._store.get(room)
        if view is None:
            raise NotFound("there is no such room; GET /api/v1/rooms lists them")
        return view

    def key(self, room: str) -> Ed25519PublicKey | None:
        """The machine key of a room; None for one that is not enrolled."""
        pem = self._store.public_pem(room)
        return load_public(pem) if pem is not None else None

    def on_state(self, topic: str, payload: bytes) -> None:
        """Take in what a room shows of itself; what is malformed is logged and dropped."""
        room = Topics.room_of(topic)
        if not payload:
            return  # a retained state that was cleared
        try:
            state = RoomState.model_validate_json(payload)
        except ValueError:
            log.warning("a malformed state was dropped", extra={"room": room})
            return
        if state.room != room or not self._store.note_state(state, self._clock()):
            log.warning("a state of an unknown room was dropped", extra={"room": room})


class RoomGate:
    """Checks rooms' tokens; each is good once. Thread-safe."""

    def __init__(self, key: Callable[[str], Ed25519PublicKey | None], clock: Clock) -> None:
        self._key = key
        self._clock = clock
        self._used: dict[tuple[str, str], int] = {}
        self._next_sweep_s = 0
        self._lock = threading.Lock()

    def check(self, token: str) -> str:
        """The room that `token` proves; raises `Unauthorized`."""
        now_s = self._clock() // 1000
        try:
            room = room_named_in(token)
            key = self._key(room)
            if key is None:
                raise Unauthorized("this room is not enrolled here; enrol it on the hub")
            jti = check_room_token(token, key, room=room, now_s=now_s)
        except Unverified as error:
            raise Unauthorized(str(error)) from error
        with self._lock:
            if now_s >= self._next_sweep_s:  # not at each: hundreds of rooms come at once
                self._used = {one: until for one, until in self._used.items() if until > now_s}
                self._next_sweep_s = now_s + _SWEEP_S
            if (room, jti) in self._used:
                raise Unauthorized("this token was used before; make a new one for each request")
            self._used[room, jti] = now_s + _REMEMBER_S
        return room
