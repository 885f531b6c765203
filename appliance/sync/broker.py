"""The room's MQTT 5 client: mutual TLS, a session that outlives short breaks, a last will."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any, Protocol

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from appliance.enrol import Identity
from voiceassist.contract.wire import RoomState, Topics
from voiceassist.errors import Unverified

_SESSION_S = 3600
_KEEPALIVE_S = 20
_FAREWELL_S = 2.0
_ALONE = "the room goes on alone and tries again"


class Inbox(Protocol):
    """Who is told of what happens at the broker, on the transport's thread: must not block."""

    def connected(self) -> None:
        """The session stands and the topics are subscribed to."""

    def disconnected(self, reason: str) -> None:
        """The broker is away, or refuses this room; attempts go on."""

    def message(self, topic: str, payload: bytes) -> None:
        """A message arrived."""


class Transport(Protocol):
    """A way to the broker. `start` never fails for want of one; it goes on trying."""

    def start(self, inbox: Inbox) -> None:
        """Connect in the background, and again whenever the connection is lost."""

    def publish(self, topic: str, payload: str, *, retain: bool = False) -> None:
        """Send, at least once as far as the broker. Does not wait."""

    def stop(self, topic: str, farewell: str) -> None:
        """Leave `farewell` retained where there is a connection, and end."""


@dataclass(frozen=True, slots=True)
class Reconnect:
    """Seconds to wait between attempts: doubled from `first_s` up to `most_s`."""

    first_s: int = 1
    most_s: int = 60


class MqttTransport:
    """Mosquitto, as the room that `identity` names.

    Raises `Unverified` when made with a certificate that can't be used.
    """

    def __init__(self, identity: Identity, wait: Reconnect) -> None:
        topics = Topics(identity.clinic)
        self._identity = identity
        self._subscriptions = [
            (topic, SubscribeOptions(qos=1))
            for topic in (
                topics.journal_ack(identity.room),
                topics.command(identity.room),
                topics.edition,
            )
        ]
        self._refusal = ""
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=identity.room,
            protocol=MQTTProtocolVersion.MQTTv5,
        )
        self._client.tls_set_context(_tls(identity))
        self._client.reconnect_delay_set(wait.first_s, wait.most_s)
        gone = RoomState(room=identity.room, status="offline").model_dump_json()
        self._client.will_set(topics.state(identity.room), gone, qos=1, retain=True)

    def start(self, inbox: Inbox) -> None:
        """Connect in the background, and again whenever the connection is lost."""
        self._inbox = inbox
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_connect_fail = self._on_connect_fail
        self._client.on_message = self._on_message
        session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's own
        session.SessionExpiryInterval = _SESSION_S
        self._client.connect_async(
            self._identity.mqtt_host,
            self._identity.mqtt_port,
            keepalive=_KEEPALIVE_S,
            clean_start=False,
            properties=session,
        )
        self._client.loop_start()

    def publish(self, topic: str, payload: str, *, retain: bool = False) -> None:
        """Send with QoS 1."""
        self._client.publish(topic, payload, qos=1, retain=retain)

    def stop(self, topic: str, farewell: str) -> None:
        """Leave `farewell` retained where there is a connection, and end."""
        if self._client.is_connected():
            last = self._client.publish(topic, farewell, qos=1, retain=True)
            last.wait_for_publish(_FAREWELL_S)
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(
        self, client: Client, _data: Any, _flags: ConnectFlags, code: ReasonCode, _more: Any
    ) -> None:
        self._refusal = ""
        if code.is_failure:
            self._refusal = f"the broker refuses this room ({code}); enrol it again"
            return  # a disconnection follows
        client.subscribe(self._subscriptions)
        self._inbox.connected()

    def _on_disconnect(self, *_arguments: Any) -> None:
        self._inbox.disconnected(self._refusal or f"the broker is away; {_ALONE}")

    def _on_connect_fail(self, *_arguments: Any) -> None:
        self._inbox.disconnected(f"the broker can't be reached; {_ALONE}")

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        self._inbox.message(message.topic, bytes(message.payload))


def _tls(identity: Identity) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(identity.ca))
        context.load_cert_chain(identity.cert, identity.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise Unverified(
            f"the room's certificate {identity.cert} can't be used ({error}); enrol it again"
        ) from error
    return context
