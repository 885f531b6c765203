"""Publishing editions.

Law: a version is given out once, in the transaction that keeps its signed manifest. Whoever
tells the rooms goes by what is kept, so a crash after it leaves an edition that is told later.
"""

from __future__ import annotations

from collections.abc import Sequence

from hub.editions.archive import Archive
from hub.editions.ports import Fleet, Shelf, SigningKeys
from hub.editions.schemas import Content, EditionView, Published
from hub.editions.store import EditionStore
from hub.errors import Conflict, NotFound
from hub.ports import Clock, Recorder
from voiceassist.contract.canonical import sha256
from voiceassist.contract.edition import Manifest, PackRef, sign_manifest
from voiceassist.contract.packlist import state_root
from voiceassist.contract.trust import write_chain
from voiceassist.knowledge.editions.store import make_manifest

LIFETIME_S = 90 * 24 * 3600
BELIEVED = 10_000  # versions above the hub's newest that a room's word is trusted for


class EditionService:
    """The clinic's editions."""

    def __init__(
        self,
        store: EditionStore,
        archive: Archive,
        shelf: Shelf,
        keys: SigningKeys,
        fleet: Fleet,
        recorder: Recorder,
        clock: Clock,
        *,
        clinic: str,
    ) -> None:
        self._store = store
        self._archive = archive
        self._shelf = shelf
        self._keys = keys
        self._fleet = fleet
        self._recorder = recorder
        self._clock = clock
        self._clinic = clinic

    def publish(self, actor: str, *, like: int | None = None) -> EditionView:
        """Sign an edition of all that is indexed, or of what edition `like` held.

        What is held for review by now is left out, whatever held it before. The expiry is
        counted anew, whether or not the content is. Raises `Conflict` where there is nothing to
        publish, `NotFound` for an edition that there never was.
        """
        content = self._indexed() if like is None else self._content_of(like)
        now_s = self._clock() // 1000
        self._archive.keep(content.refs)
        claims = self._fleet.editions()
        made = self._store.append(
            lambda newest: self._sign(content, above(newest, claims) + 1, now_s, actor)
        )
        copied = {} if like is None else {"like": like, "withheld": content.withheld}
        self._recorder.record(
            action="edition.published",
            outcome="done",
            subject=str(made.view.version),
            actor=actor,
            detail={"documents": made.view.documents, "etag": made.etag, **copied},
        )
        return made.view

    def sign_anew(self, actor: str) -> EditionView | None:
        """Publish the newest edition again where another key than the one in force signed it."""
        newest = self._store.current()
        if newest is None or newest.envelope.keyid == self._keys.now()[1].keyid:
            return None
        return self.publish(actor, like=newest.view.version)

    def current(self) -> Published:
        """The newest edition; raises `NotFound`."""
        found = self._store.current()
        if found is None:
            raise NotFound("no edition is published yet; publish one on the hub")
        return found

    def edition(self, version: int) -> Published:
        """One edition; raises `NotFound`."""
        found = self._store.get(version)
        if found is None:
            raise NotFound(f"there is no edition {version}; `voiceassist hub editions list`")
        return found

    def packs_of(self, published: Published) -> tuple[PackRef, ...]:
        """The packs of an edition; raises `Conflict` where some are gone."""
        version = published.view.version
        refs = self._archive.list_of(_readable(published).state_root)
        gone = self._archive.lacking(refs)
        if gone:
            raise Conflict(
                f"edition {version} can't come back: the packs of {len(gone)} documents are gone "
                f"({gone[0]} is one); add them again and publish"
            )
        return refs

    def pack_list(self, root: str, held: str = "") -> bytes:
        """The list `root` as an update of the list `held`; raises `NotFound`."""
        return self._archive.update(root, held)

    def patch(self, pack: str, base: str) -> bytes:
        """What turns the pack `base` into `pack`; raises `NotFound`."""
        return self._archive.patch(pack, base)

    def key_chain(self, after: int) -> bytes:
        """The statements of keys after version `after`, as JSON."""
        return write_chain(self._keys.chain(after))

    def newest(self) -> int:
        """The newest version; 0 where there is none."""
        return self._store.newest()

    def problem(self) -> str:
        """What an administrator must know of rooms that hold more than the hub; else empty."""
        newest = self.newest()
        highest = max(self._fleet.editions(), default=0)
        if highest <= newest:
            return ""
        told = f"a room holds edition {highest}, the hub's newest is {newest}"
        if highest > newest + BELIEVED:
            return f"{told}: too far to be believed; look at that room's box"
        return f"{told} (restored from a backup?); publish, so that the rooms follow again"

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

    def _indexed(self) -> Content:
        packs = self._shelf.packs()
        if not packs:
            raise Conflict("nothing is indexed yet; add documents, then publish")
        if len({pack.embedding.sha256 for pack in packs}) > 1:
            raise Conflict(
                "some documents are still indexed with the former embedding model; "
                "wait until indexing has ended, then publish"
            )
        return Content(refs=tuple(pack.ref for pack in packs), embedding=packs[0].embedding)

    def _content_of(self, version: int) -> Content:
        published, newest = self.edition(version), self.current().manifest()
        manifest = _readable(published)
        if newest is not None and newest.embedding != manifest.embedding:
            raise Conflict(
                f"edition {version} was made with the embedding model {manifest.embedding.model}, "
                "which the rooms no longer run; publish what is indexed"
            )
        withheld = self._shelf.withheld()
        held = self.packs_of(published)
        refs = tuple(ref for ref in held if (ref.document, ref.version) not in withheld)
        if not refs:
            raise Conflict(f"all that edition {version} held waits for review; release it first")
        return Content(
            refs=refs,
            embedding=manifest.embedding,
            like=version,
            withheld=len(held) - len(refs),
        )

    def _sign(self, content: Content, version: int, now_s: int, actor: str) -> Published:
        keys, signer = self._keys.now()
        manifest = make_manifest(
            content.refs,
            clinic=self._clinic,
            version=version,
            created_s=now_s,
            expires_s=now_s + LIFETIME_S,
            keys=keys,
            embedding=content.embedding,
        )
        envelope = sign_manifest(manifest, signer)
        view = EditionView(
            version=version,
            created_s=manifest.created_s,
            expires_s=manifest.expires_s,
            documents=manifest.documents,
            passages=manifest.passages,
            state_root=manifest.state_root,
            published_by=actor,
        )
        return Published(view=view, envelope=envelope, etag=sha256(envelope.to_json()))


def above(newest: int, claims: Sequence[int]) -> int:
    """The version that the next must exceed: the hub's, or a room's where that is believed.

    Rooms hold more than the hub when it was restored from a backup. A claim further off than
    `BELIEVED` would use up the numbers, and is left aside.
    """
    return max([newest, *(claim for claim in claims if claim <= newest + BELIEVED)])


def _readable(published: Published) -> Manifest:
    manifest = published.manifest()
    if manifest is None:
        version = published.view.version
        raise Conflict(f"edition {version} was published by an older release; publish anew")
    return manifest
