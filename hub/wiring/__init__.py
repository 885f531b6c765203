"""The one place that connects the hub's rooms.

A room names what it needs in its `ports`; here is who answers. To make a room a service of
its own, an HTTP client that implements the port is wired instead.
"""

from __future__ import annotations

from hub.wiring.container import Container
from hub.wiring.rooms import Rooms, open_rooms

__all__ = ["Container", "Rooms", "open_rooms"]
