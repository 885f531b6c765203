"""What the editions room asks of the rest of the hub."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from hub.editions.schemas import ShelfPack
from voiceassist.contract.signing import Envelope, Signer


class Shelf(Protocol):
    """Where the packs come from."""

    def packs(self) -> Sequence[ShelfPack]:
        """One pack for each document that can be published now."""

    def withheld(self) -> Collection[tuple[str, int]]:
        """The documents' versions that may not be published, whatever held them before."""


class SigningKeys(Protocol):
    """Who signs editions."""

    def now(self) -> tuple[int, Signer]:
        """The version of the keys in force, and the signer."""

    def chain(self, after: int) -> tuple[Envelope, ...]:
        """The statements of keys after version `after`, the oldest first."""


class Fleet(Protocol):
    """What the rooms say of themselves."""

    def editions(self) -> Sequence[int]:
        """The version that each room says it holds; only claims."""
