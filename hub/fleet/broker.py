"""Mosquitto's configuration and access list for one clinic: text from values.

Written for Mosquitto 2.0. Every client proves itself by a certificate of the clinic's
authority; the certificate's common name is its user name, and each room reaches its own
topics only.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from hub.fleet.keys import HUB_IDENTITY

_LARGEST_PACKET = 4 << 20  # a full journal batch in base64 with its checkpoint, with room


@dataclass(frozen=True, slots=True)
class BrokerPlace:
    """Where the broker will find its files and keep its data, and where it listens.

    `bind` "" is every interface; `run_as` "" leaves the user to whoever starts the broker.
    """

    folder: Path
    data: Path
    bind: str
    port: int
    run_as: str = ""


def bind_address(host: str, bind: str) -> str:
    """Where to listen: `bind`, or `host` alone where that is this machine itself."""
    if bind:
        return bind
    try:
        return host if ipaddress.ip_address(host).is_loopback else ""
    except ValueError:
        return "127.0.0.1" if host == "localhost" else ""


def configuration(place: BrokerPlace) -> str:
    """`mosquitto.conf`."""
    lines = [
        "# Written by `voiceassist hub broker-config`; changes are lost when it runs again.",
        "per_listener_settings false",
        f"listener {place.port} {place.bind}".rstrip(),
        f"cafile {place.folder / 'ca.crt'}",
        f"certfile {place.folder / 'broker.crt'}",
        f"keyfile {place.folder / 'broker.key'}",
        "tls_version tlsv1.2",
        "require_certificate true",
        "use_identity_as_username true",
        "allow_anonymous false",
        f"acl_file {place.folder / 'acl'}",
        "persistence true",
        f"persistence_location {place.data}/",
        "autosave_interval 30",
        f"max_packet_size {_LARGEST_PACKET}",
        "max_inflight_messages 20",
        "max_queued_messages 1000",
        "max_keepalive 120",
        "persistent_client_expiration 7d",
        "connection_messages true",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        "log_type notice",
    ]
    if place.run_as:
        lines.append(f"user {place.run_as}")
    return "\n".join(lines) + "\n"


def access_list(clinic: str) -> str:
    """`acl`: the hub everything of its clinic, a room (%u) its own topics and the hint."""
    own = f"va/{clinic}/%u"
    lines = [
        f"user {HUB_IDENTITY}",
        f"topic readwrite va/{clinic}/#",
        "",
        f"pattern write {own}/journal",
        f"pattern write {own}/state",
        f"pattern write {own}/telemetry",
        f"pattern write {own}/reply",
        f"pattern read {own}/journal/ack",
        f"pattern read {own}/command",
        f"pattern read va/{clinic}/library/edition",
    ]
    return "\n".join(lines) + "\n"
