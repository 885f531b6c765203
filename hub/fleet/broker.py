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
class BrokerFiles:
    """Where the broker finds its files, and where it listens ("": every interface)."""

    folder: Path
    bind: str
    port: int
    run_as: str = ""

    @property
    def data(self) -> Path:
        """Where it keeps retained and queued messages."""
        return self.folder / "data"


def bind_address(host: str, bind: str) -> str:
    """Where to listen: `bind`, or `host` alone where that is this machine itself."""
    if bind:
        return bind
    try:
        return host if ipaddress.ip_address(host).is_loopback else ""
    except ValueError:
        return "127.0.0.1" if host == "localhost" else ""


def configuration(files: BrokerFiles) -> str:
    """`mosquitto.conf`."""
    lines = [
        "# Written by `voiceassist hub broker-config`; changes are lost when it runs again.",
        "per_listener_settings false",
        f"listener {files.port} {files.bind}".rstrip(),
        f"cafile {files.folder / 'ca.crt'}",
        f"certfile {files.folder / 'broker.crt'}",
        f"keyfile {files.folder / 'broker.key'}",
        "tls_version tlsv1.2",
        "require_certificate true",
        "use_identity_as_username true",
        "allow_anonymous false",
        f"acl_file {files.folder / 'acl'}",
        "persistence true",
        f"persistence_location {files.data}/",
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
    if files.run_as:
        lines.append(f"user {files.run_as}")
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
