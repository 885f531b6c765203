"""Opens the hub's rooms over one database: for the server, and for the command line."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from hub.admin.service import Site
from hub.admin.store import SiteStore
from hub.audit.service import AuditService
from hub.audit.store import AuditStore
from hub.auth.accounts import Accounts
from hub.auth.oidc import Oidc
from hub.auth.service import AuthService
from hub.documents.catalogue import Catalogue
from hub.documents.queue import Queue, WorkLock
from hub.documents.review import Reviews
from hub.documents.service import DocumentService
from hub.documents.worker import Worker
from hub.editions.archive import Archive
from hub.editions.service import EditionService
from hub.editions.store import EditionStore
from hub.fleet.command_store import CommandStore
from hub.fleet.commands import CommandService
from hub.fleet.keys import HubKeys, load_keys
from hub.fleet.service import FleetService
from hub.fleet.store import RoomStore
from hub.indexing import Embedding, KnowledgeIndexer, KnowledgeReader, words_of
from hub.phi.inspector import DocumentInspector
from hub.settings import HubSettings
from hub.storage.blobs import Blobs
from hub.storage.engine import Database
from hub.storage.migrate import migrate
from hub.users.service import Users
from hub.users.store import PreferencesStore
from hub.wiring.adapters import Held, Kits, RoomKeys, Shelf
from hub.wiring.people import CallersTrail, People, sign_in
from voiceassist.knowledge.documents import Limits, Ocr
from voiceassist.knowledge.documents.apart import ReaderProcess
from voiceassist.timekeeping import SystemClock, boot_id


@dataclass(frozen=True, slots=True)
class Rooms:
    """The rooms' services, over one database; what the command line works with too."""

    settings: HubSettings
    keys: HubKeys
    database: Database
    clock: SystemClock
    audit: AuditService
    recorder: CallersTrail
    site: Site
    auth: AuthService
    accounts: Accounts
    oidc: Oidc
    users: Users
    documents: DocumentService
    worker: Worker
    queue: Queue
    editions: EditionService
    packs: Blobs
    fleet: FleetService
    commands: CommandService
    embedding: Embedding
    readers: tuple[ReaderProcess, ...]

    def close(self) -> None:
        """End what stands beside the database, and close it."""
        for reader in self.readers:
            reader.close()
        self.auth.close()
        self.database.close()


def open_rooms(settings: HubSettings, embedding: Embedding | None = None) -> Rooms:
    """Open the hub's data; raises `WrongUse` where `hub init` did not run."""
    keys = load_keys(settings.data_dir / "keys")
    database = Database(settings.database)
    migrate(database)
    audit = _audit(settings, database, keys)
    base = _Base(settings, keys, database, SystemClock(), audit, CallersTrail(audit))
    site = Site(SiteStore(database), base.recorder, base.clock.wall_ms)
    auth, accounts, oidc = sign_in(
        settings, database, keys.session_secret, base.recorder, site, base.clock.wall_ms
    )
    embedding = embedding or Embedding(settings.profile, settings.models_dir)
    packs = Blobs(settings.data_dir / "packs")
    queue = Queue(database)
    most = settings.limits
    # one process for what comes in, another for the jobs: a slow job keeps no upload waiting
    readers = tuple(ReaderProcess(most.reading_s, most.reading_bytes) for _ in range(2))
    documents, worker = _documents(base, queue, packs, embedding, readers)
    fleet = _fleet(base)
    return Rooms(
        settings=settings,
        keys=keys,
        database=database,
        clock=base.clock,
        audit=base.audit,
        recorder=base.recorder,
        site=site,
        auth=auth,
        accounts=accounts,
        oidc=oidc,
        users=Users(People(accounts), PreferencesStore(database), base.recorder),
        documents=documents,
        worker=worker,
        queue=queue,
        editions=_editions(base, documents, packs),
        packs=packs,
        fleet=fleet,
        commands=_commands(base, fleet),
        embedding=embedding,
        readers=readers,
    )


@dataclass(frozen=True, slots=True)
class _Base:
    """What every room stands on."""

    settings: HubSettings
    keys: HubKeys
    database: Database
    clock: SystemClock
    audit: AuditService
    recorder: CallersTrail


def _audit(settings: HubSettings, database: Database, keys: HubKeys) -> AuditService:
    return AuditService(
        AuditStore(database),
        RoomKeys(RoomStore(database)),
        keys.ack,
        SystemClock(),
        boot=boot_id(),
        epoch=lambda: uuid.uuid4().hex,
        clinic=settings.clinic,
    )


def _documents(
    base: _Base,
    queue: Queue,
    packs: Blobs,
    embedding: Embedding,
    readers: tuple[ReaderProcess, ...],
) -> tuple[DocumentService, Worker]:
    data_dir = base.settings.data_dir
    arriving, indexing = readers
    limits = _limits(base.settings)
    content = Blobs(data_dir / "content")
    indexer = KnowledgeIndexer(embedding.get, limits, indexing)
    inspector = DocumentInspector(base.settings.phi)
    clock = base.clock.wall_ms
    lock = WorkLock(data_dir / "indexing.lock")
    worker = Worker(queue, lock, content, packs, indexer, inspector, base.recorder, clock)
    service = DocumentService(
        Catalogue(base.database),
        queue,
        content,
        KnowledgeReader(limits, arriving),
        base.recorder,
        clock,
        Reviews(base.database, packs, words_of, base.recorder, clock),
        most_bytes=limits.max_bytes,
    )
    return service, worker


def _limits(settings: HubSettings) -> Limits:
    most, ocr = settings.limits, settings.ocr
    return Limits(
        max_bytes=most.document_bytes,
        max_pages=most.document_pages,
        ocr=Ocr(**ocr.model_dump(exclude={"enabled"})) if ocr.enabled else None,
    )


def _editions(base: _Base, documents: DocumentService, packs: Blobs) -> EditionService:
    return EditionService(
        EditionStore(base.database),
        Archive(Blobs(base.settings.data_dir / "lists"), packs),
        Shelf(documents),
        base.keys.edition,
        Held(RoomStore(base.database)),
        base.recorder,
        base.clock.wall_ms,
        clinic=base.settings.clinic,
    )


def _fleet(base: _Base) -> FleetService:
    return FleetService(
        RoomStore(base.database),
        base.keys,
        base.recorder,
        base.clock.wall_ms,
        kit=Kits(base.settings, base.keys).of,
    )


def _commands(base: _Base, fleet: FleetService) -> CommandService:
    return CommandService(
        CommandStore(base.database),
        fleet,
        base.keys.ack,
        base.recorder,
        base.clock.wall_ms,
        clinic=base.settings.clinic,
        new_id=lambda: str(uuid.uuid4()),
    )
