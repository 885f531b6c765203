from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Sequence

import numpy as np

from appliance.adapters.hearing import Ear, Pressed, Segmenter, Wake
from appliance.adapters.speaking import Voice
from appliance.rules.commands import Command
from appliance.rules.phrases import FAILED
from appliance.rules.segment import Segmentation
from appliance.stages import Frame, Utterance
from voiceassist.contract.knowledge import Sentence
from voiceassist.contract.speech import Transcript
from voiceassist.engines.ports import Samples, WakeHit
from voiceassist.errors import Unavailable


def utterance(start: int = 0, end: int = 1600) -> Utterance:
    return Utterance(np.ones(end - start, np.int16), start, end, 0.0)


class SlowEngine:
    """A recogniser that waits to be told; says how many samples it got."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.calls: list[int] = []
        self.prompts: list[str] = []

    def transcribe(self, samples: Samples, *, prompt: str = "") -> Transcript:
        self.calls.append(len(samples))
        self.prompts.append(prompt)
        self.go.wait(5)
        return Transcript(f"Hey Jarvis, {len(samples)} samples", confidence=0.9)

    def close(self) -> None:
        pass


async def test_nothing_said_is_an_empty_transcript() -> None:
    """Without speech the recogniser isn't asked, since it invents words for silence."""
    engine = SlowEngine()
    ear = Ear(engine)
    heard = await ear.transcribe(Utterance(np.zeros(0, np.int16), 0, 0, 0.0))
    assert (heard.text, heard.confidence, engine.calls) == ("", 0.0, [])
    ear.close()


async def test_the_ear_expects_the_clinics_drugs() -> None:
    """The edition's drug names are the recogniser's prompt."""
    engine = SlowEngine()
    engine.go.set()
    ear = Ear(engine)
    ear.expect(("apixaban", "zanubrutinib"))
    await ear.transcribe(utterance())
    assert engine.prompts[0].startswith("Medicines: apixaban, zanubrutinib, metformin")
    ear.close()


class Script:
    """Frames of given probabilities, sample n holding n // 512."""

    def __init__(self, probabilities: Sequence[float]) -> None:
        self._frames = [
            Frame(at * 512, np.full(512, at, np.int16), p) for at, p in enumerate(probabilities)
        ]
        self._next = 0

    async def read(self) -> Frame | None:
        await asyncio.sleep(0)
        if self._next == len(self._frames):
            return None
        self._next += 1
        return self._frames[self._next - 1]

    def since(self, sample: int) -> Sequence[Frame]:
        return [f for f in self._frames[: self._next] if f.start + 512 > sample]

    def moment(self, sample: int) -> float:
        return sample / 16_000


class HitsAt:
    """A wake word engine that hits in its nth chunk."""

    def __init__(self, *chunks: int) -> None:
        self._chunks = chunks
        self._fed = 0

    def feed(self, samples: Samples) -> Sequence[WakeHit]:
        self._fed += 1
        return [WakeHit(self._fed * 512, 0.9)] if self._fed in self._chunks else []

    def reset(self) -> None:
        self._fed = 0


async def test_wake_places_count_from_the_streams_beginning() -> None:
    """A hit's place is the stream's, though the engine counts anew for each turn."""
    frames, wake = Script([0.0] * 100), Wake(HitsAt(10))
    first = await wake.wait(frames)
    second = await wake.wait(frames)
    assert first is not None
    assert second is not None
    assert (first.sample, second.sample) == (10 * 512, 20 * 512)


class Told:
    """Keeps what may be all that is said; recognises nothing of it."""

    heard: str | None = None

    def __init__(self, paused: list[Utterance]) -> None:
        self.begin = paused.append


async def test_an_utterance_is_cut_from_the_stream() -> None:
    """The samples of an utterance are those from its start to a little after its end."""
    stream = [0.0] * 20 + [1.0] * 25 + [0.0] * 10 + [1.0] * 40 + [0.0] * 40
    frames, paused = Script(stream), list[Utterance]()
    wake = await Pressed(45 * 512).wait(frames)
    assert wake is not None
    said = await Segmenter(Segmentation(), Told(paused)).collect(frames, wake)
    assert said.speech_end == 95 * 512
    assert said.samples[0] == said.start // 512
    assert 47 * 512 <= said.start <= 55 * 512
    assert said.samples[-1] >= 95
    assert [one.speech_end for one in paused] == [said.speech_end]
    assert (paused[0].samples == said.samples).all()


class Engine:
    """A voice whose samples are the length of the text; fails as often as told."""

    sample_rate = 100

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.asked: list[str] = []

    def synthesize(self, text: str, *, slowness: float = 1.0) -> Iterator[Samples]:
        self.asked.append(text)
        self.slowness = slowness
        if self.failures:
            self.failures -= 1
            raise Unavailable("the voice's process has died; it is started again")
        yield np.full(len(text), 1000, np.int16)

    def abort(self) -> None:
        pass

    def close(self) -> None:
        pass


async def spoken(voice: Voice, *texts: str) -> list[Samples]:
    async def sentences() -> AsyncIterator[Sentence]:
        for text in texts:
            yield Sentence(text=text, kind="quote")

    return [chunk async for chunk in voice.speak(sentences()) if chunk.any()]


async def test_fixed_phrases_need_no_voice() -> None:
    """A phrase made at start is said though the voice fails from then on."""
    engine = Engine()
    voice = Voice(engine)
    voice.prepare(["Sorry."])
    engine.failures = 99
    assert [len(chunk) for chunk in await spoken(voice, "Sorry.")] == [6]
    voice.close()


async def test_a_voice_that_died_is_asked_again() -> None:
    """One failure is made good; after two the answer ends and the room says that it failed."""
    voice = Voice(Engine(failures=1))
    assert [len(chunk) for chunk in await spoken(voice, "One two.")] == [8]
    voice.close()
    engine = Engine()
    voice = Voice(engine)
    voice.prepare([FAILED])
    engine.failures = 2
    assert [len(chunk) for chunk in await spoken(voice, "One two.", "Three.")] == [len(FAILED)]
    voice.close()


async def test_the_voice_is_given_words_for_numbers() -> None:
    """The engine gets what is to be said, not what is written."""
    engine = Engine()
    voice = Voice(engine)
    await spoken(voice, "Give 5 mg.")
    assert engine.asked == ["Give five milligrams."]
    voice.close()


async def test_slower_is_slower_down_to_a_bound() -> None:
    """Each "slower" makes what is said longer, fixed phrases too, and never drawls."""
    engine = Engine()
    voice = Voice(engine)
    voice.prepare(["Sorry."])
    asked = []
    for _ in range(6):
        voice.adjust(Command.SLOWER)
        await spoken(voice, "Sorry.")
        asked.append(engine.slowness)
    assert asked == sorted(asked)
    assert 1.0 < asked[0] < asked[-1] < 2.0
    voice.adjust(Command.FASTER)
    await spoken(voice, "Hello.")
    assert engine.slowness < asked[-1]
    voice.close()


async def test_louder_is_louder_and_never_wraps() -> None:
    """The gain rises with each command up to the loudest sample there is."""
    voice = Voice(Engine())
    levels = []
    for _ in range(12):
        levels.append(int((await spoken(voice, "Hello."))[0].max()))
        voice.adjust(Command.LOUDER)
    assert levels == sorted(levels)
    assert 1000 < levels[-1] <= 32767
    voice.close()
