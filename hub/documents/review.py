"""Documents that the PHI gate holds back until an administrator has looked.

Law: what is held is in no edition published from then on, by rollback neither; only a release
by somebody, recorded first (law 3), lets it in. The trail has kinds and counts, the tables have
places; words are read from the pack when an administrator looks.
"""

from __future__ import annotations

from collections import Counter

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from hub.documents.ports import Words
from hub.documents.schemas import FindingView, Review
from hub.documents.store import DocumentRow, FindingRow, PackRow, ReleaseRow, served_pack
from hub.errors import Conflict, NotFound
from hub.ports import Clock, Recorder
from hub.storage.blobs import Blobs
from hub.storage.engine import Database
from voiceassist.contract.canonical import Json

_AROUND = 60  # characters shown on either side


class Reviews:
    """What is held, and letting it go."""

    def __init__(
        self, database: Database, packs: Blobs, words: Words, recorder: Recorder, clock: Clock
    ) -> None:
        self._database = database
        self._packs = packs
        self._words = words
        self._recorder = recorder
        self._clock = clock

    def of(self, document: str) -> Review:
        """What keeps a document back, with words around; raises `NotFound` or `Conflict`."""
        with self._database.read() as session:
            row, pack, found = _held(session, document)
            served = served_pack(pack)
        text = self._words(self._packs.get(served.ref.sha256), served)
        return Review(
            document=document,
            title=row.title,
            version=row.held,
            problem=pack.problem,
            findings=tuple(_view(text, one) for one in found),
        )

    def waiting(self) -> list[str]:
        """The documents that are held, by id."""
        query = select(DocumentRow.id).where(DocumentRow.held > 0, DocumentRow.removed_ms.is_(None))
        with self._database.read() as session:
            return list(session.scalars(query.order_by(DocumentRow.id)))

    def withheld(self) -> frozenset[tuple[str, int]]:
        """The documents' versions that nobody let go, old ones too: none goes into an edition."""
        released = and_(
            ReleaseRow.document == FindingRow.document, ReleaseRow.digest == FindingRow.digest
        )
        found = (
            select(FindingRow.document, FindingRow.version)
            .outerjoin(ReleaseRow, released)
            .where(ReleaseRow.digest.is_(None))
        )
        unjudged = (
            select(PackRow.document, PackRow.version)
            .join(DocumentRow, DocumentRow.id == PackRow.document)
            .where(PackRow.problem != "", DocumentRow.serving != PackRow.version)
        )
        with self._database.read() as session:
            rows = [*session.execute(found), *session.execute(unjudged)]
            return frozenset((row[0], row[1]) for row in rows)

    def release(self, document: str, actor: str, version: int | None = None) -> None:
        """Let what is held serve; the same words are not held again.

        `version` is the one that was looked at: raises `Conflict` where another is held now.
        """
        with self._database.read() as session:
            row, pack, found = _held(session, document)
        if version not in {None, row.held}:
            raise Conflict("a newer version is held now; look at it, then release it")
        kinds: dict[str, Json] = {**Counter(one.kind for one in found)}
        self._recorder.record(
            action="document.released",
            outcome="done",
            subject=document,
            actor=actor,
            detail={"version": row.held, "kinds": kinds, "judged": not pack.problem},
        )
        self._let_go(document, row.held, actor)

    def _let_go(self, document: str, version: int, actor: str) -> None:
        with self._database.write() as session:
            row, _, found = _held(session, document)
            if row.held != version:
                raise Conflict("a newer version is held now; look at it, then release it")
            for digest in {one.digest for one in found}:
                session.merge(
                    ReleaseRow(
                        document=document,
                        digest=digest,
                        released_ms=self._clock(),
                        released_by=actor,
                    )
                )
            row.serving, row.held = row.held, 0


def _held(session: Session, document: str) -> tuple[DocumentRow, PackRow, list[FindingRow]]:
    row = session.get(DocumentRow, document)
    if row is None or row.removed_ms is not None:
        raise NotFound("no such document; GET /api/v1/documents lists them")
    if not row.held:
        raise Conflict(f"{document} is not held for review; there is nothing to release")
    query = select(FindingRow).where(
        FindingRow.document == document, FindingRow.version == row.held
    )
    found = list(session.scalars(query.order_by(FindingRow.number)))
    return row, session.get_one(PackRow, (document, row.held)), found


def _view(text: str, one: FindingRow) -> FindingView:
    return FindingView(
        kind=one.kind,
        place=one.place,
        before=text[max(0, one.start - _AROUND) : one.start],
        words=text[one.start : one.end],
        after=text[one.end : one.end + _AROUND],
    )
