"""Publishing editions.

Law: a version is given out once, in the transaction that keeps its signed manifest. Whoever
tells the rooms goes by what is kept, so a crash after it leaves an edition that is told later.
"""

from __future__ import annotations

from collections.abc import Sequence

from hub.editions.ports import Shelf
from hub.editions.schemas import EditionView, Published, ShelfPack
from hub.editions.store import EditionStore
from hub.errors import Conflict, NotFound
from hub.ports import Clock, Recorder
from voiceassist.contract.canonical import sha256
from voiceassist.contract.edition import Manifest, sign_manifest, state_root
from voiceassist.contract.signing import Signer
from voiceassist.knowledge.drugs import most_named

LIFETIME_S = 90 * 24 * 3600


class EditionService:
    """The clinic's editions."""

    def __init__(
        self,
        store: EditionStore,
        shelf: Shelf,
        recorder: Recorder,
        signer: Signer,
        clock: Clock,
        *,
        clinic: str,
    ) -> None:
        self._store = store
        self._shelf = shelf
        self._recorder = recorder
        self._signer = signer
        self._clock = clock
        self._clinic = clinic

    def publish(self, actor: str) -> EditionView:
        """Sign an edition of all that is indexed; raises `Conflict` where nothing can be."""
        packs = self._shelf.packs()
        if not packs:
            raise Conflict("nothing is indexed yet; add documents, then publish")
        if len({pack.embedding.sha256 for pack in packs}) > 1:
            raise Conflict(
                "some documents are still indexed with the former embedding model; "
                "wait until indexing has ended, then publish"
            )
        now_s = self._clock() // 1000
        made = self._store.append(lambda version: self._sign(packs, version, now_s, actor))
        self._recorder.record(
            action="edition.published",
            outcome="done",
            subject=str(made.view.version),
            actor=actor,
            detail={"documents": len(packs), "etag": made.etag},
        )
        return made.view

    def current(self) -> Published:
        """The newest edition; raises `NotFound`."""
        found = self._store.current()
        if found is None:
            raise NotFound("no edition is published yet; publish one on the hub")
        return found

    def newest(self) -> int:
        """The newest version; 0 where there is none."""
        return self._store.newest()

    def listing(self, offset: int = 0, limit: int = 50) -> list[EditionView]:
        """Editions, newest first."""
        return self._store.listing(offset, limit)

    def count(self) -> int:
        """How many there are."""
        return self._store.count()

    def unpublished(self) -> bool:
        """Whether an edition published now would hold something else than the newest."""
        newest = self._store.listing(0, 1)
        root = state_root(pack.ref for pack in self._shelf.packs())
        return root != (newest[0].state_root if newest else state_root(()))

    def _sign(self, packs: Sequence[ShelfPack], version: int, now_s: int, actor: str) -> Published:
        refs = tuple(sorted((pack.ref for pack in packs), key=lambda ref: ref.document))
        manifest = Manifest(
            clinic=self._clinic,
            version=version,
            created_s=now_s,
            expires_s=now_s + LIFETIME_S,
            embedding=packs[0].embedding,
            packs=refs,
            state_root=state_root(refs),
            drug_names=most_named(pack.drugs for pack in packs),
        )
        envelope = sign_manifest(manifest, self._signer)
        view = EditionView(
            version=version,
            created_s=manifest.created_s,
            expires_s=manifest.expires_s,
            documents=len(refs),
            passages=sum(ref.passages for ref in refs),
            state_root=manifest.state_root,
            published_by=actor,
        )
        return Published(view=view, envelope=envelope, etag=sha256(envelope.to_json()))
