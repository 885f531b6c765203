from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from appliance.bench.acoustics import ROOM_DB, SPEECH_DB, level, noise, pcm, silence, trimmed
from appliance.bench.cli import app
from appliance.bench.phi_speech import Twice, compare, draw, speak, survived, take
from appliance.stages import Utterance
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Held, Item, Verdict
from voiceassist.engines.ports import Samples
from voiceassist.errors import WrongUse
from voiceassist.phi import gate as phi_gate
from voiceassist.phi.labelled import Labelled, Span

SAID = "my patient paul r has gout"
NAME = Item("NAME", 11, 17, 0.9, "names")


def phi(number: int) -> Labelled:
    return Labelled(f"p{number}", SAID, phi=True, labels=("NAME",), spans=(Span("NAME", 11, 17),))


def free(number: int, source: str) -> Labelled:
    return Labelled(f"{source}{number}", "what is gout", phi=False, source=source)


def cleared(text: str) -> Verdict:
    return phi_gate.Cleared(text, phi_gate._SEAL)


def held(text: str, reason: str = "items") -> Verdict:
    return Held(text, (NAME,) if reason == "items" else (), (reason,))


class Tone:
    """A voice that hums; nothing for no words."""

    sample_rate = 22_050

    def synthesize(self, text: str, *, slowness: float = 1.0) -> Iterator[Samples]:
        if text:
            wave = np.sin(np.arange(22_050) / 8) * 9000
            yield np.zeros(4000, dtype=np.int16)
            yield wave.astype(np.int16)

    def abort(self) -> None:
        pass

    def close(self) -> None:
        pass


class Deaf:
    """An ear that hears the same thing whatever is said, and keeps what it was given."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.given: list[Samples] = []

    async def transcribe(self, utterance: Utterance) -> Transcript:
        self.given.append(utterance.samples)
        return Transcript(self.text, confidence=0.5, no_speech=0.1)


class Remembers:
    """A judge that holds what names Paul, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Transcript] = []

    def judge(self, transcript: Transcript, *, previous: Verdict | None = None) -> Verdict:
        self.asked.append(transcript)
        return held(transcript.text) if "paul" in transcript.text else cleared(transcript.text)


ROWS = [*map(phi, range(20)), *(free(n, "a") for n in range(20)), *(free(n, "b") for n in range(3))]


def test_a_draw_is_repeated_by_its_seed_and_even_between_sources() -> None:
    """The same seed draws the same rows; small sources are not drowned by large ones."""
    drawn = draw(ROWS, 8, seed=1)
    assert drawn == draw(ROWS, 8, seed=1) != draw(ROWS, 8, seed=2)
    assert Counter(row.source for row in drawn) == {"": 8, "a": 5, "b": 3}
    assert len({row.id for row in drawn}) == 16


def test_a_draw_of_more_than_there_is_takes_everything_once() -> None:
    """Asking for more rows than there are is no error and repeats none."""
    assert sorted(row.id for row in draw(ROWS, 999, seed=1)) == sorted(row.id for row in ROWS)


def test_what_is_heard_is_judged_with_the_ears_own_doubts() -> None:
    """Text is judged without doubt, speech with the confidence that recognition gave."""
    ear, judge = Deaf("my patient pole are has gout"), Remembers()
    (one,) = take([phi(1)], Tone(), ear, judge)
    assert [asked.confidence for asked in judge.asked] == [1.0, 0.5]
    assert (one.text.held, one.speech.held) == (True, False)
    assert "pole" not in repr(one)
    assert 1.3 < len(ear.given[0]) / 16_000 < 1.5  # the words and a little air, at 16 kHz


def test_speech_is_as_loud_as_a_person_in_a_quiet_room() -> None:
    """The words have one loudness whatever the voice's, with the room's noise around them."""
    samples = speak("words", Tone(), seed=1) / 32768
    assert np.sqrt(np.mean(samples[4000:-4000] ** 2)) == pytest.approx(level(SPEECH_DB), rel=0.1)
    assert 0 < np.sqrt(np.mean(samples[:3000] ** 2)) < 10 * level(ROOM_DB)


def test_a_voice_that_says_nothing_leaves_a_quiet_room() -> None:
    """Silence is heard as silence: no division by nothing."""
    samples = speak("", Tone(), seed=1)
    assert len(samples) == 2 * 3200
    assert np.abs(samples).max() < 200


def test_text_and_speech_stand_side_by_side() -> None:
    """Counts of both, their difference in points, and the rows where they differ."""
    every = [
        Twice(phi(1), held(SAID), held(SAID), SAID),
        Twice(phi(2), held(SAID), cleared("x"), "my patient pole are has gout"),
        Twice(phi(3), held(SAID), cleared(SAID), "My patient, Paul R., has gout."),
        Twice(phi(4), held(SAID), held("x", "low_confidence"), "mumble"),
        Twice(free(1, "a"), cleared("x"), held("x", "low_confidence"), "what is gout"),
        Twice(free(1, "b"), cleared("x"), cleared("x"), "What is gout?"),
    ]
    told = compare(every)
    assert told["held"] == {"total": 4, "text": 4, "speech": 2, "points": -50.0}
    assert told["held_by_kind"] == {"NAME": told["held"]}
    assert told["by_source"]["a"] == {"total": 1, "text": 0, "speech": 1, "points": 100.0}
    assert told["false_alarms"]["points"] == 50.0
    assert told["cleared"] == {"total": 2, "with_an_items_words": 1}
    assert told["cleared_only_in_speech"] == ["p2", "p3"]
    assert told["held_only_in_speech"] == ["a1"]
    assert told["reasons_in_speech"]["with_phi"] == {"items": 1, "low_confidence": 1}
    assert "can't be told" in told["right_reason"]


@pytest.mark.parametrize(
    ("heard", "whole"),
    [("Paul R. has gout", True), ("paul rhas gout", False), ("", False)],
)
def test_an_item_survives_as_whole_words(heard: str, whole: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Punctuation and case don't matter, a part of a word is no survivor."""
    assert survived(Twice(phi(1), held(SAID), held(SAID), heard)) is whole


def test_waves_keep_their_promises() -> None:
    """Trimming cuts silence and sets the level; noise repeats by its seed; clipping is no wrap."""
    wave = np.concatenate((silence(0.5), np.ones(100) * 0.5, silence(0.5)))
    assert len(trimmed(wave)) == 100
    assert len(trimmed(silence(0.1))) == 0
    assert np.array_equal(noise(1000, -40, 7), noise(1000, -40, 7))
    assert pcm(np.array([2.0, -2.0])).tolist() == [32767, -32767]


def test_a_part_without_rows_is_wrong_use(tmp_path: Path) -> None:
    """Nothing to speak is told before a model is loaded."""
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    command = ["phi", "--positive", str(empty), "--negative", str(empty)]
    assert isinstance(CliRunner().invoke(app, command).exception, WrongUse)


@pytest.mark.weights
@pytest.mark.slow
def test_a_row_goes_through_the_boards_voice_and_ear(tmp_path: Path) -> None:
    """With the real models a plain question comes back as words and is cleared, both ways."""
    positive, negative = tmp_path / "p.jsonl", tmp_path / "n.jsonl"
    positive.write_text("")
    negative.write_text(json.dumps({"id": "n1", "stt": "what is the usual dose of ibuprofen"}))
    command = ["phi", "--positive", str(positive), "--negative", str(negative), "--json"]
    told = json.loads(CliRunner().invoke(app, command).stdout)
    assert told["by_source"]["all"] == {"total": 1, "text": 0, "speech": 0, "points": 0.0}
    assert told["word_error_rate"] < 0.5
