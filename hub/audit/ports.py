"""What the audit room asks of the rest of the hub."""

from __future__ import annotations

from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class RoomKeys(Protocol):
    """Who is enrolled."""

    def key(self, room: str) -> Ed25519PublicKey | None:
        """The machine key of a room; None for one that is not enrolled."""
