"""The one place that chooses the room's adapters. Two phases: load everything, then warm it up."""

from __future__ import annotations

import dataclasses
import hashlib
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

import httpx
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance.adapters.ahead import Ahead
from appliance.adapters.deadlines import Deadlines, bounded
from appliance.adapters.doubts import Doubts, load_soundalikes
from appliance.adapters.frames import Source, Stream
from appliance.adapters.hearing import Ear, Segmenter, Wake
from appliance.adapters.hub_link import HttpHubLink
from appliance.adapters.judging import JudgeStage
from appliance.adapters.mind import Mind, NoHub
from appliance.adapters.offering import NoOffers, Offers
from appliance.adapters.recorder import Recorder
from appliance.adapters.shelf import Shelf
from appliance.adapters.speaking import Voice
from appliance.enrol import Identity, load_identity
from appliance.hub_client import hub_client
from appliance.journal.journal import Journal
from appliance.rules import phrases
from appliance.rules.degrade import Level
from appliance.rules.route import choose_route
from appliance.rules.segment import Segmentation
from appliance.settings import ApplianceSettings
from appliance.stages import OfferStage, SpeakerStage, Stages
from voiceassist.contract.signing import Signer
from voiceassist.contract.speech import Transcript
from voiceassist.contract.trust import Trust
from voiceassist.contract.verdict import Verdict
from voiceassist.engines.manifest import load_manifest
from voiceassist.engines.ports import (
    SAMPLE_RATE,
    Embedder,
    Generator,
    Reranker,
    Samples,
    WordClassifier,
)
from voiceassist.engines.profile import load_profile
from voiceassist.engines.registry import Engines
from voiceassist.engines.store import ModelStore, default_store
from voiceassist.errors import StoreFull, WrongUse
from voiceassist.knowledge.answers.cache import AnswerCache
from voiceassist.knowledge.editions.folder import open_folder
from voiceassist.knowledge.editions.store import EditionStore
from voiceassist.knowledge.search.library import Library
from voiceassist.phi.gate import Gate
from voiceassist.phi.policy import PhiPolicy, check_policy, record_override
from voiceassist.timekeeping import SystemClock, boot_id

Say = Callable[[str], None]
clock = time.perf_counter


@dataclass(frozen=True, slots=True)
class Room:
    """A room that is ready: its stages, and what stands beside them."""

    settings: ApplianceSettings
    engines: Engines
    identity: Identity | None
    embedder: Embedder
    box: Stages
    segmenter: Segmenter
    ahead: Ahead
    ear: Ear
    voice: Voice
    mind: Mind
    shelf: Shelf
    judge: JudgeStage
    classifier: WordClassifier
    editions: EditionStore
    journal: Journal
    hub: httpx.Client | None
    generator: Generator | None

    def stream(self, source: Source) -> Stream:
        """The frames of a source."""
        return Stream(source, self.engines.vad())

    def models(self) -> dict[str, str]:
        """Which model serves each part."""
        profile = self.engines.profile
        named = {
            "wake": profile.wake.phrase, "vad": profile.vad.model, "stt": profile.stt.model,
            "tts": profile.tts.model, "embed": profile.embed.model, "phi": profile.classifier.model,
        }  # fmt: skip
        return named | ({"llm": profile.generate.model} if profile.generate else {})

    def use(self, library: Library) -> None:
        """Answer from `library` from now on; its drug names tell ear and gate what to expect."""
        self.shelf.put(library)
        self.ear.expect(library.drug_names)
        policy = self.settings.phi
        names = tuple(dict.fromkeys((*policy.drug_names, *library.drug_names)))
        self.judge.replace(_gate(policy.model_copy(update={"drug_names": names}), self.classifier))

    def ease(self, level: Level) -> None:
        """Do without what the box can't bear."""
        self.mind.composes = level is Level.FULL
        self.ahead.on = level is not Level.STRAINED

    def close(self) -> None:
        """Free the models, end the voice's process, close the files."""
        self.ear.close()
        self.voice.close()
        self.shelf.close()
        self.mind.close()
        if self.generator is not None:
            self.generator.close()
        if self.hub is not None:
            self.hub.close()
        self.journal.close()


def build_room(
    settings: ApplianceSettings, speaker: SpeakerStage, say: Say, edition: Path | None = None
) -> Room:
    """Load and warm up everything; `say` tells what goes on.

    `edition` is a folder of `voiceassist knowledge build` to answer from. Raises
    `VoiceAssistError` for what is missing, altered or in the way, and for a PHI policy that
    protects less than the shipped one without an override, or without an entry of it.
    """
    check_policy(settings.phi)
    with ExitStack() as undo:
        room, library = _load(settings, speaker, say, edition, undo)
        say("warming up")
        _warm_up(room)
        if library is not None:
            room.use(library)
        undo.pop_all()
    return room


def _load(
    settings: ApplianceSettings, speaker: SpeakerStage, say: Say, edition: Path | None,
    undo: ExitStack,
) -> tuple[Room, Library | None]:  # fmt: skip
    _make_folder(settings.data_dir)
    identity = _identity(settings)
    engines = Engines(load_profile(settings.profile), _model_store(settings))
    journal = _journal(settings, identity)
    undo.callback(journal.close)
    record_override(settings.phi, journal.append)
    say("loading the library")
    embedder = engines.embedder()
    reranker = engines.reranker()
    editions = _editions(settings, identity, embedder, reranker)
    library = _library(edition, editions, embedder, reranker)
    say("loading the ear")
    ear = Ear(engines.stt(), load_soundalikes())
    say("loading the gate")
    classifier = engines.phi_classifier()
    judge = JudgeStage(_gate(settings.phi, classifier))
    generator = _generator(engines, say)
    say("loading the voice")
    voice = Voice(engines.tts())
    undo.callback(voice.close)
    shelf, hub = Shelf(), _hub(identity)
    cache = AnswerCache(settings.data_dir / "answers.sqlite", embedder)
    link = HttpHubLink(hub) if hub else NoHub()
    mind = Mind(shelf, link, generator, cache, _policy(settings))
    undo.callback(mind.close)
    ahead = Ahead(ear, judge, shelf, partial(_query, settings))
    segmenter = Segmenter(Segmentation(**settings.listen.model_dump()), ahead)
    box = Stages(
        wake=Wake(engines.wake()),
        segmenter=segmenter,
        ear=ahead,
        gate=ahead,
        doubts=Doubts(clock),
        offers=_offers(settings, judge),
        library=ahead,
        mind=mind,
        journal=Recorder(journal),
        voice=voice,
        speaker=speaker,
        policy=settings.policy.escalate,
        clock=clock,
    )
    box = bounded(box, Deadlines(), ear.give_up)
    return Room(
        settings, engines, identity, embedder, box, segmenter, ahead, ear, voice, mind, shelf,
        judge, classifier, editions, journal, hub, generator,
    ), library  # fmt: skip


def _query(settings: ApplianceSettings, verdict: Verdict) -> str:
    """What would be searched for, were this all that was said."""
    return choose_route(verdict, up=True, policy=settings.policy.escalate).query


def _policy(settings: ApplianceSettings) -> str:
    """Names what this room may do: another policy gets no answer that was made under this one."""
    said = settings.policy.model_dump_json() + settings.phi.model_dump_json()
    return hashlib.sha256(said.encode()).hexdigest()


def _offers(settings: ApplianceSettings, judge: JudgeStage) -> OfferStage:
    policy = settings.policy
    if policy.generalise and policy.escalate == "cleared":
        return Offers(judge, clock, date.today)
    if policy.escalate == "ask":
        return Offers(None, clock, date.today)
    return NoOffers()


def with_speaker(room: Room, speaker: SpeakerStage) -> Stages:
    """The room's stages with another speaker."""
    return replace(room.box, speaker=speaker)


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise WrongUse(f"data_dir {path} can't be made ({error.strerror}); name another") from error


def _identity(settings: ApplianceSettings) -> Identity | None:
    if settings.identity_dir is None:
        return None
    identity = load_identity(settings.identity_dir)
    if settings.clinic not in {None, identity.clinic}:
        raise WrongUse(
            f"settings name clinic {settings.clinic!r}, the box is enrolled in "
            f"{identity.clinic!r}; correct the settings or enrol it again"
        )
    return dataclasses.replace(
        identity,
        hub_url=settings.hub.url or identity.hub_url,
        mqtt_host=settings.mqtt.host or identity.mqtt_host,
        mqtt_port=settings.mqtt.port or identity.mqtt_port,
    )


def _model_store(settings: ApplianceSettings) -> ModelStore:
    if settings.models_dir is None:
        return default_store()
    return ModelStore(settings.models_dir, load_manifest())


def _journal(settings: ApplianceSettings, identity: Identity | None) -> Journal:
    # without an enrolment nobody takes the entries, so nobody needs to know the key
    signer = identity.signer if identity else Signer(Ed25519PrivateKey.generate())
    box = identity.room if identity else settings.room
    try:
        return Journal(
            settings.data_dir / "journal.sqlite", box, signer, SystemClock(), boot_id(),
            epoch=lambda: uuid.uuid4().hex,
        )  # fmt: skip
    except StoreFull as error:
        raise StoreFull(f"{error}; nothing can be recorded, so nothing is answered") from error


def _library(
    edition: Path | None, editions: EditionStore, embedder: Embedder, reranker: Reranker | None
) -> Library | None:
    if edition is not None:
        return open_folder(edition, embedder, now_s=int(time.time()), reranker=reranker)
    return editions.current()


def _editions(
    settings: ApplianceSettings,
    identity: Identity | None,
    embedder: Embedder,
    reranker: Reranker | None = None,
) -> EditionStore:
    nobody = Trust(clinic=settings.clinic or "", version=1, editions=())
    trust = identity.editions if identity else nobody
    return EditionStore(settings.data_dir / "library", embedder, trust, reranker=reranker)


def open_editions(settings: ApplianceSettings) -> EditionStore:
    """The room's editions and no more of the room; raises `VoiceAssistError`."""
    engines = Engines(load_profile(settings.profile), _model_store(settings))
    _make_folder(settings.data_dir)
    return _editions(settings, _identity(settings), engines.embedder())


def _hub(identity: Identity | None) -> httpx.Client | None:
    if identity is None:
        return None
    return hub_client(
        identity.hub_url, ca=identity.ca, private=identity.private, room=identity.room
    )


def _generator(engines: Engines, say: Say) -> Generator | None:
    if engines.profile.generate is None:
        return None
    say("loading the language model")
    return engines.generator()


def _warm_up(room: Room) -> None:
    """Run each model once, since its first pass is its slowest, and time the language model."""
    hum: Samples = (np.sin(np.arange(SAMPLE_RATE) / 20) * 500).astype(np.int16)
    room.ear.warm_up(hum)
    room.voice.prepare(phrases.FIXED)
    room.embedder.embed(["warm up"])
    room.judge.warm_up(Transcript("what is the usual dose of ibuprofen", confidence=1.0))
    if room.generator is not None:
        room.mind.expect(room.generator.measure())


def _gate(policy: PhiPolicy, classifier: WordClassifier) -> Gate:
    from voiceassist.phi.build import build_gate  # noqa: PLC0415 - Presidio: not for `enrol`

    return build_gate(policy, classifier)
