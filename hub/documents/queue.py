"""The queue of indexing jobs, kept in the database so that it survives a restart.

Law: one process works on the queue at a time, the one that holds the lock file's lock; the
kernel frees it when that process ends, however it ends. So whoever takes the lock knows that a
job marked running was cut off, and queues it again.

    queued --claim--> running --finish--> done
      ^                 |--fail (final)--> failed
      +--retry, orphan--+
"""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from sqlalchemy import func, select, update

from hub.documents.schemas import Built, Task
from hub.documents.store import DocumentRow, JobRow, PackRow, VersionRow, pack_row, served_pack
from hub.storage.engine import Database
from voiceassist.contract.edition import EmbeddingSpec


class WorkLock:
    """The right to work on the queue."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def take(self) -> bool:
        """Take the lock, unless another process has it."""
        file = self._path.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Let another process work."""
        if self._file is not None:
            self._file.close()
            self._file = None


class Queue:
    """Moves jobs along the table above."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def adopt(self) -> int:
        """Queue again what a process that ended had begun; how many. Needs the lock."""
        query = select(JobRow).where(JobRow.state == "running")
        with self._database.write() as session:
            orphans = list(session.scalars(query))
            for job in orphans:
                job.state, job.progress = "queued", 0
            return len(orphans)

    def waiting(self) -> int:
        """How many jobs are queued or running."""
        query = select(func.count()).where(JobRow.state.in_(("queued", "running")))
        with self._database.read() as session:
            return session.scalar(query) or 0

    def claim(self, now_ms: int) -> Task | None:
        """Begin the oldest job that is due; None where there is none."""
        due = (
            select(JobRow)
            .where(JobRow.state == "queued", JobRow.not_before_ms <= now_ms)
            .order_by(JobRow.id)
            .limit(1)
        )
        with self._database.write() as session:
            job = session.scalar(due)
            if job is None:
                return None
            job.state, job.attempts, job.error = "running", job.attempts + 1, ""
            version = session.get_one(VersionRow, (job.document, job.version))
            document = session.get_one(DocumentRow, job.document)
            pack = session.get(PackRow, (job.document, document.serving))
            return Task(
                job=job.id,
                document=job.document,
                version=job.version,
                name=version.name,
                sha256=version.sha256,
                attempts=job.attempts,
                previous=served_pack(pack) if pack else None,
            )

    def progress(self, task: Task, percent: int) -> None:
        """Note how far a job is."""
        with self._database.write() as session:
            session.execute(
                update(JobRow)
                .where(JobRow.id == task.job, JobRow.state == "running")
                .values(progress=percent)
            )

    def finish(self, task: Task, built: Built) -> None:
        """Let the new pack serve, unless its document was removed or a newer one serves."""
        with self._database.write() as session:
            job = session.get_one(JobRow, task.job)
            if job.state != "running":
                return
            session.merge(pack_row(built.pack))
            document = session.get_one(DocumentRow, task.document)
            if task.version >= document.serving:
                document.serving, document.title = task.version, built.title
            job.state, job.progress, job.error = "done", 100, ""

    def fail(self, task: Task, error: str, retry_at_ms: int | None) -> None:
        """Give up, or try again at `retry_at_ms`; what served goes on serving."""
        with self._database.write() as session:
            job = session.get_one(JobRow, task.job)
            if job.state != "running":
                return
            job.error, job.progress = error, 0
            job.state = "failed" if retry_at_ms is None else "queued"
            job.not_before_ms = retry_at_ms or 0

    def queue_stale(self, embedding: EmbeddingSpec) -> int:
        """Queue what was indexed with another embedding than `embedding`; how many.

        As new versions of the same files: a pack is named by document and version, so what was
        published stays as it was.
        """
        query = (
            select(PackRow)
            .join(DocumentRow, DocumentRow.id == PackRow.document)
            .where(
                DocumentRow.removed_ms.is_(None),
                DocumentRow.serving == PackRow.version,
                DocumentRow.serving == DocumentRow.version,
            )
        )
        with self._database.write() as session:
            stale = [r for r in session.scalars(query) if served_pack(r).embedding != embedding]
            for pack in stale:
                document = session.get_one(DocumentRow, pack.document)
                old = session.get_one(VersionRow, (pack.document, pack.version))
                document.version += 1
                session.add(
                    VersionRow(
                        document=old.document,
                        version=document.version,
                        name=old.name,
                        sha256=old.sha256,
                        size=old.size,
                        added_ms=old.added_ms,
                        added_by=old.added_by,
                    )
                )
                session.flush()
                session.add(JobRow(document=old.document, version=document.version, state="queued"))
            return len(stale)
