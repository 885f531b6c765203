"""A live room's calls, brought before its peers."""

from __future__ import annotations

import numpy as np

from appliance.adapters.live import Live
from appliance.peers.peers import Peers
from appliance.peers.zone import Settled
from appliance.rules.loudness import BEFORE_S, loudness
from voiceassist.engines.ports import SAMPLE_RATE, WakeHit


async def settle(peers: Peers, live: Live, hit: WakeHit) -> Settled:
    """Who answers `hit`, which was heard in `live`."""
    frames = live.since(max(0, hit.sample - int(BEFORE_S * SAMPLE_RATE)))
    loud = 0
    if frames:
        heard = np.concatenate([frame.samples for frame in frames])
        loud = loudness(heard, hit.sample - frames[0].start)
    return await peers.claim(hit, live.moment(hit.sample), loud)
