"""Seals of rooms of a clinic that was made up for the tests."""

from __future__ import annotations

import datetime as dt

from appliance.peers.seal import Seal
from hub.fleet import pki

NOW = dt.datetime.now(dt.UTC)
AUTHORITY = pki.make_authority("north", NOW)
OTHERS = pki.make_authority("south", NOW)


def seal(
    room: str,
    authority: pki.Identity = AUTHORITY,
    *,
    name: str | None = None,
    server: bool = False,
    today: dt.datetime = NOW,
    made: dt.datetime = NOW,
) -> Seal:
    """The seal of `room`; with `name` its certificate says so instead."""
    make = pki.make_client if not server else lambda a, n, m: pki.make_server(a, n, [n], m)
    one = make(authority, name or room, made)
    return Seal(authority.certificate, one.certificate, one.key, lambda: today)
