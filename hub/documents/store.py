"""The tables of documents, their versions, packs and jobs."""

from __future__ import annotations

import json

from sqlalchemy import BigInteger, ForeignKey, ForeignKeyConstraint, Integer, String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from hub.documents.schemas import Built, Description, ServedPack
from hub.storage.base import Base
from voiceassist.contract.edition import EmbeddingSpec, PackRef


class DocumentRow(Base):
    """A document; `version` is the newest taken in, `serving` the newest indexed (0: none).

    A removed document keeps its row, so that its versions never start again from 1. `held` is
    the version that waits for release (0: none). `described` is what administrators say,
    `sidecar` what stands beside the file, `info` what the newest indexed version says: JSON.
    """

    __tablename__ = "documents"

    id: Mapped[str] = mapped_column(String(200), primary_key=True)
    title: Mapped[str] = mapped_column(String(500))
    version: Mapped[int] = mapped_column(Integer)
    serving: Mapped[int] = mapped_column(Integer)
    removed_ms: Mapped[int | None] = mapped_column(BigInteger)
    held: Mapped[int] = mapped_column(Integer, default=0)
    described: Mapped[str] = mapped_column(Text, default="{}")
    sidecar: Mapped[str] = mapped_column(Text, default="{}")
    info: Mapped[str] = mapped_column(Text, default="{}")


class VersionRow(Base):
    """One version's file, with what was said of it when it was taken in (JSON)."""

    __tablename__ = "document_versions"

    document: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(500))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    added_ms: Mapped[int] = mapped_column(BigInteger)
    added_by: Mapped[str] = mapped_column(String(64))
    described: Mapped[str] = mapped_column(Text, default="{}")


class PackRow(Base):
    """One version's pack, what made it and what judged it. `drugs` is a JSON list."""

    __tablename__ = "document_packs"
    __table_args__ = (
        ForeignKeyConstraint(
            ["document", "version"], ["document_versions.document", "document_versions.version"]
        ),
    )

    document: Mapped[str] = mapped_column(String(200), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    passages: Mapped[int] = mapped_column(Integer)
    model: Mapped[str] = mapped_column(String(200))
    model_sha256: Mapped[str] = mapped_column(String(64))
    dimension: Mapped[int] = mapped_column(Integer)
    drugs: Mapped[str] = mapped_column(Text)
    unread: Mapped[int] = mapped_column(Integer, default=0)
    recipe: Mapped[str] = mapped_column(String(64), default="")
    judged: Mapped[str] = mapped_column(String(64), default="")
    problem: Mapped[str] = mapped_column(Text, default="")


class FindingRow(Base):
    """What in a version's text tells of a patient: where, never the words."""

    __tablename__ = "document_findings"
    __table_args__ = (
        ForeignKeyConstraint(
            ["document", "version"], ["document_packs.document", "document_packs.version"]
        ),
    )

    document: Mapped[str] = mapped_column(String(200), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    start: Mapped[int] = mapped_column(Integer)
    end: Mapped[int] = mapped_column(Integer)
    place: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))


class ReleaseRow(Base):
    """Words of a document that an administrator released."""

    __tablename__ = "document_releases"

    document: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    released_ms: Mapped[int] = mapped_column(BigInteger)
    released_by: Mapped[str] = mapped_column(String(64))


class JobRow(Base):
    """The indexing of one version."""

    __tablename__ = "document_jobs"
    __table_args__ = (
        ForeignKeyConstraint(
            ["document", "version"], ["document_versions.document", "document_versions.version"]
        ),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    document: Mapped[str] = mapped_column(String(200), index=True)
    version: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(16), index=True)
    progress: Mapped[int] = mapped_column(Integer, default=0)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    not_before_ms: Mapped[int] = mapped_column(BigInteger, default=0)


def served_pack(row: PackRow) -> ServedPack:
    """The pack as others see it."""
    return ServedPack(
        ref=PackRef(
            document=row.document,
            version=row.version,
            sha256=row.sha256,
            size=row.size,
            passages=row.passages,
        ),
        embedding=EmbeddingSpec(model=row.model, sha256=row.model_sha256, dimension=row.dimension),
        drugs=tuple(json.loads(row.drugs)),
    )


def pack_row(built: Built) -> PackRow:
    """The row of what was built."""
    pack = built.pack
    return PackRow(
        document=pack.ref.document,
        version=pack.ref.version,
        sha256=pack.ref.sha256,
        size=pack.ref.size,
        passages=pack.ref.passages,
        model=pack.embedding.model,
        model_sha256=pack.embedding.sha256,
        dimension=pack.embedding.dimension,
        drugs=json.dumps(list(pack.drugs)),
        unread=built.unread,
        recipe=built.recipe,
        judged=built.judgement.by,
        problem=built.judgement.problem,
    )


def described(row: DocumentRow) -> str:
    """What is said of a document beside its file: an administrator's word wins."""
    return json.dumps({**json.loads(row.sidecar), **json.loads(row.described)}, sort_keys=True)


def queue_version(session: Session, document: DocumentRow) -> None:
    """Queue the newest file of `document` as a new version, with what is said of it now.

    A pack is named by document and version, so what was published stays as it was.
    """
    old = session.get_one(VersionRow, (document.id, document.version))
    document.version += 1
    session.add(
        VersionRow(
            document=document.id,
            version=document.version,
            name=old.name,
            sha256=old.sha256,
            size=old.size,
            added_ms=old.added_ms,
            added_by=old.added_by,
            described=described(document),
        )
    )
    session.flush()
    queue_job(session, document.id, document.version)


def queue_job(session: Session, document: str, version: int) -> None:
    """Queue the indexing of a version; of one that was indexed before it counts anew."""
    session.add(JobRow(document=document, version=version, state="queued"))
    session.flush()


def description(data: str) -> Description:
    """What a row says of a document."""
    return Description.model_validate_json(data)
