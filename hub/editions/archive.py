"""What published editions are made of: their lists, named by state root, and their packs.

Law: a list and its packs are on the disk before the edition that names them is published.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from hub.errors import NotFound
from hub.storage.blobs import Blobs
from voiceassist.contract.edition import PackRef
from voiceassist.contract.packlist import list_bytes, make_update, read_list
from voiceassist.errors import Unverified
from voiceassist.knowledge.editions.patches import make_patch

_REMEMBERED = 64  # updates and patches: many rooms ask for the same few


class Archive:
    """Lists and packs. Thread-safe."""

    def __init__(self, lists: Blobs, packs: Blobs) -> None:
        self._lists = lists
        self._packs = packs
        self._update = lru_cache(_REMEMBERED)(self._make_update)
        self._patch = lru_cache(_REMEMBERED)(self._make_patch)

    def keep(self, refs: Iterable[PackRef]) -> str:
        """Keep a list; returns its state root."""
        return self._lists.put(list_bytes(refs))

    def list_of(self, root: str) -> tuple[PackRef, ...]:
        """The list `root`; raises `NotFound`."""
        return read_list(self._lists.get(root))

    def lacking(self, refs: Iterable[PackRef]) -> list[str]:
        """The documents whose packs are gone."""
        return [ref.document for ref in refs if not self._has(ref)]

    def update(self, root: str, held: str) -> bytes:
        """The list `root` as an update of `held`, whole where that is not known here."""
        return self._update(root, held)

    def patch(self, pack: str, base: str) -> bytes:
        """What turns the pack `base` into `pack`.

        Raises `NotFound` where one of them is not here, or where a patch would save little.
        """
        return self._patch(pack, base)

    def _make_patch(self, pack: str, base: str) -> bytes:
        new = self._packs.get(pack)
        try:
            patch = make_patch(self._packs.get(base), new)
        except Unverified as error:  # an old pack that a disk spoiled must not keep a room back
            raise NotFound("the older pack is damaged here; fetch the new one whole") from error
        if len(patch) > len(new) // 2:
            raise NotFound("these packs have little in common; fetch the new one whole")
        return patch

    def _make_update(self, root: str, held: str) -> bytes:
        wanted = self.list_of(root)
        try:
            return make_update(wanted, self.list_of(held) if held else None)
        except NotFound:
            return make_update(wanted)

    def _has(self, ref: PackRef) -> bool:
        try:
            return self._packs.path(ref.sha256).stat().st_size == ref.size
        except NotFound:
            return False
