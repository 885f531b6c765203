"""Where one room's port is answered by another room, in that room's own words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from hub.analytics.ports import Event
from hub.audit.schemas import Filters
from hub.audit.service import AuditService
from hub.auth import api as auth_api
from hub.auth.service import AuthService
from hub.documents.service import DocumentService
from hub.editions.schemas import ShelfPack
from hub.escalation.service import Escalation
from hub.fleet.keys import HubKeys, load_public
from hub.fleet.schemas import Kit
from hub.fleet.service import FleetService, RoomGate
from hub.fleet.store import RoomStore
from hub.http import Person
from hub.phi.service import SecondJudge
from hub.settings import HubSettings
from voiceassist.contract.knowledge import Sentence
from voiceassist.contract.signing import as_pem
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Cleared, Verdict
from voiceassist.contract.wire import EscalationRequest


class Shelf:
    """The editions room's packs are the documents room's."""

    def __init__(self, documents: DocumentService) -> None:
        self._documents = documents

    def packs(self) -> list[ShelfPack]:
        """One pack for each document that can be published now."""
        return [
            ShelfPack(ref=one.ref, embedding=one.embedding, drugs=one.drugs)
            for one in self._documents.serving()
        ]

    def withheld(self) -> frozenset[tuple[str, int]]:
        """The documents' versions that nobody let go after review."""
        return self._documents.reviews.withheld()


class Held:
    """What the rooms say they hold, for the editions room."""

    def __init__(self, store: RoomStore) -> None:
        self._store = store

    def editions(self) -> list[int]:
        """The version of each room that has said one."""
        return [one.state.edition for one in self._store.listing() if one.state]


class Kits:
    """What a newly enrolled box gets."""

    def __init__(self, settings: HubSettings, keys: HubKeys) -> None:
        self._settings = settings
        self._keys = keys

    def of(self, room: str, cert_pem: str) -> Kit:
        """The kit of `room` with its certificate."""
        trust = self._keys.edition.trust(self._settings.clinic)
        return Kit(
            clinic=self._settings.clinic,
            room=room,
            ca_pem=self._keys.ca_pem.decode(),
            cert_pem=cert_pem,
            edition_keys=trust.version,
            edition_public_pem=trust.editions,
            ack_public_pem=(as_pem(self._keys.ack.public),),
            hub_url=self._settings.url,
            mqtt_host=self._settings.mqtt.host,
            mqtt_port=self._settings.mqtt.port,
        )


class HubGuard:
    """Persons by the auth room, rooms by the fleet's."""

    def __init__(self, auth: AuthService, gate: RoomGate) -> None:
        self._auth = auth
        self._gate = gate

    async def person(self, request: HTTPConnection) -> Person:
        """Who signed in; raises `Unauthorized`."""
        token = auth_api.bearer(request)
        if person := self._auth.sessions.known(token, "access"):
            return person
        return await run_in_threadpool(self._auth.sessions.who, token, "access")

    def room(self, request: HTTPConnection) -> str:
        """The room that calls; raises `Unauthorized`."""
        return self._gate.check(auth_api.bearer(request))


class RoomKeys:
    """Who is enrolled, for the audit room; the fleet's service itself records there."""

    def __init__(self, store: RoomStore) -> None:
        self._store = store

    def key(self, room: str) -> Ed25519PublicKey | None:
        """The machine key of a room; None for one that is not enrolled."""
        pem = self._store.public_pem(room)
        return load_public(pem) if pem is not None else None


class TypedGate:
    """The rooms' gate, as chat asks it."""

    def __init__(self, judge: SecondJudge) -> None:
        self._judge = judge

    def judge(self, transcript: Transcript, *, previous: Verdict | None = None) -> Verdict:
        """Cleared or Held; never raises, never hangs."""
        return self._judge.judge_heard(transcript, previous=previous)


class CloudDoor:
    """Chat's way out is the escalation room's, where the second judge stands."""

    def __init__(self, escalation: Escalation, *, allowed: Callable[[], bool]) -> None:
        self._escalation = escalation
        self._allowed = allowed

    def open(self) -> bool:
        """Whether a cloud model is configured, and the site lets typed questions ask it."""
        return self._allowed()

    def ask(self, actor: str, turn: str, query: Cleared) -> Sequence[Sentence]:
        """Sentences that stood the check, none where it refused; raises `Unavailable`."""
        if not isinstance(query, Cleared):  # the type says so; this door checks all the same
            raise TypeError("only a cleared query goes to the cloud")
        request = EscalationRequest(turn_id=turn, query=query.text)
        return self._escalation.answer(actor, request).sentences


class Counted:
    """The audit trail as the analytics room counts it."""

    def __init__(self, audit: AuditService) -> None:
        self._audit = audit

    def routes(self) -> Mapping[str, int]:
        """How many turns took each route."""
        return self._audit.routes()

    def events(self, action: str, since_ms: int, most: int) -> tuple[Sequence[Event], int]:
        """The newest entries of an action since a time, and how many there are."""
        found, total = self._audit.search(Filters(action=action, since_ms=since_ms), 0, most)
        return [Event(one.wall_ms, one.box, one.outcome, one.detail) for one in found], total


class Seen:
    """The rooms as the analytics room shows them."""

    def __init__(self, fleet: FleetService) -> None:
        self._fleet = fleet

    def states(self) -> Mapping[str, tuple[int, str]]:
        """When each room was heard of (Unix ms, 0 never), and its status."""
        return {
            one.room: (one.seen_ms, one.state.status if one.state else "never seen")
            for one in self._fleet.listing()
        }
