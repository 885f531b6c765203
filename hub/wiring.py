"""The one place that connects the hub's rooms.

A room names what it needs in its `ports`; here is who answers. To make a room a service of
its own, an HTTP client that implements the port is wired instead.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi import APIRouter, Depends, Request

from hub.analytics import api as analytics_api
from hub.analytics.service import Analytics
from hub.audit.api import build_router as audit_router
from hub.audit.service import AuditService
from hub.audit.store import AuditStore
from hub.auth import api as auth_api
from hub.auth.service import AuthService
from hub.auth.store import AuthStore
from hub.auth.tokens import Tokens
from hub.clock import MachineClock, boot_id
from hub.desk import HubDesk, HubDoor
from hub.documents import api as documents_api
from hub.documents.catalogue import Catalogue
from hub.documents.queue import Queue, WorkLock
from hub.documents.service import DocumentService
from hub.documents.watch import FolderWatch
from hub.documents.worker import Worker
from hub.editions import api as editions_api
from hub.editions.schemas import ShelfPack
from hub.editions.service import EditionService
from hub.editions.store import EditionStore
from hub.escalation.api import build_router as escalation_router
from hub.escalation.cloud import NoCloud, OpenAICompatible
from hub.escalation.ports import Cloud
from hub.escalation.service import Escalation
from hub.fleet import api as fleet_api
from hub.fleet.keys import HubKeys, load_keys, load_public, public_pem
from hub.fleet.schemas import Kit
from hub.fleet.service import FleetService, RoomGate
from hub.fleet.store import RoomStore
from hub.http import Guard, Person, administrator, room_caller
from hub.indexing import Embedding, KnowledgeIndexer, KnowledgeReader
from hub.keeper import Herald, Keeper
from hub.metrics import Metrics
from hub.mqtt import BrokerAddress, HubMqtt
from hub.phi.ports import Judge
from hub.phi.service import SecondJudge
from hub.published import PublishedLibrary
from hub.settings import CloudSettings, HubSettings
from hub.storage.blobs import Blobs
from hub.storage.engine import Database
from hub.storage.migrate import migrate
from hub.trail import TrailDesk
from voiceassist.contract.signing import KeyRing
from voiceassist.errors import VoiceAssistError
from voiceassist.knowledge.documents import Limits

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rooms:
    """The rooms' services, over one database; what the command line works with too."""

    settings: HubSettings
    keys: HubKeys
    database: Database
    clock: MachineClock
    audit: AuditService
    auth: AuthService
    documents: DocumentService
    worker: Worker
    queue: Queue
    editions: EditionService
    packs: Blobs
    fleet: FleetService
    embedding: Embedding


def open_rooms(settings: HubSettings, embedding: Embedding | None = None) -> Rooms:
    """Open the hub's data; raises `WrongUse` where `hub init` did not run."""
    keys = load_keys(settings.data_dir / "keys")
    database = Database(settings.database)
    migrate(database)
    clock = MachineClock()
    audit = _audit(database, keys, clock)
    embedding = embedding or Embedding(settings.profile, settings.models_dir)
    content, packs = Blobs(settings.data_dir / "content"), Blobs(settings.data_dir / "packs")
    limits = Limits(
        max_bytes=settings.limits.document_bytes, max_pages=settings.limits.document_pages
    )
    queue = Queue(database)
    worker = Worker(
        queue,
        WorkLock(settings.data_dir / "indexing.lock"),
        content,
        packs,
        KnowledgeIndexer(embedding.get, limits),
        clock.wall_ms,
    )
    documents = DocumentService(
        Catalogue(database),
        queue,
        content,
        KnowledgeReader(limits),
        audit,
        clock.wall_ms,
        most_bytes=limits.max_bytes,
    )
    editions = EditionService(
        EditionStore(database),
        _Shelf(documents),
        audit,
        keys.edition,
        clock.wall_ms,
        clinic=settings.clinic,
    )
    tokens = Tokens(keys.session_secret)
    auth = AuthService(AuthStore(database), tokens, audit, settings.session, clock.wall_ms)
    fleet = FleetService(
        RoomStore(database), keys, audit, clock.wall_ms, kit=_Kits(settings, keys).of
    )
    return Rooms(
        settings=settings,
        keys=keys,
        database=database,
        clock=clock,
        audit=audit,
        auth=auth,
        documents=documents,
        worker=worker,
        queue=queue,
        editions=editions,
        packs=packs,
        fleet=fleet,
        embedding=embedding,
    )


class Container:
    """The running hub: the rooms, their HTTP faces, and what runs beside them."""

    def __init__(self, rooms: Rooms) -> None:
        self.rooms = rooms
        self.settings = rooms.settings
        self.clock = rooms.clock.wall_ms
        analytics = Analytics(rooms.audit)
        self.desk = HubDesk(
            rooms.settings.clinic,
            rooms.documents,
            rooms.editions,
            rooms.fleet,
            analytics,
            TrailDesk(rooms.audit, rooms.clock.wall_ms, rooms.auth.names),
        )
        self.doorkeeper = HubDoor(rooms.auth)
        self.guard: Guard = _Guard(rooms.auth, RoomGate(rooms.fleet.key, rooms.clock.wall_ms))
        self.mqtt = _mqtt(rooms)
        self.library = PublishedLibrary(
            rooms.settings.data_dir / "library",
            rooms.editions,
            rooms.packs,
            KeyRing([rooms.keys.edition.public]),
            rooms.clock.wall_ms,
            clinic=rooms.settings.clinic,
            embedder=rooms.embedding.get,
        )
        self._judge = SecondJudge(_second_judge)
        self._cloud_client = httpx.Client(timeout=rooms.settings.cloud.timeout_s)
        cloud = _cloud(rooms.settings.cloud, self._cloud_client)
        escalation = Escalation(self._judge, cloud, self.library, rooms.audit)
        self.services: Mapping[type, object] = {
            AuthService: rooms.auth,
            DocumentService: rooms.documents,
            EditionService: rooms.editions,
            Blobs: rooms.packs,
            FleetService: rooms.fleet,
            Analytics: analytics,
        }
        self.routers: tuple[APIRouter, ...] = (
            auth_api.router,
            documents_api.router,
            editions_api.router,
            fleet_api.router,
            analytics_api.router,
            audit_router(rooms.audit, administrator=administrator),
            _for_rooms(escalation_router(escalation, room=room_caller)),
        )
        self.keeper = Keeper(self._chores())
        self.metrics = _metrics(self)

    def start(self) -> None:
        """Start what runs beside the server. A dead broker or a missing model is no obstacle."""
        self.rooms.worker.start()
        self.keeper.start()
        self.mqtt.start()
        if self.settings.cloud.url:
            threading.Thread(target=self._warm_up, name="warm-up", daemon=True).start()

    def stop(self) -> None:
        """Stop all of it, each after the piece of work at hand."""
        self.mqtt.stop()
        self.keeper.stop()
        self.rooms.worker.stop()
        self._cloud_client.close()
        self.rooms.database.close()

    def readiness(self) -> dict[str, str]:
        """The state of each part; raises `Unavailable` where the database is away."""
        self.rooms.database.check()
        parts = {
            "database": "ok",
            "broker": "ok" if self.mqtt.connected else "away: rooms keep what they owe",
            "indexing": "ok" if self.rooms.worker.alive else "stopped: start the hub again",
        }
        return parts | self.keeper.problems

    def _chores(self) -> dict[str, Callable[[], None]]:
        herald = Herald(self.rooms.editions.newest, self.mqtt.publish_edition)
        chores: dict[str, Callable[[], None]] = {
            "announcing": herald.look,
            "own library": self._follow,
        }
        if self.settings.watch_dir is not None:
            chores["watched folder"] = FolderWatch(
                self.settings.watch_dir, self.rooms.documents
            ).look
        return chores

    def _follow(self) -> None:
        if self.settings.cloud.url:  # only escalation searches it
            self.library.follow()

    def _warm_up(self) -> None:
        try:
            self._judge.warm_up()
        except VoiceAssistError as error:
            log.warning("escalation waits: %s", error)


class _Shelf:
    """The editions room's packs are the documents room's."""

    def __init__(self, documents: DocumentService) -> None:
        self._documents = documents

    def packs(self) -> list[ShelfPack]:
        return [
            ShelfPack(ref=one.ref, embedding=one.embedding, drugs=one.drugs)
            for one in self._documents.serving()
        ]


class _Kits:
    """What a newly enrolled box gets."""

    def __init__(self, settings: HubSettings, keys: HubKeys) -> None:
        self._settings = settings
        self._keys = keys

    def of(self, room: str, cert_pem: str) -> Kit:
        return Kit(
            clinic=self._settings.clinic,
            room=room,
            ca_pem=self._keys.ca_pem.decode(),
            cert_pem=cert_pem,
            edition_public_pem=(public_pem(self._keys.edition.public),),
            ack_public_pem=(public_pem(self._keys.ack.public),),
            hub_url=self._settings.url,
            mqtt_host=self._settings.mqtt.host,
            mqtt_port=self._settings.mqtt.port,
        )


class _Guard:
    """Administrators by the auth room, rooms by the fleet's."""

    def __init__(self, auth: AuthService, gate: RoomGate) -> None:
        self._auth = auth
        self._gate = gate

    def administrator(self, request: Request) -> Person:
        return self._auth.who(auth_api.bearer(request), "access")

    def room(self, request: Request) -> str:
        return self._gate.check(auth_api.bearer(request))


def _audit(database: Database, keys: HubKeys, clock: MachineClock) -> AuditService:
    return AuditService(
        AuditStore(database),
        _RoomKeys(RoomStore(database)),
        keys.ack,
        clock,
        boot=boot_id(),
        epoch=lambda: uuid.uuid4().hex,
    )


class _RoomKeys:
    """Who is enrolled, for the audit room; the fleet's service itself records there."""

    def __init__(self, store: RoomStore) -> None:
        self._store = store

    def key(self, room: str) -> Ed25519PublicKey | None:
        pem = self._store.public_pem(room)
        return load_public(pem) if pem is not None else None


def _mqtt(rooms: Rooms) -> HubMqtt:
    broker = BrokerAddress(
        host=rooms.settings.mqtt.host,
        port=rooms.settings.mqtt.port,
        ca=rooms.keys.file("ca.crt"),
        cert=rooms.keys.file("hub-client.crt"),
        key=rooms.keys.file("hub-client.key"),
    )
    return HubMqtt(
        broker,
        rooms.settings.clinic,
        on_journal=rooms.audit.ingest,
        on_state=rooms.fleet.on_state,
    )


def _for_rooms(router: APIRouter) -> APIRouter:
    """`router` behind the rooms' token, whatever its own functions ask for (law 1)."""
    guarded = APIRouter(dependencies=[Depends(room_caller)])
    guarded.include_router(router)
    return guarded


def _second_judge() -> Judge:
    from voiceassist.phi.build import build_second_judge  # noqa: PLC0415 - loads spaCy
    from voiceassist.phi.policy import PhiPolicy  # noqa: PLC0415 - goes with it

    return build_second_judge(PhiPolicy())


def _cloud(settings: CloudSettings, client: httpx.Client) -> Cloud:
    if not settings.url:
        return NoCloud()
    return OpenAICompatible(client, url=settings.url, key=settings.secret(), model=settings.model)


def _metrics(container: Container) -> Metrics:
    metrics, rooms = Metrics(), container.rooms

    def online() -> float:
        states = [one.state for one in rooms.fleet.listing()]
        return float(sum(state is not None and state.status != "offline" for state in states))

    gauges: dict[str, tuple[str, Callable[[], float]]] = {
        "edition": ("The newest edition's version.", rooms.editions.newest),
        "documents": ("Documents in the library.", rooms.documents.count),
        "jobs_waiting": ("Indexing jobs not finished.", rooms.queue.waiting),
        "rooms": ("Rooms enrolled.", lambda: float(len(rooms.fleet.listing()))),
        "rooms_online": ("Rooms that are not offline.", online),
        "broker_connected": ("1 where the broker is there.", lambda: container.mqtt.connected),
    }
    for name, (about, read) in gauges.items():
        metrics.gauge(name, about, read)
    return metrics
