"""The room's side of MQTT: state, journal, replies out; acknowledgements, hints, commands in.

Law: nothing here can hold up a turn, and nothing here decides what is delivered: an entry is
owed until the journal has taken the hub's signed word on it. One thread does the work; the
MQTT client's own thread and the turns only leave it notes.
"""

from __future__ import annotations

import dataclasses
import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from appliance.enrol import Identity
from appliance.sync.broker import MqttTransport, Reconnect, Transport
from appliance.sync.link import LinkState
from appliance.sync.outbox import Outbox
from appliance.sync.window import Patience, Window
from voiceassist.contract.ledger import Clock
from voiceassist.contract.signing import Envelope
from voiceassist.contract.wire import EditionHint, RoomState, Topics
from voiceassist.contract.witness import Inconsistent, Late
from voiceassist.errors import VoiceAssistError

log = logging.getLogger(__name__)

_SILENT = "the hub does not acknowledge the room's entries; they are kept and sent again"


@dataclass(frozen=True, slots=True)
class Times:
    """How often to look around, to repeat the state, and how to wait; seconds."""

    tick_s: float = 0.5
    state_s: float = 30.0
    patience: Patience = field(default_factory=Patience)
    reconnect: Reconnect = field(default_factory=Reconnect)


class Sync:
    """Keeps hub and room in step while there is a link. `start` never fails for want of one.

    `state` tells what to publish of the room. `on_link` is called when the link's state
    changes, `on_edition` with the version of a hint and `on_command` with a command as it came,
    nothing checked, all on this object's thread; they must return soon. `transport` is Mosquitto
    where none is given.
    """

    def __init__(
        self,
        identity: Identity,
        journal: Outbox,
        clock: Clock,
        *,
        state: Callable[[], RoomState],
        on_link: Callable[[LinkState], None] = lambda _link: None,
        on_edition: Callable[[int], None] = lambda _version: None,
        on_command: Callable[[bytes], None] = lambda _payload: None,
        times: Times | None = None,
        transport: Transport | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._identity = identity
        self._journal = journal
        self._clock = clock
        self._state = state
        self._on_link = on_link
        self._on_edition = on_edition
        self._times = times or Times()
        self._now = now
        self._topics = Topics(identity.clinic)
        self._readers = {
            self._topics.edition: self._on_hint,
            self._topics.command(identity.room): on_command,
        }
        self._window = Window(self._times.patience, journal.acked())
        self._notes: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._link = LinkState(owed=journal.owed())
        self._next_state = 0.0
        self._transport = transport or MqttTransport(identity, self._times.reconnect)
        self._thread = threading.Thread(target=self._run, name="sync", daemon=True)

    @property
    def link(self) -> LinkState:
        """The link as it is now; from any thread."""
        return dataclasses.replace(self._link, owed=self._journal.owed())

    def start(self) -> None:
        """Begin, in the background."""
        self._journal.watch(self._appended)
        self._thread.start()
        self._transport.start(self)

    def stop(self) -> None:
        """Say that the room is offline, where there is somebody to hear it, and end."""
        self._journal.watch(lambda: None)
        self._notes.put(None)
        if self._thread.is_alive():
            self._thread.join()
        gone = RoomState(room=self._identity.room, status="offline")
        self._transport.stop(self._topics.state(self._identity.room), self._tell(gone))

    # notes from other threads

    def tell(self) -> None:
        """The room's state has changed: tell the hub now, or once there is a link."""
        self._notes.put(self._state_changed)

    def reply(self, envelope: str) -> None:
        """Send the room's signed reply to a command; dropped where there is no link."""
        self._notes.put(partial(self._send_reply, envelope))

    def connected(self) -> None:
        """The client's word: the session stands."""
        self._notes.put(self._on_connected)

    def disconnected(self, reason: str) -> None:
        """The client's word: the broker is away."""
        self._notes.put(partial(self._change, connected=False, problem=reason))

    def message(self, topic: str, payload: bytes) -> None:
        """The client's word: something came."""
        self._notes.put(partial(self._readers.get(topic, self._on_ack), payload))

    def _appended(self) -> None:
        if self._notes.empty():
            self._notes.put(self._nothing)

    # the thread

    def _run(self) -> None:
        while True:
            try:
                note = self._notes.get(timeout=self._times.tick_s)
            except queue.Empty:
                note = self._nothing
            if note is None:
                return
            try:
                note()
                self._pump()
            except VoiceAssistError as error:
                self._change(problem=str(error))
            except Exception:
                # the outbox must outlive what nobody foresaw: it tries again at the next tick
                log.exception("the room's exchange with the hub failed")

    def _nothing(self) -> None:
        """A note that only wakes the thread."""

    def _state_changed(self) -> None:
        self._next_state = 0.0

    def _pump(self) -> None:
        if not self._link.connected:
            return
        now = self._now()
        if self._window.overdue(now):
            self._window.give_up(self._journal.acked())
            problem = _SILENT if self._link.answers else self._link.problem
            self._change(answers=False, problem=problem)
        window = self._window
        while window.open(now) and (batch := self._journal.batch(window.sent, window.limit)):
            topic = self._topics.journal(self._identity.room)
            self._transport.publish(topic, batch.model_dump_json())
            last = batch.first + len(batch.entries) - 1
            window.send(last, now, behind=batch.behind > 0)
        if now >= self._next_state:
            self._next_state = now + self._times.state_s
            topic = self._topics.state(self._identity.room)
            self._transport.publish(topic, self._tell(self._state()), retain=True)

    def _send_reply(self, envelope: str) -> None:
        if self._link.connected:  # else the hub sends the command again, and is answered then
            self._transport.publish(self._topics.reply(self._identity.room), envelope)

    def _tell(self, state: RoomState) -> str:
        now = {"owed": self._journal.owed(), "wall_ms": self._clock.wall_ms()}
        return state.model_copy(update=now).model_dump_json()

    def _on_connected(self) -> None:
        self._window.restart(self._journal.acked())
        self._change(connected=True, problem="" if self._link.answers else _SILENT)

    def _on_ack(self, payload: bytes) -> None:
        envelope = Envelope.from_json(payload)
        before, now = self._journal.acked(), self._now()
        try:
            ack = self._journal.acknowledge(envelope, self._identity.acks)
        except Late:
            return
        except Inconsistent as error:
            self._change(answers=False, problem=str(error))
            return
        problem = ""
        if ack.seq < before:
            problem = f"the hub went back from entry {before} to {ack.seq}; they are sent again"
            log.warning("%s", problem)
        self._window.acknowledge(ack.seq, now, ack.wait_ms / 1000)
        answers = not self._window.silent
        self._change(
            answers=answers,
            last_ack_ms=self._clock.wall_ms(),
            problem=problem or ("" if answers else _SILENT),
        )

    def _on_hint(self, payload: bytes) -> None:
        try:
            hint = EditionHint.model_validate_json(payload)
        except ValueError:
            log.warning("an edition hint is malformed; the next poll will tell")
            return
        self._on_edition(hint.version)

    def _change(self, **changes: bool | int | str) -> None:
        before = self._link
        self._link = dataclasses.replace(before, **changes)  # type: ignore[arg-type]  # fields by name
        seen = (self._link.connected, self._link.answers, self._link.problem)
        if seen != (before.connected, before.answers, before.problem):
            self._next_state = 0.0
            self._on_link(self.link)
