"""A zone's figures for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from appliance.peers.peers import Peers


class PeerFigures(Collector):
    """What `peers` counts, read when it is asked for."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers

    def collect(self) -> Iterator[Metric]:
        """The other boxes that are there, and what happened since the start."""
        yield GaugeMetricFamily(
            "voiceassist_peers", "Other boxes of the zone", value=len(self._peers.others)
        )
        events = CounterMetricFamily(
            "voiceassist_peer_events", "Calls settled and notices exchanged", labels=["what"]
        )
        for what, count in asdict(self._peers.counts).items():
            events.add_metric([what], count)
        yield events
