"""The Wyoming server on loopback with stages that are fakes, as Home Assistant would use it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.event import Event, Eventable, async_write_event
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong
from wyoming.tts import Synthesize
from wyoming.vad import VoiceStarted, VoiceStopped
from wyoming.wake import Detect, Detection, NotDetected

from appliance.adapters.judging import JudgeStage
from appliance.events import Left, Over, Woke
from appliance.lending import Occupied
from appliance.settings import WyomingSettings
from appliance.stages import Utterance
from appliance.wyoming import server as server_module
from appliance.wyoming import wire as wire_module
from appliance.wyoming.desk import Desk, Lent
from appliance.wyoming.info import describe
from appliance.wyoming.server import CLIENTS, WyomingServer
from appliance.wyoming.session import Offer
from appliance.wyoming.sound import Allowance, Format, Intake
from voiceassist.contract.canonical import Json
from voiceassist.contract.speech import Transcript as Heard
from voiceassist.contract.verdict import Cleared, Held, Item, Verdict
from voiceassist.engines.manifest import load_manifest
from voiceassist.engines.ports import Samples, WakeHit
from voiceassist.engines.profile import load_profile
from voiceassist.errors import StoreFull, Unavailable
from voiceassist.phi.gate import _SEAL

FREE = "what is the dose of amoxicillin"
HELD = "my patient john smith has a fever"
ODD = (
    b'{"type": "audio-chunk", "data": {"rate": 16000, "width": 2, "channels": 1}, '
    b'"payload_length": 3}\nabc'
)
LOUD = np.full(16_000, 900, dtype=np.int16)
QUIET = np.zeros(16_000, dtype=np.int16)


@dataclass
class FakeEar:
    text: str = FREE
    waits: threading.Event | None = None
    began: threading.Event = field(default_factory=threading.Event)
    heard: list[int] = field(default_factory=list)

    async def transcribe(self, utterance: Utterance) -> Heard:
        self.heard.append(len(utterance.samples))
        self.began.set()
        if self.waits is not None:
            await asyncio.to_thread(self.waits.wait, 10)
        if not len(utterance.samples):
            return Heard("", confidence=0.0, no_speech=1.0)
        return Heard(self.text, confidence=0.9)

    def give_up(self) -> None:
        pass


class FakeGate:
    """Holds John, and what leans on John."""

    def judge(self, transcript: Heard, *, previous: Verdict | None = None) -> Verdict:
        text = transcript.text
        at = text.find("john")
        if at >= 0:
            return Held(text, (Item("NAME", at, at + 4, 0.9, "fake"),), ("items",))
        if not text:
            return Held(text, reasons=("empty",))
        if previous is not None and previous.held and "he" in text.split():
            return Held(text, reasons=("follow_up",))
        return Cleared(text, _SEAL)


class FakeVoice:
    sample_rate = 22_050

    def __init__(self) -> None:
        self.said: list[str] = []

    def make(self, text: str) -> Samples:
        self.said.append(text)
        return np.full(2205, 7, dtype=np.int16)

    def abort(self) -> None:
        pass


class FakeJournal:
    def __init__(self) -> None:
        self.entries: list[tuple[str, str, dict[str, Json]]] = []
        self.full = False

    async def append(
        self, *, action: str, outcome: str, turn_id: str, detail: dict[str, Json]
    ) -> None:
        if self.full:
            raise StoreFull("the disk is full; free some space")
        self.entries.append((action, outcome, detail))


class FakeWake:
    """A hit in every chunk that begins loud."""

    def __init__(self) -> None:
        self.place = 0

    def feed(self, samples: Samples) -> Sequence[WakeHit]:
        self.place += len(samples)
        return [WakeHit(self.place, 0.9)] if len(samples) and samples[0] > 100 else []

    def reset(self) -> None:
        self.place = 0


class FakeVad:
    window = 512

    def probability(self, samples: Samples) -> float:
        return 0.95 if abs(int(samples[0])) > 100 else 0.02

    def reset(self) -> None:
        pass


@dataclass
class Fakes:
    ear: FakeEar = field(default_factory=FakeEar)
    voice: FakeVoice = field(default_factory=FakeVoice)
    journal: FakeJournal = field(default_factory=FakeJournal)
    own_turn: bool = False
    port: int = 0

    def client(self) -> AsyncTcpClient:
        return AsyncTcpClient("127.0.0.1", self.port, connect_timeout=5, read_timeout=10)


@contextlib.contextmanager
def serving(*, speaks: bool = True, patience_s: float = 0.3, **settings: Any) -> Iterator[Fakes]:
    fakes = Fakes()
    gate = JudgeStage(FakeGate())
    lent = Lent(fakes.ear, gate, fakes.voice, fakes.journal, lambda: fakes.own_turn)
    info = describe(load_profile("generic-x86"), load_manifest(), speaks=speaks)
    desk = Desk(lent, patience_s)
    offer = Offer(desk, info, "hey_jarvis", FakeWake, FakeVad, speaks=speaks)
    server = WyomingServer(WyomingSettings(on=True, port=0, **settings), offer)
    fakes.port = server.port
    server.start()
    try:
        yield fakes
    finally:
        server.stop()


def chunks(samples: Samples, rate: int = 16_000) -> list[Eventable]:
    parts = [samples[at : at + 1024] for at in range(0, len(samples), 1024)]
    return [
        AudioStart(rate, 2, 1),
        *(AudioChunk(rate, 2, 1, part.astype("<i2").tobytes()) for part in parts),
        AudioStop(),
    ]


async def told(client: AsyncTcpClient, last: Callable[[str], bool]) -> list[Event]:
    """All that comes up to the event whose type `last` knows, or the end."""
    events = []
    while (event := await client.read_event()) is not None:
        events.append(event)
        if last(event.type):
            break
    return events


async def asked(client: AsyncTcpClient, *events: Eventable) -> None:
    with contextlib.suppress(ConnectionError):  # it was refused before its end
        for event in events:
            await client.write_event(event.event())


async def test_a_client_is_told_what_the_room_offers() -> None:
    """Recogniser, wake word and voice are described by their models, with whose they are."""
    with serving() as room:
        async with room.client() as client:
            await asked(client, Describe(), Ping("there?"))
            info = Info.from_event((await told(client, Info.is_type))[-1])
            assert Pong.from_event((await told(client, Pong.is_type))[-1]).text == "there?"
    (asr,), (wake,), (tts,) = info.asr, info.wake, info.tts
    assert asr.models[0].languages == ["en"]
    assert "OpenAI" in asr.models[0].attribution.name
    assert wake.models[0].name == "hey_jarvis"
    assert wake.models[0].phrase == "hey jarvis"
    assert tts.voices[0].installed


async def test_what_the_gate_cleared_comes_back_recorded_first() -> None:
    """A transcript is sent where the gate cleared it, and its entry holds codes and no words."""
    with serving() as room:
        async with room.client() as client:
            await asked(client, Transcribe(language="en"), *chunks(np.append(LOUD, QUIET)))
            events = await told(client, Transcript.is_type)
    assert Transcript.from_event(events[-1]).text == FREE
    kinds = [event.type for event in events]
    assert kinds.index("voice-started") < kinds.index("voice-stopped")
    ((action, outcome, detail),) = room.journal.entries
    assert (action, outcome) == ("wyoming.transcribe", "cleared")
    assert detail["heard_characters"] == len(FREE)
    assert detail["ms"] == {"audio": 2000}
    assert "amoxicillin" not in json.dumps(detail)


async def test_held_words_never_reach_the_wire() -> None:
    """What is held is answered by an error and an empty transcript: no byte sent holds a word."""
    with serving() as room:
        room.ear.text = HELD
        reader, writer = await asyncio.open_connection("127.0.0.1", room.port)
        for event in (Describe(), Transcribe(), *chunks(LOUD), Transcribe(), *chunks(LOUD)):
            await async_write_event(event.event(), writer)
        writer.write_eof()
        async with asyncio.timeout(10):
            sent = await reader.read()
        writer.close()
    assert sent.count(b'"held"') == 2
    assert sent.count(b'{"text": ""}') == 2
    for word in HELD.split():
        if len(word) > 3:
            assert word.encode() not in sent.replace(b"may identify a patient", b"")
    assert [entry[:2] for entry in room.journal.entries] == [("wyoming.transcribe", "held")] * 2
    assert room.journal.entries[0][2]["kinds"] == {"NAME": 1}
    assert "john" not in json.dumps(room.journal.entries)


async def test_a_question_that_leans_on_a_held_one_is_held() -> None:
    """A client's next connection is judged with what that client said before."""
    with serving() as room:
        outcomes = []
        for text in (HELD, "may he have amoxicillin", FREE):
            room.ear.text = text
            async with room.client() as client:
                await asked(client, Transcribe(), *chunks(LOUD))
                events = await told(client, Transcript.is_type)
            outcomes.append(Transcript.from_event(events[-1]).text)
    assert outcomes == ["", "", FREE]


async def test_silence_is_not_recognised() -> None:
    """Where nobody spoke the recogniser is given nothing, and the transcript is empty."""
    with serving() as room:
        async with room.client() as client:
            await asked(client, Transcribe(), *chunks(QUIET))
            events = await told(client, Transcript.is_type)
    assert [event.type for event in events] == ["error", "transcript"]
    assert room.ear.heard == [0]


async def test_what_cannot_be_recorded_is_not_sent() -> None:
    """With a full journal a client gets an error and neither words nor speech."""
    with serving() as room:
        room.journal.full = True
        for request in ((Transcribe(), *chunks(LOUD)), (Synthesize("good morning"),)):
            async with room.client() as client:
                await asked(client, *request)
                events = await told(client, lambda _type: False)
            assert Error.from_event(events[-1]).code == "unrecorded"
            assert not {"transcript", "audio-chunk"} & {event.type for event in events}
    assert room.voice.said == []


async def test_the_wake_word_is_detected_in_a_clients_stream() -> None:
    """A hit is told with its place in the client's stream; one without says so at its end."""
    with serving() as room:
        async with room.client() as client:
            await asked(client, Detect(["hey_jarvis"]), *chunks(QUIET[:1024]))
            events = await told(client, NotDetected.is_type)
            assert [event.type for event in events] == ["not-detected"]
            await asked(client, Detect(), *chunks(np.append(QUIET[:1024], LOUD[:1024])))
            (event,) = await told(client, Detection.is_type)
    detection = Detection.from_event(event)
    assert (detection.name, detection.timestamp) == ("hey_jarvis", 128)


async def test_speech_is_told_where_nothing_else_was_asked() -> None:
    """Audio alone is answered by when somebody speaks and when no more."""
    with serving() as room:
        async with room.client() as client:
            await asked(client, *chunks(np.concatenate([QUIET, LOUD, QUIET])))
            started, stopped = await told(client, VoiceStopped.is_type)
    assert abs((VoiceStarted.from_event(started).timestamp or 0) - 1000) < 50
    assert abs((VoiceStopped.from_event(stopped).timestamp or 0) - 2000) < 50


async def test_a_client_has_its_text_spoken() -> None:
    """Text comes back as speech in the voice's own format, its entry a count and no words."""
    with serving() as room:
        async with room.client() as client:
            await asked(client, Synthesize("Good morning.\nIt is half past nine."))
            events = await told(client, AudioStop.is_type)
    start = AudioStart.from_event(events[0])
    assert (start.rate, start.width, start.channels) == (22_050, 2, 1)
    audio = b"".join(AudioChunk.from_event(event).audio for event in events[1:-1])
    assert len(audio) == 2 * 2205 * len(room.voice.said)
    assert [entry[0] for entry in room.journal.entries] == ["wyoming.synthesize"]
    assert "morning" not in json.dumps(room.journal.entries)


async def test_nobody_speaks_through_a_room_that_does_not_allow_it() -> None:
    """Without its flag the voice is neither offered nor lent."""
    with serving(speaks=False) as room:
        async with room.client() as client:
            await asked(client, Describe(), Synthesize("good morning"))
            events = await told(client, lambda _type: False)
    assert Info.from_event(events[0]).tts == []
    assert Error.from_event(events[-1]).code == "not-allowed"
    assert room.voice.said == []


async def test_text_and_audio_are_bounded() -> None:
    """More text or audio than fits one request is refused, and nothing of it is made."""
    with serving() as room:
        requests: list[Sequence[Eventable]] = [
            [Synthesize("a" * 1001)],
            [Transcribe(), *chunks(np.tile(LOUD, 31))],
        ]
        for request in requests:
            async with room.client() as client:
                await asked(client, *request)
                events = await told(client, lambda _type: False)
            assert Error.from_event(events[-1]).code == "too-long"
    assert room.voice.said == room.ear.heard == room.journal.entries == []


async def test_the_rooms_own_turn_comes_first() -> None:
    """While the room has a turn of its own a client waits, and is refused where that lasts."""
    with serving(patience_s=0.3) as room:
        room.own_turn = True
        for request in ((Transcribe(), *chunks(LOUD)), (Synthesize("good morning"),)):
            async with room.client() as client:
                await asked(client, *request)
                events = await told(client, lambda _type: False)
            assert Error.from_event(events[-1]).code == "busy"
        assert room.ear.heard == room.voice.said == []
        room.own_turn = False
        async with room.client() as client:
            await asked(client, Transcribe(), *chunks(LOUD))
            events = await told(client, Transcript.is_type)
        assert Transcript.from_event(events[-1]).text == FREE


async def test_of_two_clients_one_is_heard_at_a_time() -> None:
    """Two clients share one recogniser: the second is served behind the first, or refused."""
    with serving(patience_s=0.5) as room:
        room.ear.waits = threading.Event()
        async with room.client() as first, room.client() as second:
            await asked(first, Transcribe(), *chunks(LOUD))
            await asyncio.to_thread(room.ear.began.wait, 5)
            await asked(second, Transcribe(), *chunks(LOUD))
            refused = await told(second, lambda _type: False)
            room.ear.waits.set()
            served = await told(first, Transcript.is_type)
    assert Error.from_event(refused[-1]).code == "busy"
    assert Transcript.from_event(served[-1]).text == FREE
    assert len(room.ear.heard) == 1


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"[1, 2]\n",
        b'{"type": 7}\n',
        b"[" * 4000 + b"\n",
        b'{"type": "' + b"a" * 100_000,
        b'{"type": "audio-chunk", "payload_length": 99999999999}\n',
        b'{"type": "audio-chunk", "payload_length": -1}\n',
        b'{"type": "audio-start", "data_length": 4}\n[1]\n',
        b'{"type": "audio-start", "data": {"rate": 0, "width": 2, "channels": 1}}\n',
        ODD,
        b'{"type": "synthesize", "data": {"text": ["a"]}}\n',
        b'{"type": "detect", "data": {"names": ["other"]}}\n',
    ],
)
async def test_what_is_no_wyoming_gets_one_error_and_is_cut_off(sent: bytes) -> None:
    """Malformed input is answered by one error event and the connection's end; others go on."""
    with serving() as room:
        reader, writer = await asyncio.open_connection("127.0.0.1", room.port)
        writer.write(sent)
        async with asyncio.timeout(10):
            answer = await reader.read()
        writer.close()
        header, _, data = answer.partition(b"\n")
        assert json.loads(header)["type"] == "error"
        assert json.loads(data)["code"] == "bad-input"
        async with room.client() as client:
            await asked(client, Describe())
            assert (await told(client, Info.is_type))[-1].type == "info"


async def test_a_client_that_says_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever connects and sends half an event does not keep its place."""
    monkeypatch.setattr(wire_module, "IDLE_S", 0.2)
    monkeypatch.setattr(server_module, "Wire", _impatient)
    with serving() as room:
        reader, writer = await asyncio.open_connection("127.0.0.1", room.port)
        writer.write(b'{"type": ')
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()


async def test_a_client_that_takes_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow client neither keeps the voice from another nor stays for ever."""
    monkeypatch.setattr(server_module, "Wire", _impatient)
    with serving() as room:
        room.voice.make = lambda _text: np.ones(20_000_000, dtype=np.int16)  # type: ignore[method-assign]
        reader, writer = await asyncio.open_connection("127.0.0.1", room.port, limit=1024)
        await async_write_event(Synthesize("good morning").event(), writer)
        await asyncio.sleep(1.0)
        async with asyncio.timeout(5):
            assert len(await reader.read()) < 40_000_000
        writer.close()
        async with room.client() as client:
            await asked(client, Transcribe(), *chunks(LOUD))
            assert (await told(client, Transcript.is_type))[-1].type == "transcript"


def _impatient(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> wire_module.Wire:
    return wire_module.Wire(reader, writer, idle_s=0.2, slow_s=0.2)


async def test_there_are_so_many_clients_and_no_more() -> None:
    """One client too many is told so; when another leaves there is room again."""
    with serving() as room:
        clients = [room.client() for _ in range(CLIENTS + 1)]
        for client in clients[:CLIENTS]:
            await client.connect()
            await asked(client, Ping())
            await told(client, Pong.is_type)
        await clients[CLIENTS].connect()
        events = await told(clients[CLIENTS], lambda _type: False)
        assert Error.from_event(events[-1]).code == "busy"
        for client in clients:
            await client.disconnect()
        await asyncio.sleep(0.2)
        async with room.client() as client:
            await asked(client, Ping())
            assert (await told(client, Pong.is_type))[-1].type == "pong"


async def test_an_address_that_was_not_named_gets_not_a_byte(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Beyond loopback the list of clients decides who is answered."""
    monkeypatch.setattr(server_module, "_address", lambda _writer: "192.0.2.7")
    for clients, answered in (((), False), ((ip_address("192.0.2.7"),), True)):
        with (
            serving(clients=clients) as room,
            socket.create_connection(("127.0.0.1", room.port), timeout=5) as client,
        ):
            with contextlib.suppress(ConnectionError):
                client.sendall(b'{"type": "ping"}\n')
            assert (b"pong" in _received(client)) is answered


def _received(client: socket.socket) -> bytes:
    try:
        return client.recv(100)
    except ConnectionError:
        return b""


def test_wyoming_is_off_and_on_loopback_unless_clients_are_named() -> None:
    """The settings refuse an address that the network reaches without a list of clients."""
    assert not WyomingSettings().on
    assert WyomingSettings().host == "127.0.0.1"
    with pytest.raises(ValidationError, match=r"wyoming\.clients"):
        WyomingSettings(on=True, host="0.0.0.0")
    WyomingSettings(on=True, host="0.0.0.0", clients=("192.0.2.7",))


def test_a_port_in_use_is_one_clear_line() -> None:
    """The room that can't open its Wyoming port says which, and what to do."""
    with serving() as room, pytest.raises(Unavailable, match=rf"port {room.port}.*wyoming\.port"):
        WyomingServer(WyomingSettings(port=room.port), None)  # type: ignore[arg-type]


def test_the_server_stops_with_clients_connected() -> None:
    """A room that ends does not wait for its clients."""
    with serving() as room:
        client = socket.create_connection(("127.0.0.1", room.port), timeout=5)
        client.sendall(b'{"type": "ping"}\n')
        assert client.recv(1)
    with client:
        while client.recv(100):
            pass
    assert not [thread for thread in threading.enumerate() if thread.name == "wyoming"]


def test_a_turn_of_the_room_occupies_it_from_call_to_end() -> None:
    """The room is taken from the wake word until its turn is over, however that went."""
    occupied = Occupied()
    assert not occupied()
    for end in (Over("a", None), Left("a", "silent")):
        occupied.watch(Woke("a", 0, 1.0))
        assert occupied()
        occupied.watch(end)
        assert not occupied()


@pytest.mark.parametrize(
    ("rate", "width", "channels"), [(8000, 1, 1), (22_050, 3, 2), (48_000, 4, 1)]
)
def test_any_format_becomes_the_rooms_own(rate: int, width: int, channels: int) -> None:
    """A tone in another format is the same tone at 16 kHz, mono, 16 bit."""
    tone = np.sin(np.arange(rate) * 2 * np.pi * 440 / rate) * 0.5
    wide = np.repeat(np.rint(tone * 0x7FFFFFFF).astype("<i4"), channels)
    if width == 1:
        data = ((wide >> 24) + 128).astype(np.uint8).tobytes()
    else:
        data = wide.view(np.uint8).reshape(-1, 4)[:, 4 - width :].tobytes()
    intake = Intake(Format(rate=rate, width=width, channels=channels))
    step = rate // 10 * width * channels
    parts = [intake.take(data[at : at + step]) for at in range(0, len(data), step)]
    samples = np.concatenate(parts)
    assert abs(len(samples) - 16_000) < 100
    middle = samples[4000:12_000].astype(float)
    assert np.abs(np.fft.rfft(middle)).argmax() == 220  # 440 Hz over half a second
    assert abs(middle.max() / 32767 - 0.5) < 0.02


def test_a_client_is_held_to_twice_real_time() -> None:
    """After its burst a client waits half as long as its audio lasts, and no longer."""
    allowance = Allowance(0.0)
    assert allowance.take(30.0, 0.0) == 0.0
    assert allowance.take(4.0, 0.0) == 2.0
    assert allowance.take(1.0, 2.5) == 0.0
