from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from voiceassist.engines.ports import SAMPLE_RATE, Samples, SpeechToText
from voiceassist.engines.registry import Engines

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def said(engines: Engines) -> dict[str, Samples]:
    """What the voice says, at 16 kHz, with half a second of quiet before and after."""
    tts = engines.tts()
    try:
        return {
            text: _at_16k(np.concatenate(list(tts.synthesize(text))), tts.sample_rate)
            for text in (
                "Hey Jarvis!",
                "What is the dose of amoxicillin for an adult?",
                "What is the dose of hydralazine for an adult?",
            )
        }
    finally:
        tts.close()


def _at_16k(samples: Samples, rate: int) -> Samples:
    places = np.arange(0, len(samples), rate / SAMPLE_RATE)
    speech = np.interp(places, np.arange(len(samples)), samples.astype(np.float64))
    quiet = np.zeros(SAMPLE_RATE // 2)
    return np.concatenate([quiet, speech, quiet]).astype(np.int16)


@pytest.fixture(scope="module")
def stt(engines: Engines) -> Iterator[SpeechToText]:
    model = engines.stt()
    yield model
    model.close()


def test_the_wake_word_is_heard_once_in_any_chunks(
    engines: Engines, said: dict[str, Samples]
) -> None:
    """The phrase is one hit, at the same place however the stream is cut, and within it."""
    audio = said["Hey Jarvis!"]
    places = []
    for size in (160, 1280, 5000):
        wake = engines.wake()
        hits = [
            hit
            for start in range(0, len(audio), size)
            for hit in wake.feed(audio[start : start + size])
        ]
        assert len(hits) == 1
        places.append(hits[0].sample)
    assert max(places) - min(places) <= SAMPLE_RATE // 50
    assert SAMPLE_RATE // 2 < places[0] <= len(audio)


def test_other_speech_and_quiet_do_not_wake(
    engines: Engines, said: dict[str, Samples], silence: Samples
) -> None:
    """A question without the phrase, and a quiet room, wake nothing."""
    wake = engines.wake()
    question = said["What is the dose of amoxicillin for an adult?"]
    assert not wake.feed(np.concatenate([silence, question, silence]))


def test_the_wake_word_after_a_reset_is_heard_as_at_first(
    engines: Engines, said: dict[str, Samples]
) -> None:
    """Reset forgets the stream: the same audio gives the same hits again."""
    wake = engines.wake()
    first = wake.feed(said["Hey Jarvis!"])
    wake.reset()
    assert wake.feed(said["Hey Jarvis!"]) == first


def test_speech_is_told_from_quiet(
    engines: Engines, said: dict[str, Samples], silence: Samples
) -> None:
    """Most windows of a question are speech by the model; none of a quiet room is."""
    vad = engines.vad()
    question = said["What is the dose of amoxicillin for an adult?"][SAMPLE_RATE // 2 :]

    def probabilities(audio: Samples) -> list[float]:
        vad.reset()
        ends = range(vad.window, len(audio) + 1, vad.window)
        return [vad.probability(audio[end - vad.window : end]) for end in ends]

    heard = probabilities(question[: len(question) - SAMPLE_RATE // 2])
    assert np.mean(np.array(heard) > 0.5) > 0.7
    assert max(probabilities(silence)) < 0.5


def test_a_window_of_another_size_is_refused(engines: Engines) -> None:
    """A window that is not the model's is an error, not a wrong figure."""
    with pytest.raises(ValueError, match="512"):
        engines.vad().probability(np.zeros(500, dtype=np.int16))


def test_a_question_is_recognised(stt: SpeechToText, said: dict[str, Samples]) -> None:
    """A question in the voice's own speech comes back in words, with confidence."""
    heard = stt.transcribe(
        said["What is the dose of amoxicillin for an adult?"], prompt="Medicines: amoxicillin."
    )
    assert "what is the dose of amoxicillin" in heard.text.lower()
    assert heard.confidence > 0.5
    assert heard.language == "en"


@pytest.mark.parametrize("kind", ["nothing", "zeros", "quiet room", "hum"])
def test_no_speech_gives_no_words(stt: SpeechToText, silence: Samples, kind: str) -> None:
    """Out of an empty, silent or humming recording no word is made up, prompt or not."""
    hum = 200 * np.sin(2 * np.pi * 50 * np.arange(48_000) / SAMPLE_RATE)
    audio: dict[str, Any] = {
        "nothing": np.zeros(0, dtype=np.int16),
        "zeros": np.zeros(48_000, dtype=np.int16),
        "quiet room": silence,
        "hum": hum.astype(np.int16),
    }
    for prompt in ("", "Medicines: amoxicillin, warfarin."):
        heard = stt.transcribe(audio[kind], prompt=prompt)
        assert not heard.text
        assert heard.confidence == 0.0


@pytest.mark.parametrize("first", ["hydralazine", "hydroxyzine"])
def test_what_was_said_scores_higher_than_what_sounds_like_it(
    stt: SpeechToText, said: dict[str, Samples], first: str
) -> None:
    """In either order, and whatever was recognised last."""
    question = "What is the dose of {} for an adult?"
    stt.transcribe(said["Hey Jarvis!"])
    names = (first, *({"hydralazine", "hydroxyzine"} - {first}))
    texts = [question.format(name) for name in names]
    scores = dict(zip(names, stt.score(said[question.format("hydralazine")], texts), strict=True))
    assert scores["hydralazine"] > scores["hydroxyzine"]
