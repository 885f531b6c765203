"""The parts of the running hub, each made from the rooms and the settings."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from hub.analytics.service import Analytics
from hub.chat.service import Chat
from hub.chat.store import ChatStore
from hub.dashboard.session import COOKIE
from hub.desk import HubDesk
from hub.escalation.cloud import NoCloud, OpenAICompatible
from hub.escalation.ports import Cloud
from hub.escalation.service import Escalation
from hub.indexing import engines_of
from hub.mqtt import BrokerAddress, HubMqtt
from hub.phi.ports import Judge
from hub.phi.service import SecondJudge
from hub.published import OwnSource, PublishedLibrary
from hub.settings import CloudSettings, HubSettings
from hub.trail import TrailDesk
from hub.voice.schemas import Limits as VoiceLimits
from hub.voice.service import VoiceService
from hub.voice.speech import EngineSpeech
from hub.wiring.adapters import CloudDoor, TypedGate
from hub.wiring.rooms import Rooms
from hub.wiring.talking import Chatting, Opening, SignedIn
from voiceassist.engines.registry import Engines


def desk(rooms: Rooms, analytics: Analytics) -> HubDesk:
    """What the administrator's pages show."""
    trail = TrailDesk(rooms.audit, rooms.clock.wall_ms, rooms.auth.names)
    return HubDesk(
        rooms.settings.clinic, rooms.documents, rooms.editions, rooms.fleet, analytics, trail
    )


def library(rooms: Rooms) -> PublishedLibrary:
    """The hub's own copy of what it published."""
    return PublishedLibrary(
        rooms.settings.data_dir / "library",
        OwnSource(rooms.editions, rooms.packs),
        lambda: rooms.keys.edition.trust(rooms.settings.clinic),
        rooms.clock.wall_ms,
        embedder=rooms.embedding.get,
    )


def mqtt(rooms: Rooms, on_connected: Callable[[], None]) -> HubMqtt:
    """The hub at the broker."""
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
        on_reply=rooms.commands.take_reply,
        on_connected=on_connected,
    )


def second_judge(settings: HubSettings) -> Judge:
    """Judges what a room or a person would send outside; loads models."""
    from voiceassist.phi.build import build_second_judge  # noqa: PLC0415 - loads spaCy

    tagger = engines(settings).phi_tagger()
    return build_second_judge(settings.phi, tagger)


def first_judge(settings: HubSettings) -> Judge:
    """The gate as a room has it; loads models."""
    from voiceassist.phi.build import build_gate  # noqa: PLC0415 - loads Presidio

    classifier = engines(settings).phi_classifier()
    return build_gate(settings.phi, classifier)


def cloud(settings: CloudSettings, client: httpx.Client) -> Cloud:
    """The provider, or none."""
    if not settings.url:
        return NoCloud()
    return OpenAICompatible(client, url=settings.url, key=settings.secret(), model=settings.model)


def chat(
    rooms: Rooms, judge: SecondJudge, library: PublishedLibrary, escalation: Escalation
) -> Chat:
    """Typed questions: the rooms' gate first, the escalation room's door last."""

    def allowed() -> bool:
        return bool(rooms.settings.cloud.url) and rooms.site.now().chat_cloud

    return Chat(
        ChatStore(rooms.database),
        TypedGate(judge),
        library,
        CloudDoor(escalation, allowed=allowed),
        rooms.recorder,
        rooms.clock.wall_ms,
        keep_days=lambda: rooms.site.now().chat_keep_days,
    )


def voice(rooms: Rooms, chat: Chat, speech: EngineSpeech) -> VoiceService:
    """Browsers' microphones: what is heard is asked as though it were typed."""
    return VoiceService(
        Chatting(chat),
        SignedIn(rooms.auth.sessions),
        speech.ports,
        cookie=COOKIE,
        now_s=lambda: rooms.clock.wall_ms() / 1000,
        limits=VoiceLimits(connections=rooms.settings.limits.voices),
        admit=Opening(lambda: rooms.site.now().voice, rooms.recorder),
    )


def engines(settings: HubSettings) -> Engines:
    """The engines of the hub's profile."""
    return engines_of(settings.profile, settings.models_dir)
