"""Reads and writes the documents' tables; knows no rules but how rows belong together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TypeAlias

from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.orm import Session

from hub.documents.schemas import Description, DocumentView, Draft, JobView, ServedPack
from hub.documents.store import (
    DocumentRow,
    FindingRow,
    JobRow,
    PackRow,
    VersionRow,
    described,
    description,
    queue_job,
    queue_version,
    served_pack,
)
from hub.storage.engine import Database

_Rows: TypeAlias = tuple[DocumentRow, VersionRow, JobRow, PackRow | None, int]
_Query: TypeAlias = Select[DocumentRow, VersionRow, JobRow, PackRow, int]  # the pack by outer join


class Catalogue:
    """The documents that the hub has."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def listing(self, offset: int = 0, limit: int | None = None) -> list[DocumentView]:
        """Documents by title."""
        query = _documents().order_by(DocumentRow.title, DocumentRow.id).offset(offset)
        with self._database.read() as session:
            return [_view(row) for row in _fetch(session, query.limit(limit))]

    def count(self) -> int:
        """How many documents there are."""
        query = select(func.count()).where(DocumentRow.removed_ms.is_(None))
        with self._database.read() as session:
            return session.scalar(query) or 0

    def get(self, document: str) -> DocumentView | None:
        """One document."""
        with self._database.read() as session:
            return _one(session, document)

    def add(self, draft: Draft, now_ms: int) -> tuple[DocumentView, bool]:
        """Keep `draft` as a new version and queue its job; nothing where it is there already."""
        with self._database.write() as session:
            same = _same_content(session, draft)
            if same is not None and (view := _one(session, same)) is not None:
                return (view, False) if _no_news(session, same, draft) else _again(session, same)
            version = _next_version(session, draft)
            document = session.get_one(DocumentRow, draft.id)
            if draft.sidecar is not None:
                document.sidecar = json.dumps(draft.sidecar.given())
            session.add(
                VersionRow(
                    document=draft.id,
                    version=version,
                    name=draft.name,
                    sha256=draft.sha256,
                    size=draft.size,
                    added_ms=now_ms,
                    added_by=draft.actor,
                    described=described(document),
                )
            )
            session.flush()
            queue_job(session, draft.id, version)
            view = _one(session, draft.id)
        assert view is not None  # noqa: S101 - it was just added
        return view, True

    def describe(self, document: str, given: dict[str, object]) -> tuple[DocumentView, bool] | None:
        """Set what administrators say; a None takes a field back. Whether anything changed."""
        with self._database.write() as session:
            row = session.get(DocumentRow, document)
            if row is None or row.removed_ms is not None:
                return None
            said = {**json.loads(row.described), **given}
            kept = Description.model_validate({k: v for k, v in said.items() if v is not None})
            text = json.dumps(kept.given(), sort_keys=True)
            if text == row.described and (view := _one(session, document)) is not None:
                return view, False
            row.described = text
            return _again(session, document)

    def successors(self) -> dict[str, str]:
        """Every document with the one that supersedes it, or nothing."""
        with self._database.read() as session:
            rows = session.scalars(select(DocumentRow).where(DocumentRow.removed_ms.is_(None)))
            return {
                row.id: json.loads(described(row)).get(
                    "superseded_by", description(row.info).superseded_by or ""
                )
                for row in rows
            }

    def remove(self, document: str, now_ms: int) -> bool:
        """Take a document out of all later editions; its unfinished jobs end."""
        with self._database.write() as session:
            row = session.get(DocumentRow, document)
            if row is None or row.removed_ms is not None:
                return False
            row.removed_ms, row.held = now_ms, 0
            waiting = select(JobRow).where(
                JobRow.document == document, JobRow.state.in_(("queued", "running"))
            )
            for job in session.scalars(waiting):
                job.state, job.error = "failed", "the document was removed"
            return True

    def serving(self) -> list[ServedPack]:
        """The packs that an edition published now would hold, by document."""
        query = (
            select(PackRow)
            .join(
                DocumentRow,
                and_(DocumentRow.id == PackRow.document, DocumentRow.serving == PackRow.version),
            )
            .where(DocumentRow.removed_ms.is_(None))
            .order_by(PackRow.document)
        )
        with self._database.read() as session:
            return [served_pack(row) for row in session.scalars(query)]


def _documents() -> _Query:
    # a version may be indexed again, so its newest job counts
    newest = select(func.max(JobRow.id)).group_by(JobRow.document, JobRow.version)
    findings = (
        select(func.count())
        .where(FindingRow.document == DocumentRow.id, FindingRow.version == DocumentRow.held)
        .scalar_subquery()
    )
    shown = case((DocumentRow.held > 0, DocumentRow.held), else_=DocumentRow.serving)
    return (
        select(DocumentRow, VersionRow, JobRow, PackRow, findings)
        .join(
            VersionRow,
            and_(VersionRow.document == DocumentRow.id, VersionRow.version == DocumentRow.version),
        )
        .join(
            JobRow,
            and_(
                JobRow.document == VersionRow.document,
                JobRow.version == VersionRow.version,
                JobRow.id.in_(newest),
            ),
        )
        .outerjoin(
            PackRow,
            and_(PackRow.document == DocumentRow.id, PackRow.version == shown),
        )
        .where(DocumentRow.removed_ms.is_(None))
    )


def _fetch(session: Session, query: _Query) -> Iterator[_Rows]:
    for row in session.execute(query):
        yield row[0], row[1], row[2], row[3], row[4]


def _one(session: Session, document: str) -> DocumentView | None:
    rows = _fetch(session, _documents().where(DocumentRow.id == document))
    return next((_view(row) for row in rows), None)


def _same_content(session: Session, draft: Draft) -> str | None:
    """The document whose newest version is exactly this content and did not fail."""
    query = _documents().where(VersionRow.sha256 == draft.sha256, JobRow.state != "failed")
    return next((document.id for document, *_ in _fetch(session, query)), None)


def _no_news(session: Session, document: str, draft: Draft) -> bool:
    """Whether what stands beside the file is as it was; notes it where it is not."""
    row = session.get_one(DocumentRow, document)
    said = None if draft.sidecar is None else json.dumps(draft.sidecar.given())
    if document != draft.id or said is None or said == row.sidecar:
        return True
    row.sidecar = said
    return False


def _again(session: Session, document: str) -> tuple[DocumentView, bool]:
    """Queue a version with the same file and what is said of it now."""
    queue_version(session, session.get_one(DocumentRow, document))
    view = _one(session, document)
    assert view is not None  # noqa: S101 - it was just queued
    return view, True


def _next_version(session: Session, draft: Draft) -> int:
    row = session.get(DocumentRow, draft.id)
    if row is None:
        session.add(DocumentRow(id=draft.id, title=draft.title, version=1, serving=0))
        session.flush()
        return 1
    if row.removed_ms is not None:
        row.removed_ms, row.serving, row.held, row.title = None, 0, 0, draft.title
    row.version += 1
    return row.version


def _view(row: _Rows) -> DocumentView:
    document, version, job, pack, findings = row
    info = description(document.info)
    return DocumentView(
        id=document.id,
        title=document.title,
        name=version.name,
        version=document.version,
        serving=document.serving,
        passages=pack.passages if pack else 0,
        size=version.size,
        sha256=version.sha256,
        added_ms=version.added_ms,
        held=document.held,
        findings=findings,
        source=info.source or "",
        specialty=info.specialty or "",
        effective=info.effective,
        review=info.review,
        superseded_by=info.superseded_by or "",
        unread=pack.unread if pack else 0,
        job=JobView.model_validate(
            {
                "state": job.state,
                "progress": job.progress,
                "attempts": job.attempts,
                "error": job.error,
            }
        ),
    )
