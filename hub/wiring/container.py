"""The running hub: the rooms, their HTTP faces, and what runs beside them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from functools import partial

import httpx
from fastapi import APIRouter

from hub.admin import api as admin_api
from hub.admin.service import Site
from hub.analytics import api as analytics_api
from hub.analytics.service import Analytics
from hub.audit import api as audit_api
from hub.audit.service import AuditService
from hub.auth import api as auth_api
from hub.auth.service import AuthService
from hub.caretaker import Caretaker
from hub.chat import api as chat_api
from hub.chat.service import Chat
from hub.desk import HubDoor
from hub.documents import api as documents_api
from hub.documents.service import DocumentService
from hub.documents.watch import FolderWatch
from hub.editions import api as editions_api
from hub.editions.service import EditionService
from hub.escalation import api as escalation_api
from hub.escalation.service import Escalation
from hub.fleet import api as fleet_api
from hub.fleet.commands import CommandService, Courier
from hub.fleet.service import FleetService, RoomGate
from hub.http import Guard
from hub.keeper import Herald, Keeper
from hub.metrics import Metrics
from hub.phi import api as phi_api
from hub.phi.inquiry import Inquiry
from hub.phi.service import SecondJudge
from hub.search import api as search_api
from hub.search.service import Search
from hub.storage.blobs import Blobs
from hub.users import api as users_api
from hub.users.service import Users
from hub.voice import api as voice_api
from hub.voice.service import VoiceService
from hub.voice.speech import EngineSpeech
from hub.wiring import parts
from hub.wiring.adapters import Counted, HubGuard, Seen
from hub.wiring.rooms import Rooms
from voiceassist.errors import Unavailable
from voiceassist.knowledge.expecting import expectations
from voiceassist.phi.lists import load_lists
from voiceassist.phi.policy import record_override

log = logging.getLogger(__name__)

_RETRY_S = 60.0


class Container:
    """The running hub: the rooms, their HTTP faces, and what runs beside them."""

    def __init__(self, rooms: Rooms) -> None:
        self.rooms = rooms
        self.settings = rooms.settings
        self.clock = rooms.clock.wall_ms
        load_lists(rooms.settings.phi.lists)  # refused now, not at the first escalation
        record_override(rooms.settings.phi, rooms.audit.record)
        self.analytics = Analytics(Counted(rooms.audit), Seen(rooms.fleet), self.clock)
        self.desk = parts.desk(rooms, self.analytics)
        self.doorkeeper = HubDoor(rooms.auth, rooms.oidc)
        self.guard: Guard = HubGuard(rooms.auth, RoomGate(rooms.fleet.key, self.clock))
        self._courier = Courier(rooms.commands, self._send_command, self.clock)
        self.mqtt = parts.mqtt(rooms, self._courier.again)
        self.library = parts.library(rooms)
        self.metrics = Metrics()
        self._judge = SecondJudge(lambda: parts.second_judge(rooms.settings))
        self._cloud_client = httpx.Client(timeout=rooms.settings.cloud.timeout_s)
        cloud = parts.cloud(rooms.settings.cloud, self._cloud_client)
        self._escalation = Escalation(
            self._judge, cloud, self.library, rooms.recorder, self.metrics.refused
        )
        self._first_judge = SecondJudge(lambda: parts.first_judge(rooms.settings))
        self.chat = parts.chat(rooms, self._first_judge, self.library, self._escalation)
        self._speech = EngineSpeech(
            partial(parts.engines, rooms.settings), lambda: expectations(self.library.drug_names())
        )
        self.voice = parts.voice(rooms, self.chat, self._speech)
        self._caretaker = Caretaker(
            rooms.audit, rooms.fleet.listing, rooms.settings.audit, self.clock
        )
        self.keeper = Keeper(self._chores())
        self._stopping = threading.Event()
        _gauges(self)

    @property
    def services(self) -> Mapping[type, object]:
        """What the rooms' HTTP faces ask for by type."""
        return {
            AuthService: self.rooms.auth,
            Users: self.rooms.users,
            Site: self.rooms.site,
            DocumentService: self.rooms.documents,
            EditionService: self.rooms.editions,
            Blobs: self.rooms.packs,
            FleetService: self.rooms.fleet,
            CommandService: self.rooms.commands,
            Analytics: self.analytics,
            AuditService: self.rooms.audit,
            Escalation: self._escalation,
            Chat: self.chat,
            VoiceService: self.voice,
            Search: Search(self.library),
            Inquiry: Inquiry(self._first_judge, self._judge, self.rooms.recorder),
        }

    @property
    def routers(self) -> tuple[APIRouter, ...]:
        """The rooms' HTTP faces."""
        return (
            auth_api.router,
            users_api.router,
            admin_api.router,
            documents_api.router,
            editions_api.router,
            fleet_api.router,
            analytics_api.router,
            audit_api.router,
            escalation_api.router,
            chat_api.router,
            search_api.router,
            phi_api.router,
            voice_api.router,
        )

    def start(self) -> None:
        """Start what runs beside the server. A dead broker or a missing model is no obstacle."""
        self.rooms.worker.start()
        self.keeper.start()
        self.mqtt.start()
        if self.settings.cloud.url:
            threading.Thread(target=self._warm_up, name="warm-up", daemon=True).start()

    def stop(self) -> None:
        """Stop all of it, each after the piece of work at hand."""
        self._stopping.set()
        self.mqtt.stop()
        self.keeper.stop()
        self.rooms.worker.stop()
        self._cloud_client.close()
        self.voice.close()
        self._speech.close()
        self.rooms.close()

    def readiness(self) -> dict[str, str]:
        """The state of each part.

        Raises `Unavailable` where the database is away, or the second judge of what would go
        to the cloud.
        """
        self.rooms.database.check()
        if self.settings.cloud.url and self._judge.problem:
            raise Unavailable(self._judge.problem)
        states = {
            "database": "ok",
            "broker": "ok" if self.mqtt.connected else "away: rooms keep what they owe",
            "second judge": "ok" if self.settings.cloud.url else "unused: no cloud.url",
            "indexing": "ok" if self.rooms.worker.alive else "stopped: start the hub again",
        }
        if problem := self.rooms.editions.problem():
            states["library"] = problem
        return states | self.keeper.problems

    def _chores(self) -> dict[str, Callable[[], None]]:
        herald = Herald(self.rooms.editions.newest, self.mqtt.publish_edition)
        chores: dict[str, Callable[[], None]] = {
            "commands": self._courier.look,  # somebody waits for these
            "announcing": herald.look,
            "signing": self._sign_anew,
            "own library": self._follow,
            "old conversations": self.chat.expire,
            "silent rooms": self._caretaker.listen,
            "old entries": self._caretaker.prune,
        }
        if self.settings.watch_dir is not None:
            chores["watched folder"] = FolderWatch(
                self.settings.watch_dir, self.rooms.documents
            ).look
        return chores

    def _send_command(self, room: str, envelope: str, keep_s: int) -> bool:
        return self.mqtt.publish_command(room, envelope, keep_s)

    def _sign_anew(self) -> None:
        self.rooms.editions.sign_anew("hub")  # where a rotation of keys was cut short

    def _follow(self) -> None:
        self.library.follow()

    def _warm_up(self) -> None:
        while not self._stopping.is_set():
            try:
                self._judge.warm_up()
            except Unavailable as error:
                log.error("escalation waits: %s", error)  # noqa: TRY400 - one line
                self._stopping.wait(_RETRY_S)
            else:
                return


def _gauges(container: Container) -> None:
    rooms = container.rooms

    def online() -> float:
        states = [one.state for one in rooms.fleet.listing()]
        return float(sum(state is not None and state.status != "offline" for state in states))

    gauges: dict[str, tuple[str, Callable[[], float]]] = {
        "edition": ("The newest edition's version.", rooms.editions.newest),
        "documents": ("Documents in the library.", rooms.documents.count),
        "jobs_waiting": ("Indexing jobs not finished.", rooms.queue.waiting),
        "rooms": ("Rooms enrolled.", lambda: float(len(rooms.fleet.listing()))),
        "rooms_online": ("Rooms that are not offline.", online),
        "alarms": ("Alarms in the audit trail.", lambda: float(rooms.audit.alarms())),
        "broker_connected": ("1 where the broker is there.", lambda: container.mqtt.connected),
    }
    for name, (about, read) in gauges.items():
        container.metrics.gauge(name, about, read)
