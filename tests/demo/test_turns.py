from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import soundfile

TURNS = Path(__file__).parents[2] / "demo" / "turns"
ROWS: list[dict[str, Any]] = [
    json.loads(line) for line in (TURNS / "manifest.jsonl").read_text().splitlines()
]


def test_the_manifest_names_every_recording_in_order() -> None:
    """Manifest and folder hold the same dozen recordings."""
    assert [row["file"] for row in ROWS] == sorted(one.name for one in TURNS.glob("*.flac"))
    assert len(ROWS) >= 12


def test_every_kind_of_turn_is_shown() -> None:
    """There are library and drug questions, PHI twice, one outside, and the commands."""
    kinds = [row["kind"] for row in ROWS]
    assert {"library", "drug", "phi", "outside", "command"} == set(kinds)
    assert kinds.count("phi") == 2
    assert {row["text"] for row in ROWS if row["kind"] == "command"} == {
        "stop",
        "repeat that please",
        "which source was that",
    }
    assert all(row["phi"] == (row["kind"] == "phi") for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_a_recording_is_what_the_manifest_says(row: dict[str, Any]) -> None:
    """Each is 16 kHz mono, as long as stated, with quiet after the words."""
    samples, rate = soundfile.read(TURNS / row["file"], dtype="int16", always_2d=True)
    assert (rate, samples.shape[1]) == (16_000, 1)
    assert len(samples) / rate == pytest.approx(row["seconds"], abs=0.002)
    assert 0.8 < row["wake_end_s"] < row["speech_end_s"] < row["seconds"] - 1
    words = samples[: round(row["speech_end_s"] * rate)].astype(float)
    after = samples[round((row["speech_end_s"] + 0.1) * rate) :].astype(float)
    assert (words**2).mean() > 20 * (after**2).mean()


def test_the_recordings_are_small() -> None:
    """All recordings together stay below 3 MB, since they are kept in the repository."""
    assert sum(one.stat().st_size for one in TURNS.iterdir()) < 3_000_000
