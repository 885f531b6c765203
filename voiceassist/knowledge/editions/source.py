"""The one port by which a library comes in: from the hub, from a folder, from a file.

Law: a source is never believed. What it gives is only bytes, bounded by the caller's own
limits, and counts once `knowledge.editions.update` has verified it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from voiceassist.contract.edition import PackRef

MAX_MANIFEST = 64 << 10  # bytes
CHUNK = 1 << 18  # bytes


@dataclass(frozen=True, slots=True)
class Offer:
    """An edition's manifest, an `Envelope` as JSON, and the tag to ask with the next time."""

    manifest: bytes = field(repr=False)
    etag: str


class LibrarySource(Protocol):
    """Where editions come from.

    Each call raises `Unavailable` (or another `VoiceAssistError`) where nothing comes; what
    does come may be cut short, altered or out of date, and the caller finds that out.
    """

    def manifest(self, etag: str) -> Offer | None:
        """The newest edition; None where that is still `etag`, or where there is none yet."""

    def keys(self, after: int) -> bytes:
        """The statements of keys after version `after`, as `contract.trust.write_chain`."""

    def pack_list(self, root: str, held: str) -> bytes:
        """The list `root` as an update (`contract.packlist`) of the list whose root is `held`.

        The whole list where `held` is "", or where the source does not know it.
        """

    def pack(self, ref: PackRef, offset: int) -> Iterator[bytes]:
        """A pack's bytes from `offset`, in chunks."""

    def patch(self, ref: PackRef, base: str) -> bytes:
        """What turns the pack `base` into `ref` (`knowledge.editions.patches`); empty for none."""


def read_chunks(path: Path, offset: int) -> Iterator[bytes]:
    """A file's bytes from `offset`, in chunks."""
    with path.open("rb") as file:
        file.seek(offset)
        while chunk := file.read(CHUNK):
            yield chunk
