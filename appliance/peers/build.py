"""Makes a box's peers of its settings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from appliance.enrol import Identity
from appliance.peers.lan import UdpLan
from appliance.peers.peers import Peers
from appliance.peers.seal import seal_of
from appliance.settings import PeersSettings
from voiceassist.errors import WrongUse


def make_peers(
    settings: PeersSettings, identity: Identity | None, clock: Callable[[], float]
) -> Peers | None:
    """The box among those of its zone; None where it is in none.

    Raises `WrongUse` for a zone without an enrolment, since nobody could believe such a box.
    """
    if not settings.zone:
        return None
    if identity is None:
        raise WrongUse(
            "a box in a zone needs its clinic's keys; set identity_dir, or peers.zone ''"
        )
    seal = seal_of(identity, lambda: dt.datetime.now(dt.UTC))
    lan = UdpLan(str(settings.group), settings.port, settings.interface)
    return Peers(settings.zone, seal, lan, clock)
