"""Where a request comes from, known to everything that runs on its behalf.

A header of the caller's own making is believed only as far as the site's own proxies wrote it:
`trusted_hops` of them stand before the hub, each of which adds one address to X-Forwarded-For.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

_LONGEST_AGENT = 120
_NEIGHBOURS = 64  # an IPv6 subscriber has the whole of a /64


@dataclass(frozen=True, slots=True)
class Caller:
    """An address, and what the program there calls itself (printable ASCII, shortened)."""

    address: str
    agent: str

    @property
    def network(self) -> str:
        """What limits count by: the address, or the /64 that an IPv6 address is of."""
        try:
            address = ipaddress.ip_address(self.address)
        except ValueError:
            return self.address
        if address.version == 4:  # noqa: PLR2004 - the protocol's name
            return self.address
        return str(ipaddress.ip_network((address, _NEIGHBOURS), strict=False))


_current: ContextVar[Caller | None] = ContextVar("caller", default=None)


def current() -> Caller | None:
    """Who calls; None outside of a request."""
    return _current.get()


def enter(caller: Caller) -> None:
    """From here on `caller` is current."""
    _current.set(caller)


def caller_of(peer: str, forwarded: Iterable[str], agent: str, *, trusted_hops: int) -> Caller:
    """The caller behind `trusted_hops` proxies, whose X-Forwarded-For headers are `forwarded`.

    `peer` is the other end of the connection. With fewer addresses than hops the request did not
    come through them all, and the peer itself counts.
    """
    passed = [one.strip() for header in forwarded for one in header.split(",")]
    address = passed[-trusted_hops] if 0 < trusted_hops <= len(passed) else peer
    return Caller(_address(address) or peer, printable(agent, _LONGEST_AGENT))


def is_ours(origin: str, host: str | None) -> bool:
    """Whether a page of this very hub sent a request; what is no origin is nobody's."""
    try:
        return bool(host) and urlsplit(origin).netloc == host
    except ValueError:
        return False


@lru_cache(1000)
def printable(text: str, longest: int) -> str:
    """`text` for a log: printable ASCII, no longer than `longest`."""
    return re.sub(r"[^\x20-\x7e]", "?", text)[:longest]


@lru_cache(1000)
def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""
