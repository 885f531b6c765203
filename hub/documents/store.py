"""The tables of documents, their versions, packs and jobs."""

from __future__ import annotations

import json

from sqlalchemy import BigInteger, ForeignKey, ForeignKeyConstraint, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub.documents.schemas import ServedPack
from hub.storage.base import Base
from voiceassist.contract.edition import EmbeddingSpec, PackRef


class DocumentRow(Base):
    """A document; `version` is the newest taken in, `serving` the newest indexed (0: none).

    A removed document keeps its row, so that its versions never start again from 1.
    """

    __tablename__ = "documents"

    id: Mapped[str] = mapped_column(String(200), primary_key=True)
    title: Mapped[str] = mapped_column(String(500))
    version: Mapped[int] = mapped_column(Integer)
    serving: Mapped[int] = mapped_column(Integer)
    removed_ms: Mapped[int | None] = mapped_column(BigInteger)


class VersionRow(Base):
    """One version's file."""

    __tablename__ = "document_versions"

    document: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(500))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    added_ms: Mapped[int] = mapped_column(BigInteger)
    added_by: Mapped[str] = mapped_column(String(64))


class PackRow(Base):
    """One version's pack, and what made its vectors. `drugs` is a JSON list."""

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


def pack_row(pack: ServedPack) -> PackRow:
    """The row of a pack."""
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
    )
