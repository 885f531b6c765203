"""The Wyoming server with the models that a room has, as Home Assistant would use it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.event import Event, Eventable
from wyoming.tts import Synthesize
from wyoming.wake import Detect, Detection

from appliance.adapters.hearing import Ear
from appliance.adapters.judging import JudgeStage
from appliance.adapters.recorder import Recorder
from appliance.adapters.recording import read_recording
from appliance.adapters.speaking import Voice
from appliance.bench.measure import words
from appliance.journal.journal import Journal
from appliance.settings import WyomingSettings
from appliance.wyoming.desk import Desk, Lent
from appliance.wyoming.info import describe, wake_name
from appliance.wyoming.server import WyomingServer
from appliance.wyoming.session import Offer
from voiceassist.contract.signing import Signer
from voiceassist.engines.ports import SAMPLE_RATE, Samples
from voiceassist.engines.profile import load_profile
from voiceassist.engines.registry import Engines
from voiceassist.engines.store import default_store
from voiceassist.phi.build import build_gate
from voiceassist.phi.policy import PhiPolicy
from voiceassist.timekeeping import SystemClock, boot_id

TURNS = Path(__file__).parents[2] / "demo" / "turns"
SAID = "What is the usual dose of ibuprofen for an adult?"

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(300)]


class Served:
    def __init__(self, port: int, journal: Path) -> None:
        self.port = port
        self.journal = journal

    async def ask(self, *events: Eventable, until: str) -> list[Event]:
        answers: list[Event] = []
        async with AsyncTcpClient("127.0.0.1", self.port, read_timeout=30) as client:
            for event in events:
                await client.write_event(event.event())
            while (event := await client.read_event()) is not None:
                answers.append(event)
                if event.type == until:
                    break
        return answers


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    profile = load_profile("generic-x86")
    engines = Engines(profile, default_store())
    path = tmp_path_factory.mktemp("room") / "journal.sqlite"
    signer = Signer(Ed25519PrivateKey.generate())
    journal = Journal(path, "room", signer, SystemClock(), boot_id())
    ear, voice = Ear(engines.stt()), Voice(engines.tts())
    gate = JudgeStage(build_gate(PhiPolicy(), engines.phi_classifier()))
    lent = Lent(ear, gate, voice, Recorder(journal), lambda: False)
    info = describe(profile, engines.store.manifest, speaks=True)
    offer = Offer(Desk(lent), info, wake_name(profile), engines.wake, engines.vad, speaks=True)
    server = WyomingServer(WyomingSettings(on=True, port=0, speaks=True), offer)
    server.start()
    yield Served(server.port, path)
    server.stop()
    ear.close()
    voice.close()
    journal.close()


def audio(samples: Samples, rate: int = SAMPLE_RATE) -> Sequence[Eventable]:
    parts = [samples[at : at + 1024] for at in range(0, len(samples), 1024)]
    return [
        AudioStart(rate, 2, 1),
        *(AudioChunk(rate, 2, 1, part.astype("<i2").tobytes()) for part in parts),
        AudioStop(),
    ]


async def test_a_recording_is_transcribed_and_its_wake_word_detected(room: Served) -> None:
    """A recorded turn's wake word is found where it ends, and its question comes back as words."""
    samples = read_recording(TURNS / "00-library.flac")
    answers = await room.ask(Detect(["hey_jarvis"]), *audio(samples), until="detection")
    place = Detection.from_event(answers[-1]).timestamp
    assert place is not None
    assert abs(place - 1637) < 300
    answers = await room.ask(Transcribe(language="en"), *audio(samples), until="transcript")
    assert words(Transcript.from_event(answers[-1]).text) == words(
        "what are the red flags in back pain"
    )


async def test_a_recording_that_names_a_patient_gives_no_words(room: Served) -> None:
    """What a patient's own recording says is held: an error, and an empty transcript."""
    samples = read_recording(TURNS / "04-phi.flac")
    answers = await room.ask(Transcribe(), *audio(samples), until="transcript")
    assert Error.from_event(answers[-2]).code == "held"
    assert Transcript.from_event(answers[-1]).text == ""


async def test_what_is_spoken_is_recognised_again(room: Served) -> None:
    """Text spoken for a client and sent back to be recognised is that text."""
    answers = await room.ask(Synthesize(SAID), until="audio-stop")
    chunks = [AudioChunk.from_event(one) for one in answers if one.type == "audio-chunk"]
    speech = np.frombuffer(b"".join(one.audio for one in chunks), "<i2")
    answers = await room.ask(Transcribe(), *audio(speech, chunks[0].rate), until="transcript")
    assert words(Transcript.from_event(answers[-1]).text) == words(SAID)


async def test_two_clients_at_once_are_both_served(room: Served) -> None:
    """Two satellites that ask at the same time both get their own words."""
    samples = read_recording(TURNS / "00-library.flac")
    request = [Transcribe(), *audio(samples)]
    both = await asyncio.gather(*(room.ask(*request, until="transcript") for _ in range(2)))
    assert ["back pain" in Transcript.from_event(one[-1]).text.lower() for one in both] == [
        True,
        True,
    ]
