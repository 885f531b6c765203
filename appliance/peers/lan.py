"""Datagrams to all boxes of the network segment, by UDP: to a multicast group, or broadcast.

Law: a network that is away or comes back is normal. Opening may fail and is tried again; sending
may fail and is told; neither raises.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import socket
import struct
from collections.abc import Callable
from typing import Protocol

from voiceassist.contract.claim import MAX_DATAGRAM

log = logging.getLogger(__name__)

_AT_ONCE = 64  # datagrams read before others get their turn
_BUFFER = 1 << 18


class Lan(Protocol):
    """Carries datagrams between boxes; they may be lost, doubled, or overtake each other."""

    def open(self, take: Callable[[bytes], None]) -> bool:
        """Begin, or begin anew; `take` is called on this loop. Whether the network is there."""

    def drain(self) -> None:
        """Take at once what has come in."""

    def send(self, data: bytes) -> bool:
        """Send to all; whether the network took it."""

    def close(self) -> None:
        """End."""


class UdpLan:
    """UDP over IPv4 at `group`:`port`; `interface` by name, "" for the one of the default route."""

    def __init__(self, group: str, port: int, interface: str = "") -> None:
        self._to = (group, port)
        self._multicast = ipaddress.IPv4Address(group).is_multicast
        self._interface = interface
        self._socket: socket.socket | None = None
        self._take: Callable[[bytes], None] = lambda _data: None

    def open(self, take: Callable[[bytes], None]) -> bool:
        """Begin, or begin anew; whether the network is there."""
        self.close()
        self._take = take
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._set_up(one)
        except OSError as error:
            one.close()
            log.info("the other boxes can't be reached: %s", error.strerror)
            return False
        self._socket = one
        asyncio.get_running_loop().add_reader(one, self.drain)
        return True

    def drain(self) -> None:
        """Take at once what has come in."""
        for _ in range(_AT_ONCE):
            if self._socket is None:
                return
            try:
                data = self._socket.recv(MAX_DATAGRAM + 1)
            except OSError:  # nothing more, or an error that sending will meet too
                return
            self._take(data)

    def send(self, data: bytes) -> bool:
        """Send to all; whether the network took it."""
        if self._socket is None:
            return False
        try:
            return self._socket.sendto(data, self._to) == len(data)
        except OSError:
            return False

    def close(self) -> None:
        """End."""
        if self._socket is None:
            return
        with contextlib.suppress(RuntimeError):  # the loop is closed already
            asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        self._socket = None

    def _set_up(self, one: socket.socket) -> None:
        one.setblocking(False)  # noqa: FBT003 - the library's own form
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        index = socket.if_nametoindex(self._interface) if self._interface else 0
        if not self._multicast:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            one.bind(("", self._to[1]))
            return
        # bound to the group, so that nothing that is sent to another one is read
        one.bind(self._to)
        member = struct.pack("=4s4si", socket.inet_aton(self._to[0]), bytes(4), index)
        one.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, member)
        one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
