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
_ALONE = "the room goes on alone and tries again"


@dataclass(frozen=True, slots=True)
class Reconnect:
    """Seconds to wait between attempts: doubled from `first_s` up to `most_s`."""

    first_s: int = 1
    most_s: int = 60


class Inbox(Protocol):
    """What the client tells of, on its own thread. Nothing here may block."""

    def connected(self) -> None:
        """The session stands and the topics are subscribed to."""

    def disconnected(self, reason: str) -> None:
        """The broker is away, or refuses this room; attempts go on."""

    def message(self, topic: str, payload: bytes) -> None:
        """A message arrived."""


def make_client(identity: Identity, topics: Topics, inbox: Inbox, wait: Reconnect) -> Client:
    """A client that is not yet started; raises `Unverified` where its certificate is unusable."""
    client = Client(
        CallbackAPIVersion.VERSION2, client_id=identity.room, protocol=MQTTProtocolVersion.MQTTv5
    )
    client.tls_set_context(_tls(identity))
    client.reconnect_delay_set(wait.first_s, wait.most_s)
    gone = RoomState(room=identity.room, status="offline")
    client.will_set(topics.state(identity.room), gone.model_dump_json(), qos=1, retain=True)
    callbacks = _Callbacks([topics.journal_ack(identity.room), topics.edition], inbox)
    client.on_connect = callbacks.on_connect
    client.on_disconnect = callbacks.on_disconnect
    client.on_connect_fail = callbacks.on_connect_fail
    client.on_message = callbacks.on_message
    return client


def start_client(client: Client, identity: Identity) -> None:
    """Connect in the background, and again whenever the connection is lost."""
    session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's own
    session.SessionExpiryInterval = _SESSION_S
    client.connect_async(
        identity.mqtt_host,
        identity.mqtt_port,
        keepalive=_KEEPALIVE_S,
        clean_start=False,
        properties=session,
    )
    client.loop_start()


def _tls(identity: Identity) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(identity.ca))
        context.load_cert_chain(identity.cert, identity.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise Unverified(
            f"the room's certificate {identity.cert} can't be used ({error}); enrol it again"
        ) from error
    return context


class _Callbacks:
    """The client's events, as the inbox's."""

    def __init__(self, subscriptions: list[str], inbox: Inbox) -> None:
        self._subscriptions = [(topic, SubscribeOptions(qos=1)) for topic in subscriptions]
        self._inbox = inbox
        self._refusal = ""

    def on_connect(
        self, client: Client, _data: Any, _flags: ConnectFlags, code: ReasonCode, _more: Any
    ) -> None:
        self._refusal = ""
        if code.is_failure:
            self._refusal = f"the broker refuses this room ({code}); enrol it again"
            return  # a disconnection follows
        client.subscribe(self._subscriptions)
        self._inbox.connected()

    def on_disconnect(self, *_arguments: Any) -> None:
        self._inbox.disconnected(self._refusal or f"the broker is away; {_ALONE}")

    def on_connect_fail(self, *_arguments: Any) -> None:
        self._inbox.disconnected(f"the broker can't be reached; {_ALONE}")

    def on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        self._inbox.message(message.topic, bytes(message.payload))
