"""The voice room with the real engines: what is said is heard, what is answered can be heard."""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from hub.voice.schemas import Sentence
from hub.voice.speech import EngineEar, EngineSpeech, EngineVoice
from tests.hub.talking import House, question, real_speech, words
from voiceassist.contract.speech import Transcript
from voiceassist.errors import Unavailable

ANSWER = "Check the blood pressure every week, and give plenty of water."


@pytest.fixture(scope="module")
def speech() -> Iterator[EngineSpeech]:
    with real_speech() as made:
        yield made


@pytest.mark.weights
@pytest.mark.slow
@pytest.mark.parametrize("mode", ["push-to-talk", "hands-free"])
def test_a_spoken_question_is_heard_and_its_answer_can_be_heard(
    speech: EngineSpeech, mode: str
) -> None:
    """Recorded audio in, its words back; the spoken answer, recognised again, is the sentence."""
    samples, text = question()
    house = House()
    house.assistant.sentences = [Sentence(ANSWER, "quote", "Acetaminophen", "Dose")]
    house.ear, house.voice, house.activity = speech.ear, speech.voice, speech.ports.activity
    sound, messages = b"", []
    with (
        TestClient(house.app(lead_s=60.0)) as client,
        client.websocket_connect("/api/v1/voice") as socket,
    ):
        socket.send_json({"type": "start", "token": "good", "mode": mode})
        for start in range(0, len(samples), 1600):
            socket.send_bytes(samples[start : start + 1600].astype("<i2").tobytes())
        socket.send_json({"type": "end"})
        while not messages or messages[-1]["type"] != "done":
            message = socket.receive()
            sound += message.get("bytes") or b""
            if message.get("text") is not None:
                messages.append(json.loads(message["text"]))
    by_kind = {one["type"]: one for one in messages}
    assert words(by_kind["final"]["text"]) == words(text)
    assert words(house.assistant.asked[0][1].text) == words(text)
    spoken = np.frombuffer(sound, dtype="<i2")
    rate = by_kind["speech"]["rate"]
    places = np.arange(0, len(spoken) - 1, rate / 16_000)
    again = np.interp(places, np.arange(len(spoken)), spoken).astype(np.int16)
    heard = words(speech.ear.transcribe(again).text)
    # the voice never says the same twice, and the recogniser is a small one: nearly all of it
    assert SequenceMatcher(a=heard, b=words(ANSWER)).ratio() > 0.8
    house.service.close()


class Engine:
    """Hears and speaks nothing, and notes what is done to it."""

    sample_rate = 8000

    def __init__(self) -> None:
        self.done: list[str] = []

    def transcribe(self, samples: Any, *, prompt: str = "") -> Transcript:
        return Transcript("heard", 1.0)

    def synthesize(self, text: str, *, slowness: float = 1.0) -> Iterator[Any]:
        yield np.zeros(4, np.int16)

    def abort(self) -> None:
        self.done.append("abort")

    def close(self) -> None:
        self.done.append("close")


def test_engines_are_made_when_they_are_needed_and_again_where_that_failed() -> None:
    """Missing weights are told with what to do; once they are there, it works without a restart."""
    answers: list[Any] = [
        Unavailable("run: voiceassist models pull"),
        ModuleNotFoundError("no", name="piper"),
        Engine(),
    ]

    def make() -> Any:
        made = answers.pop(0)
        if isinstance(made, Exception):
            raise made
        return made

    voice = EngineVoice(make)
    with pytest.raises(Unavailable, match="models pull"):
        next(voice.speak("a"))
    with pytest.raises(Unavailable, match="piper is not installed; reinstall"):
        next(voice.speak("a"))
    assert len(next(voice.speak("a"))) == 4
    assert voice.rate == 8000
    assert len(next(voice.speak("b"))) == 4
    assert answers == []


def test_engines_that_were_never_made_are_not_made_to_be_closed() -> None:
    """A hub at which nobody talked stops without loading a model; one in use is freed, once."""
    engine = Engine()
    ear, voice = EngineEar(lambda: engine), EngineVoice(lambda: engine)
    ear.close()
    voice.close()
    assert engine.done == []
    assert ear.transcribe(np.zeros(4, np.int16)).text == "heard"
    assert voice.rate == 8000
    for _ in range(2):
        ear.close()
        voice.close()
    assert engine.done == ["close", "abort", "close"]
