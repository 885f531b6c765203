from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance.adapters.recorder import Recorder
from appliance.adapters.speaking import Voice
from appliance.adapters.spool import Spool
from appliance.journal.journal import Journal
from appliance.rules import phrases
from appliance.service import Service
from appliance.settings import ApplianceSettings
from appliance.wiring import Room
from voiceassist.contract.ledger import Sealed
from voiceassist.contract.signing import KeyRing, Signer
from voiceassist.engines.ports import Samples
from voiceassist.engines.profile import load_profile
from voiceassist.errors import Unavailable
from voiceassist.timekeeping import SystemClock

Make = Callable[..., Any]


class Beeps:
    """A voice that beeps as long as the text is."""

    sample_rate = 8000

    def synthesize(self, text: str, *, slowness: float = 1.0) -> Any:
        yield np.full(10 * len(text), 500, np.int16)

    def abort(self) -> None:
        pass

    def close(self) -> None:
        pass


class Quiet:
    window = 512

    def probability(self, samples: Samples) -> float:
        return 0.0

    def reset(self) -> None:
        pass


@pytest.fixture(name="room")
def _room(tmp_path: Path, make_room: Make) -> Any:
    """A room whose journal, voice and spool are real, and whose hearing is not."""
    fake = make_room()
    journal = Journal(
        tmp_path / "journal.sqlite", "room-1", Signer(Ed25519PrivateKey.generate()),
        SystemClock(), "boot",
    )  # fmt: skip
    voice = Voice(Beeps())
    voice.prepare(phrases.FIXED)
    nothing: Any = SimpleNamespace(close=lambda: None)
    engines: Any = SimpleNamespace(vad=Quiet, profile=load_profile("generic-x86"))
    settings = ApplianceSettings(data_dir=tmp_path, panel={"port": 0})
    room = Room(
        settings, engines, None, nothing,
        replace(fake.box, journal=Recorder(journal), voice=voice),
        nothing, nothing, nothing, voice, nothing, fake.shelf, nothing, nothing, nothing, journal,
        None, None,
    )  # fmt: skip
    yield SimpleNamespace(room=room, fake=fake, journal=journal, folder=tmp_path / "spool")
    room.close()


def put(folder: Path, name: str) -> None:
    """Put a recording into the spool as the protocol asks: whole, then renamed."""
    folder.mkdir(exist_ok=True)
    part = folder / f"{name}.part"
    with part.open("wb") as file:
        soundfile.write(file, np.full(1600, 0.1, np.float32), 16_000, format="WAV")
    part.rename(folder / name)


async def until(made: Path) -> dict[str, Any]:
    def wait() -> dict[str, Any]:
        while not made.exists():
            time.sleep(0.01)
        return dict(json.loads(made.read_text()))

    return await asyncio.to_thread(wait)


async def stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_recordings_become_turns_in_order(room: Any) -> None:
    """Each recording of the spool gets its JSON and WAV, and its entry in a chain that verifies."""
    put(room.folder, "b.wav")
    put(room.folder, "a.wav")
    task = asyncio.create_task(Service(room.room).run(Spool(room.folder)))
    second = await until(room.folder / "b.json")
    first = await until(room.folder / "a.json")
    assert first["sentences"] == second["sentences"] != []
    assert soundfile.info(str(room.folder / "a.answer.wav")).samplerate == 8000
    await stop(task)
    entries = room.journal.batch()
    assert len(entries.entries) == 2
    room.journal.verify(KeyRing(()))


async def test_what_is_no_recording_does_not_stop_the_room(room: Any) -> None:
    """A file that is no audio is answered by a line that says so; the next one is a turn."""
    room.folder.mkdir()
    (room.folder / "a.wav").write_text("words")
    put(room.folder, "b.wav")
    task = asyncio.create_task(Service(room.room).run(Spool(room.folder)))
    assert (await until(room.folder / "b.json"))["found"]
    assert "not audio" in (await until(room.folder / "a.json"))["error"]
    await stop(task)


@pytest.mark.parametrize(
    "death",
    [Unavailable("the ear has died; start the room again"), RuntimeError("John Smith")],
    ids=["named", "unforeseen"],
)
async def test_a_failed_turn_is_said_recorded_and_over(
    room: Any, death: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """Where a stage fails the room says so and records it, wordless, and takes the next turn."""
    heard = room.fake.hearing.transcribe
    calls = []

    async def fails_once(utterance: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise death
        return await heard(utterance)

    room.fake.hearing.transcribe = fails_once
    put(room.folder, "a.wav")
    put(room.folder, "b.wav")
    task = asyncio.create_task(Service(room.room).run(Spool(room.folder)))
    assert (await until(room.folder / "a.json"))["error"] == phrases.FAILED
    assert (await until(room.folder / "b.json"))["found"]
    assert (room.folder / "a.answer.wav").exists()
    await stop(task)
    actions = [row[0] for row in _details(room.journal)]
    assert actions == ["turn.failed", "turn.answered"]
    assert "John Smith" not in caplog.text


async def test_health_and_figures_are_shown(room: Any) -> None:
    """The panel tells the edition and what is wrong; the metrics count turns and stages."""
    put(room.folder, "a.wav")
    service = Service(room.room)
    task = asyncio.create_task(service.run(Spool(room.folder)))
    await until(room.folder / "a.json")
    async with httpx.AsyncClient(trust_env=False) as client:
        base = f"http://127.0.0.1:{service._beside.port}"
        health = (await client.get(f"{base}/health")).json()
        metrics = (await client.get(f"{base}/metrics")).text
    assert (health["state"], health["edition"]) == ("ready", 3)
    assert 'voiceassist_turns_total{held="false",route="room"} 1.0' in metrics
    assert 'voiceassist_stage_seconds_count{stage="stt"} 1.0' in metrics
    await stop(task)


async def test_a_finished_recording_is_not_taken_again(room: Any) -> None:
    """A room that starts again leaves alone what has its JSON, and takes what has none."""
    put(room.folder, "a.wav")
    task = asyncio.create_task(Service(room.room).run(Spool(room.folder)))
    await until(room.folder / "a.json")
    await stop(task)
    shutil.copy(room.folder / "a.wav", room.folder / "b.wav")
    task = asyncio.create_task(Service(room.room).run(Spool(room.folder)))
    await until(room.folder / "b.json")
    await stop(task)
    assert len(_details(room.journal)) == 2


def _details(journal: Journal) -> list[tuple[str, str]]:
    rows = journal._db.execute("SELECT data FROM entries ORDER BY seq").fetchall()
    entries = [Sealed.from_bytes(data).entry() for (data,) in rows]
    return [(entry.action, entry.outcome) for entry in entries]
