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
from collections.abc import Callable
from pathlib import Path
from typing import IO

from sqlalchemy import case, delete, func, select, update
from sqlalchemy.orm import Session

from hub.documents.schemas import Built, Task
from hub.documents.store import (
    DocumentRow,
    FindingRow,
    JobRow,
    PackRow,
    ReleaseRow,
    VersionRow,
    description,
    pack_row,
    queue_job,
    queue_version,
    served_pack,
)
from hub.storage.engine import Database


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

    def unfinished(self) -> dict[str, int]:
        """How far the jobs are that are queued or running, 0 to 100, by document."""
        query = select(JobRow.document, JobRow.progress).where(
            JobRow.state.in_(("queued", "running"))
        )
        with self._database.read() as session:
            return {row[0]: row[1] for row in session.execute(query)}

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
            newest = max(document.serving, document.held)
            pack = session.get(PackRow, (job.document, newest))
            return Task(
                job=job.id,
                document=job.document,
                version=job.version,
                name=version.name,
                sha256=version.sha256,
                attempts=job.attempts,
                described=description(version.described),
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

    def finish(self, task: Task, built: Built) -> bool:
        """Let the new pack serve; whether it is held for review instead.

        Nothing serves of a removed document, or where a newer version was indexed. What is held
        leaves an older version serving.
        """
        with self._database.write() as session:
            job = session.get_one(JobRow, task.job)
            if job.state != "running":
                return False
            _keep(session, task, built)
            job.state, job.progress, job.error = "done", 100, ""
            document = session.get_one(DocumentRow, task.document)
            if task.version < max(document.serving, document.held):
                return False
            document.title = built.title
            document.info = built.described.model_dump_json()
            if not _must_wait(session, task, built):
                document.serving, document.held = task.version, 0
                return False
            document.held = task.version
            if document.serving == task.version:  # judged anew, with other rules or lists
                document.serving = 0
            return True

    def fail(self, task: Task, error: str, retry_at_ms: int | None) -> None:
        """Give up, or try again at `retry_at_ms`; what served goes on serving."""
        with self._database.write() as session:
            job = session.get_one(JobRow, task.job)
            if job.state != "running":
                return
            job.error, job.progress = error, 0
            job.state = "failed" if retry_at_ms is None else "queued"
            job.not_before_ms = retry_at_ms or 0

    def queue_stale(self, recipe: Callable[[str], str], judge: str) -> int:
        """Queue what another recipe made, or another judge judged; how many.

        `recipe` tells what makes the pack of a file's name now. A stale pack is made anew as a
        new version; one that only has to be judged anew keeps its version and so its bytes.
        """
        query = (
            select(DocumentRow, PackRow)
            .join(PackRow, PackRow.document == DocumentRow.id)
            .where(
                DocumentRow.removed_ms.is_(None),
                PackRow.version
                == case((DocumentRow.held > 0, DocumentRow.held), else_=DocumentRow.serving),
            )
        )
        with self._database.write() as session:
            rows = [(row[0], row[1]) for row in session.execute(query)]
            return sum(_queue_stale(session, one, pack, recipe, judge) for one, pack in rows)


def _queue_stale(
    session: Session,
    document: DocumentRow,
    pack: PackRow,
    recipe: Callable[[str], str],
    judge: str,
) -> bool:
    version = session.get_one(VersionRow, (document.id, document.version))
    made = pack.recipe == recipe(version.name)
    if (made and pack.judged == judge) or _is_waiting(session, document):
        return False
    if document.version > pack.version:  # its indexing failed: another try
        queue_job(session, document.id, document.version)
    elif made:
        queue_job(session, document.id, pack.version)
    else:
        queue_version(session, document)
    return True


def _is_waiting(session: Session, document: DocumentRow) -> bool:
    query = select(func.count()).where(
        JobRow.document == document.id, JobRow.state.in_(("queued", "running"))
    )
    return bool(session.scalar(query))


def _keep(session: Session, task: Task, built: Built) -> None:
    session.execute(
        delete(FindingRow).where(
            FindingRow.document == task.document, FindingRow.version == task.version
        )
    )
    session.merge(pack_row(built))
    session.flush()
    for number, one in enumerate(built.judgement.findings):
        session.add(
            FindingRow(
                document=task.document, version=task.version, number=number, **one.model_dump()
            )
        )


def _must_wait(session: Session, task: Task, built: Built) -> bool:
    """Whether the gate could not judge, or found words that nobody released yet."""
    if built.judgement.problem:
        return True
    query = select(ReleaseRow.digest).where(ReleaseRow.document == task.document)
    released = set(session.scalars(query))
    return any(one.digest not in released for one in built.judgement.findings)
