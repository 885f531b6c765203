"""The whole room in processes of its own, over a sound server's virtual microphone and speaker."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from appliance.adapters.recording import read_recording
from appliance.bench.idle import running_room
from appliance.bench.pulse import Pulse, available
from appliance.rules import phrases
from voiceassist.engines.ports import SAMPLE_RATE, Samples
from voiceassist.engines.profile import load_profile
from voiceassist.engines.registry import Engines
from voiceassist.engines.store import default_store

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(400)]

TURNS = Path(__file__).resolve().parents[2] / "demo/turns"


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pulse]:
    if not available():
        pytest.skip("PulseAudio is not installed")
    made = Pulse(tmp_path_factory.mktemp("card"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def room(card: Pulse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A room without a library, whose language model is left out."""
    with running_room(tmp_path_factory.mktemp("room"), "generic-x86", None, card) as process:
        yield process


def said(card: Pulse, *clips: Samples, wait_s: float) -> Samples:
    """What the speaker says while these are spoken, and for a while after."""
    with card.listening() as heard:
        for clip in clips:
            card.say(clip)
        time.sleep(wait_s)
    return heard[0]


def words(samples: Samples) -> list[str]:
    """What a listener understands of it."""
    ear = Engines(load_profile("generic-x86"), default_store()).stt()
    return words_of(ear.transcribe(samples).text)


def words_of(text: str) -> list[str]:
    return "".join(one if one.isalnum() else " " for one in text.lower()).split()


def spoken_seconds(samples: Samples) -> float:
    loud = np.abs(samples.astype(np.int32)) > 300
    return float(loud.sum()) / SAMPLE_RATE


@pytest.mark.usefixtures("room")
def test_a_spoken_question_is_answered_aloud(card: Pulse) -> None:
    """Said into the microphone, answered by the speaker, and understood again word for word.

    A machine that is busy with other work may need to be asked again, as a person would.
    """
    wanted, tries = words_of(phrases.NO_LIBRARY), []
    for wait_s in (9, 15, 25):
        heard = words(said(card, read_recording(TURNS / "00-library.flac"), wait_s=wait_s))
        tries.append(heard)
        if sum(word in heard for word in wanted) >= 0.8 * len(wanted):
            return
    pytest.fail(f"heard {tries}")


@pytest.mark.usefixtures("room")
def test_talk_without_the_wake_word_is_not_answered(card: Pulse) -> None:
    """The same question without its call: the room stays silent."""
    whole = read_recording(TURNS / "00-library.flac")
    question = whole[round(1.7 * SAMPLE_RATE) :]
    assert spoken_seconds(said(card, question, wait_s=6)) < 0.1


def test_the_room_lives_through_it(room: int) -> None:
    """It is the same process that was started, and still there."""
    assert Path(f"/proc/{room}").exists()
