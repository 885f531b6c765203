"""The hub's side of MQTT: journals, states and replies in, acknowledgements, hints, commands out.

Law: an acknowledgement goes out only after the journal's handler has returned it. A message is
handled on the client's own thread, so while the disk is slow the hub reads no faster from the
broker than it can keep; a handler that fails takes one message with it and nothing else, and
the room sends that again.
"""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from voiceassist.contract.signing import Envelope
from voiceassist.contract.wire import EditionHint, Topics
from voiceassist.errors import Unverified, VoiceAssistError

log = logging.getLogger(__name__)

IDENTITY = "hub"
_SESSION_S = 3600
_KEEPALIVE_S = 20
_IN_FLIGHT = 20


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker is, and the files that prove hub and broker to each other."""

    host: str
    port: int
    ca: Path
    cert: Path
    key: Path


class HubMqtt:
    """The hub at the broker; goes on without it, and connects again when it is back.

    `on_journal` takes a room and its batch and returns what to acknowledge, None for nothing;
    `on_state` takes the topic and payload of a room's state, `on_reply` a room and its reply to a
    command. They run on the client's thread, as does `on_connected` at each new connection.
    """

    def __init__(
        self,
        broker: BrokerAddress,
        clinic: str,
        *,
        on_journal: Callable[[str, bytes], Envelope | None],
        on_state: Callable[[str, bytes], None],
        on_reply: Callable[[str, bytes], None] = lambda _room, _payload: None,
        on_connected: Callable[[], None] = lambda: None,
        reconnect_s: tuple[int, int] = (1, 30),
    ) -> None:
        self._broker = broker
        self._topics = Topics(clinic)
        self._on_journal = on_journal
        self._on_state = on_state
        self._on_reply = on_reply
        self._on_connected = on_connected
        self._edition = 0
        self._connected = threading.Event()
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id=IDENTITY, protocol=MQTTProtocolVersion.MQTTv5
        )
        self._client.tls_set_context(_tls(broker))
        self._client.reconnect_delay_set(*reconnect_s)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message

    @property
    def connected(self) -> bool:
        """Whether the broker is there."""
        return self._connected.is_set()

    def start(self) -> None:
        """Connect in the background; a broker that is away is no error."""
        session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's own
        session.SessionExpiryInterval = _SESSION_S
        session.ReceiveMaximum = _IN_FLIGHT
        self._client.connect_async(
            self._broker.host,
            self._broker.port,
            keepalive=_KEEPALIVE_S,
            clean_start=False,
            properties=session,
        )
        self._client.loop_start()

    def stop(self) -> None:
        """Finish the message at hand and leave."""
        self._client.disconnect()
        self._client.loop_stop()
        self._connected.clear()

    def publish_edition(self, version: int) -> None:
        """Tell all rooms, also those that come later, that edition `version` is there."""
        self._edition = version
        if self.connected:
            self._send_hint()

    def publish_command(self, room: str, envelope: str, keep_s: int) -> bool:
        """Send a room a signed command, which the broker keeps so long; whether it went out."""
        if not self.connected:
            return False  # the client would keep it, and send it when it is long over
        kept = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho's own
        kept.MessageExpiryInterval = keep_s
        self._client.publish(self._topics.command(room), envelope, qos=1, properties=kept)
        return True

    def _send_hint(self) -> None:
        hint = EditionHint(version=self._edition)
        self._client.publish(self._topics.edition, hint.model_dump_json(), qos=1, retain=True)

    def _on_connect(
        self, client: Client, _data: Any, _flags: ConnectFlags, code: ReasonCode, _more: Any
    ) -> None:
        if code.is_failure:
            log.error("the broker refuses the hub: %s; check its access list", code)
            return
        topics = (self._topics.journals, self._topics.states, self._topics.replies)
        client.subscribe([(topic, SubscribeOptions(qos=1)) for topic in topics])
        self._connected.set()
        log.info("connected to the broker")
        self._on_connected()
        if self._edition:
            self._send_hint()

    def _on_disconnect(self, *_arguments: Any) -> None:
        if self._connected.is_set():
            log.warning("the broker is away; rooms keep what they owe")
        self._connected.clear()

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        room = Topics.room_of(message.topic)
        try:
            if message.topic == self._topics.state(room):
                self._on_state(message.topic, bytes(message.payload))
            elif message.topic == self._topics.reply(room):
                self._on_reply(room, bytes(message.payload))
            else:
                self._take_journal(room, bytes(message.payload))
        except VoiceAssistError as error:
            log.warning("a message was not taken: %s", error, extra={"room": room})
        except Exception:
            # one bad message must not end the client's thread: the room will send it again
            log.exception("a message failed", extra={"room": room})

    def _take_journal(self, room: str, payload: bytes) -> None:
        ack = self._on_journal(room, payload)
        if ack is not None:
            self._client.publish(self._topics.journal_ack(room), ack.to_json(), qos=1)


def _tls(broker: BrokerAddress) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(broker.ca))
        context.load_cert_chain(broker.cert, broker.key)
    except (OSError, ssl.SSLError) as error:
        raise Unverified(
            f"the hub's certificate {broker.cert} can't be used ({error}); restore it"
        ) from error
    return context
