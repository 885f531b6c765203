from __future__ import annotations

import socket

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter

from appliance.panel.health import Health, LinkHealth
from appliance.panel.panel import Panel, make_app
from voiceassist.errors import Unavailable


def test_the_panel_shows_health_and_figures() -> None:
    """What the room is now is read over loopback, each time anew."""
    registry = CollectorRegistry()
    turns = Counter("room_turns", "Turns.", registry=registry)
    owed = [3]

    def health() -> Health:
        return Health(
            state="degraded", room="room-1", link=LinkHealth(owed=owed[0]), problems=("no hub",)
        )

    panel = Panel(make_app(health, registry), 0)
    panel.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{panel.port}", trust_env=False) as client:
            first = client.get("/health").json()
            assert (first["state"], first["problems"]) == ("degraded", ["no hub"])
            assert first["link"]["owed"] == 3
            owed[0] = 0
            turns.inc()
            assert client.get("/health").json()["link"]["owed"] == 0
            assert "room_turns_total 1.0" in client.get("/metrics").text
            assert client.get("/else").status_code == 404
    finally:
        panel.stop()


def test_a_port_in_use_is_one_clear_line() -> None:
    """The room that can't show its panel says which port, and what to do."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Unavailable, match=f"port {port}.*set another"):
            Panel(make_app(lambda: Health(state="ready"), CollectorRegistry()), port)


def test_a_panel_that_was_never_started_can_be_stopped() -> None:
    """A room that fails while it starts can still put everything away."""
    panel = Panel(make_app(lambda: Health(state="ready"), CollectorRegistry()), 0)
    panel.stop()
    with socket.socket() as again:
        again.bind(("127.0.0.1", panel.port))
