from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from appliance.adapters.hearing import Segmenter
from appliance.adapters.judging import JudgeStage
from appliance.events import Events
from appliance.replay.recorder import TapeRecorder
from appliance.replay.replay import replay
from appliance.replay.sealed import Bounds, Recordings, private_key, public_key, seal, unseal
from appliance.replay.tape import Room, Tape, TurnTape
from appliance.rules.segment import Segmentation
from appliance.settings import ApplianceSettings
from appliance.stages import Frame, Utterance
from appliance.taking import take
from voiceassist.contract.canonical import Json
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Cleared, Held, Item, Verdict
from voiceassist.engines.ports import WakeHit
from voiceassist.errors import BadInput, StoreFull, WrongUse
from voiceassist.phi import gate as phi_gate

Make = Callable[..., Any]
QUESTIONS = (
    "how much epinephrine do i give in anaphylaxis", "repeat that", "which source", "tell me more",
    "john smith has anaphylaxis, how much epinephrine", "who won the game", "stop", "",
)  # fmt: skip


class Judge:
    """Holds what names John, and what follows it."""

    def __init__(self, name: str = "john") -> None:
        self._name = name

    def judge(self, transcript: Transcript, *, previous: Verdict | None = None) -> Verdict:
        text = transcript.text
        at = text.find(self._name)
        if at >= 0:
            return Held(text, (Item("NAME", at, at + 4, 0.9, "fake"),), ("items",))
        return Cleared(text, phi_gate._SEAL) if text else Held(text, reasons=("empty",))


class Up:
    up = True


def room() -> Room:
    rules = Segmentation()
    figures = {name: getattr(rules, name) for name in rules.__dataclass_fields__}
    return Room(
        release="0", edition=3, escalate="cleared", generalise=False, hub=True,
        today="2026-03-01", phi={}, segmentation=figures,
    )  # fmt: skip


async def taped(make_room: Make, questions: tuple[str, ...] = QUESTIONS) -> Tape:
    """A session of fakes, as it was taped."""
    fake = make_room(gate=JudgeStage(Judge()))
    segmenter = Segmenter(Segmentation(), _NoGuess())
    turns, events = list[TurnTape](), Events()
    events.watch(TapeRecorder(segmenter, lambda: True, fake.clock, turns.append).watch)
    for question in questions:
        fake.hearing.text = question
        await _listen(segmenter)
        await take(fake.box, fake.frames, Up(), events.tell)
    return Tape(room=room(), turns=tuple(turns))


class _NoGuess:
    heard = None

    def begin(self, utterance: Utterance) -> None:
        pass


class _Frames:
    """A question from sample 16,000 to 32,000."""

    def __init__(self) -> None:
        self._places = iter(range(0, 64_000, 512))

    async def read(self) -> Frame | None:
        place = next(self._places, None)
        if place is None:
            return None
        return Frame(place, np.zeros(512, np.int16), 0.9 if 16_000 <= place < 32_000 else 0.0)

    def since(self, sample: int) -> tuple[Frame, ...]:
        return ()

    def moment(self, sample: int) -> float:
        return 0.0


async def _listen(segmenter: Segmenter) -> Utterance:
    return await segmenter.collect(_Frames(), WakeHit(12_000, 1.0))


async def test_every_turn_is_decided_again_as_it_was(make_room: Make) -> None:
    """Questions, commands, held ones, silence: verdicts, routes, words and entries are the same."""
    tape = await taped(make_room)
    assert [turn.decided.route for turn in tape.turns] == [
        "hub", "command", "command", "command", "room", "hub", "command", "refuse",
    ]  # fmt: skip
    again = Tape.model_validate_json(tape.model_dump_json())
    found = await replay(again, Judge())
    assert [one for one in found if one.what not in {"start", "end"}] == []


async def test_where_speech_ends_is_decided_again(make_room: Make) -> None:
    """The frames' probabilities lead to the same place, and to another where the rules change."""
    (turn,) = (await taped(make_room, QUESTIONS[:1])).turns
    said = await _listen(Segmenter(Segmentation(), _NoGuess()))
    place = {"start": said.start, "end": said.speech_end}
    decided = turn.decided.model_copy(update=place)
    same = Tape(room=room(), turns=(turn.model_copy(update={"decided": decided}),))
    assert await replay(same, Judge()) == []
    hasty = same.model_copy(deep=True)
    hasty.room.segmentation["before_ms"] = 100
    (difference,) = await replay(hasty, Judge())
    assert (difference.what, difference.taped) == ("start", said.start)


async def test_a_changed_rule_shows(make_room: Make) -> None:
    """A gate that judges otherwise is named, with what it said then and says now."""
    tape = await taped(make_room)
    found = await replay(tape, Judge("anaphylaxis"))
    held = next(one for one in found if one.what == "held")
    assert (held.turn_id, held.taped, held.now) == (tape.turns[0].turn_id, False, True)


def _keys(folder: Path) -> tuple[Path, Path]:
    key = X25519PrivateKey.generate()
    private, public = folder / "key.pem", folder / "public.pem"
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )  # fmt: skip
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return private, public


def test_what_is_sealed_only_its_key_opens(tmp_path: Path) -> None:
    """Neither another key, nor another name, nor a changed byte opens it, and no word shows."""
    private, public = _keys(tmp_path)
    sealed = seal(b"John Smith", "a.sealed", public_key(public))
    assert b"John" not in sealed
    assert unseal(sealed, "a.sealed", private_key(private)) == b"John Smith"
    for data, name, key in (
        (sealed, "b.sealed", private_key(private)),
        (sealed, "a.sealed", X25519PrivateKey.generate()),
        (sealed[:-1] + bytes([sealed[-1] ^ 1]), "a.sealed", private_key(private)),
        (b"nothing", "a.sealed", private_key(private)),
    ):
        with pytest.raises(BadInput):
            unseal(data, name, key)


def test_a_key_that_is_none_is_a_clear_line(tmp_path: Path) -> None:
    """The setting and the file are named."""
    (tmp_path / "key.pem").write_text("no key")
    with pytest.raises(WrongUse, match=r"recording\.key .*key\.pem"):
        public_key(tmp_path / "key.pem")


class Kept:
    """Recordings in a folder, on virtual time, and their entries."""

    def __init__(self, folder: Path, most_bytes: int = 10_000, hours: float = 2.0) -> None:
        self.private, public = _keys(folder)
        self.folder, self.now = folder / "recordings", 1_000_000.0
        self.entries: list[tuple[str, dict[str, Json]]] = []
        self.full = False
        bounds = Bounds(most_bytes, hours)
        self.all = Recordings(self.folder, public_key(public), bounds, self.enter, lambda: self.now)

    def enter(self, action: str, detail: dict[str, Json]) -> None:
        if self.full:
            raise StoreFull("the disk is full; free some space")
        self.entries.append((action, detail))

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


def test_recordings_are_private_bounded_and_expire(tmp_path: Path) -> None:
    """Mode 0600; the oldest go once there are too many bytes, and all once their hours are over."""
    kept = Kept(tmp_path)
    for number in range(12):
        kept.now += 60
        path = kept.all.keep(f"{number:08x}", b"x" * 1500)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert 4 <= len(kept.names()) <= 6
    assert kept.names()[-1].endswith("0000000b.sealed")
    kept.now += 3 * 3600
    kept.all.tidy()
    assert kept.names() == []
    actions = [action for action, _ in kept.entries]
    assert actions.count("recording.kept") == 12
    assert "recording.removed" in actions
    assert all("x" * 20 not in json.dumps(detail) for _, detail in kept.entries)


def test_what_can_not_be_entered_is_not_kept(tmp_path: Path) -> None:
    """Where the journal refuses, nothing is written."""
    kept = Kept(tmp_path)
    kept.full = True
    with pytest.raises(StoreFull):
        kept.all.keep("0000000a", b"x")
    assert not kept.folder.exists()


def test_a_crash_leaves_nothing_half(tmp_path: Path) -> None:
    """What a crash left unfinished is removed at the next start."""
    kept = Kept(tmp_path)
    kept.all.keep("0000000a", b"x")
    (kept.folder / "0000001000000-0000000b.part").write_bytes(b"half")
    kept.all.tidy()
    assert [name for name in kept.names() if name.endswith(".part")] == []
    assert len(kept.names()) == 1


def test_nothing_is_kept_without_consent(tmp_path: Path) -> None:
    """Off by default; who consented, until when and for which key go together or not at all."""
    assert not ApplianceSettings(data_dir=tmp_path).recording.on(0.0)
    with pytest.raises(ValueError, match="consented_by, until and key"):
        ApplianceSettings(data_dir=tmp_path, recording={"audio": True, "consented_by": "Dr. A"})
    given = {"consented_by": "A", "until": "2026-03-01T12:00:00Z", "key": str(tmp_path / "k")}
    recording = ApplianceSettings(data_dir=tmp_path, recording=given).recording
    assert recording.on(1_772_366_399.0)
    assert not recording.on(1_772_366_400.0)
