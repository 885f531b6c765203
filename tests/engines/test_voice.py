from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import numpy as np
import pytest

from voiceassist.engines.registry import Engines
from voiceassist.engines.tts import Piper
from voiceassist.errors import Unavailable

pytestmark = pytest.mark.weights


@pytest.fixture(scope="module")
def voice(engines: Engines) -> Iterator[Piper]:
    tts = engines.tts()
    assert isinstance(tts, Piper)
    yield tts
    tts.close()


def test_a_sentence_is_audible_speech(voice: Piper) -> None:
    """A sentence becomes samples of plausible length and loudness, at the voice's rate."""
    audio = np.concatenate(list(voice.synthesize("Give paracetamol by mouth.")))
    assert 1.0 < len(audio) / voice.sample_rate < 4.0
    assert np.abs(audio).max() > 2000


def test_a_listener_that_leaves_does_not_spoil_the_next_sentence(voice: Piper) -> None:
    """After a caller stopped listening midway, the next sentence is spoken from its beginning."""
    alone = sum(len(chunk) for chunk in voice.synthesize("Yes."))
    leaving = voice.synthesize("This is one sentence. This is another one. And here is a third.")
    next(leaving)
    leaving.close()
    again = sum(len(chunk) for chunk in voice.synthesize("Yes."))
    assert abs(again - alone) < voice.sample_rate


def test_a_dead_process_is_said_and_started_again(voice: Piper) -> None:
    """A killed voice raises `Unavailable` midway, and speaks again at the next call."""
    speaking = voice.synthesize("One. Two. Three. Four. Five. Six. Seven. Eight. Nine. Ten.")
    next(speaking)
    killed = voice.process_id()
    os.kill(killed, signal.SIGKILL)
    with pytest.raises(Unavailable, match="died"):
        list(speaking)
    assert list(voice.synthesize("Here again."))
    assert voice.process_id() != killed


def test_closing_leaves_no_process(engines: Engines) -> None:
    """Closing ends the voice's process and reaps it; closing twice does no harm."""
    tts = engines.tts()
    assert isinstance(tts, Piper)
    pid = tts.process_id()
    tts.close()
    tts.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
