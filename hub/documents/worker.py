"""Works the indexing queue, one job after another, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections import Counter

from hub.documents.judging import judge
from hub.documents.ports import Indexer, Inspector
from hub.documents.queue import Queue, WorkLock
from hub.documents.schemas import Built, Judgement, Task
from hub.errors import NotFound
from hub.ports import Clock, Recorder
from hub.storage.blobs import Blobs
from voiceassist.contract.canonical import Json
from voiceassist.errors import BadInput, Unverified, VoiceAssistError

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 4
_FIRST_RETRY_MS = 5_000
_POLL_S = 1.0
_FINAL = (BadInput, Unverified, NotFound)


class Worker:
    """Indexes what is queued, while it holds the lock."""

    def __init__(
        self,
        queue: Queue,
        lock: WorkLock,
        content: Blobs,
        packs: Blobs,
        indexer: Indexer,
        inspector: Inspector,
        recorder: Recorder,
        clock: Clock,
    ) -> None:
        self._queue = queue
        self._lock = lock
        self._content = content
        self._packs = packs
        self._indexer = indexer
        self._inspector = inspector
        self._recorder = recorder
        self._clock = clock
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._holding = False
        self._refreshed = False
        self._thread = threading.Thread(target=self._run, name="indexing", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin working in the background."""
        self._thread.start()

    def stop(self) -> None:
        """End after the job at hand; one cut off is queued again at the next start."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def wake(self) -> None:
        """Something was queued."""
        self._wake.set()

    def begin(self) -> bool:
        """Take the queue over, with what another process left; False where one works on it."""
        if not self._lock.take():
            return False
        if orphans := self._queue.adopt():
            log.info("queued again after a restart: %d jobs", orphans)
        return True

    def refresh(self) -> int:
        """Queue what other settings made or judged; how many. Needs the lock."""
        stale = self._queue.queue_stale(self._indexer.recipe, self._inspector.name())
        if stale:
            log.info("settings have changed; indexing anew: %d documents", stale)
        return stale

    def step(self) -> bool:
        """Do one job that is due; False where none is."""
        task = self._queue.claim(self._clock())
        if task is None:
            return False
        try:
            self._index(task)
        except VoiceAssistError as error:
            self._failed(task, str(error), final=isinstance(error, _FINAL))
        except Exception:  # one document must not end the indexing of all others
            log.exception("indexing failed", extra={"document": task.document})
            self._failed(task, "indexing failed; the hub's log tells why", final=False)
        return True

    def release(self) -> None:
        """Let another process work on the queue."""
        self._lock.release()

    def _index(self, task: Task) -> None:
        data = self._content.get(task.sha256)
        previous = self._previous(task)
        made = self._indexer.index(
            task, data, previous, lambda percent: self._queue.progress(task, percent)
        )
        self._packs.put(made.data)
        judgement = judge(self._inspector, made.text, made.places)
        built = Built(
            title=made.title,
            pack=made.pack,
            described=made.described,
            recipe=made.recipe,
            unread=made.unread,
            judgement=judgement,
        )
        if self._queue.finish(task, built):
            self._tell_held(task, judgement)
        log.info("indexed", extra={"document": task.document, "version": task.version})

    def _tell_held(self, task: Task, judgement: Judgement) -> None:
        kinds: dict[str, Json] = {**Counter(one.kind for one in judgement.findings)}
        detail: dict[str, Json] = {
            "version": task.version,
            "kinds": kinds,
            "judged": not judgement.problem,
        }
        self._recorder.record(
            action="document.held",
            outcome="held",
            subject=task.document,
            actor="hub",
            detail=detail,
        )
        log.warning("held for review", extra={"document": task.document})

    def _previous(self, task: Task) -> bytes | None:
        if task.previous is None:
            return None
        try:
            return self._packs.get(task.previous.ref.sha256)
        except (NotFound, Unverified):
            return None  # it only saves work

    def _failed(self, task: Task, error: str, *, final: bool) -> None:
        retry_at = None
        if not final and task.attempts < MOST_ATTEMPTS:
            retry_at = self._clock() + _FIRST_RETRY_MS * 2 ** (task.attempts - 1)
        self._queue.fail(task, error, retry_at)
        log.warning("not indexed: %s", error, extra={"document": task.document})

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._turn():
                    continue
            except VoiceAssistError as error:
                log.warning("indexing waits: %s", error)
            self._wake.wait(_POLL_S)
            self._wake.clear()
        self.release()

    def _turn(self) -> bool:
        if not self._holding:
            self._holding = self.begin()
        if self._holding and not self._refreshed:
            self._refresh_once()
        return self._holding and self.step()

    def _refresh_once(self) -> None:
        """Settings may have changed since the last start; a missing model is told by the jobs."""
        self._refreshed = True
        try:
            self.refresh()
        except VoiceAssistError as error:
            log.warning("what other settings made stays as it is for now: %s", error)
