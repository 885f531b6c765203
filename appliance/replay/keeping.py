"""Keeps a live room's turns, where settings say so: tape, and audio if that was consented to."""

from __future__ import annotations

import io
import logging
import time
import zipfile
from collections.abc import Callable
from datetime import date
from importlib.metadata import version

import soundfile

from appliance.adapters.live import Live
from appliance.events import Event
from appliance.replay.recorder import TapeRecorder
from appliance.replay.sealed import Bounds, Recordings, public_key, remove_past
from appliance.replay.tape import Room as Standing
from appliance.replay.tape import Tape, TurnTape
from appliance.rules.segment import Segmentation, samples_in
from appliance.settings import ApplianceSettings
from appliance.wiring import Room, clock
from voiceassist.contract.canonical import Json
from voiceassist.engines.ports import SAMPLE_RATE
from voiceassist.errors import VoiceAssistError

log = logging.getLogger(__name__)

FOLDER = "recordings"
_TAPE, _SOUND = "tape.json", "heard.flac"
_MARGIN_MS = 1000


class Keeping:
    """Tapes every turn in memory's shape and seals it as soon as it is over, while it may."""

    def __init__(
        self, room: Room, up: Callable[[], bool], now: Callable[[], float] = time.time
    ) -> None:
        self._room = room
        self._now = now
        self._settings = room.settings.recording
        self._live: Live | None = None
        self._recordings: Recordings | None = None
        bounds = Bounds(self._settings.most_mb << 20, self._settings.hours)
        folder = room.settings.data_dir / FOLDER
        if self._settings.key is not None:
            key = public_key(self._settings.key)
            self._recordings = Recordings(folder, key, bounds, self._enter, now)
            self._recordings.tidy()
        elif removed := remove_past(folder, Bounds(0, 0.0), now()):
            self._enter("recording.removed", {"files": removed})  # it was switched off
        self._recorder = TapeRecorder(room.segmenter, up, clock, self._keep)
        if self.on:
            until = self._settings.until
            self._enter("recording.on", {"until": until.isoformat() if until else ""})

    @property
    def on(self) -> bool:
        """Whether turns are kept now."""
        return self._recordings is not None and self._settings.on(self._now())

    @property
    def line(self) -> str:
        """What the panel says of it; empty where nothing is kept."""
        until = self._settings.until
        if not self.on or until is None:
            return ""
        what = "sound and words" if self._settings.audio else "words"
        who = self._settings.consented_by
        return f"this room is recorded, {what}, until {until:%Y-%m-%d %H:%M}; {who} consented"

    def hear(self, live: Live) -> None:
        """Where sound is taken from."""
        self._live = live

    def watch(self, event: Event) -> None:
        """Follow an event of the room."""
        if self.on:
            self._recorder.watch(event)

    def _keep(self, turn: TurnTape) -> None:
        if self._recordings is None:
            return
        try:
            self._recordings.keep(turn.turn_id, self._packed(turn))
        except VoiceAssistError as error:
            log.error("a turn was not kept: %s", error)  # noqa: TRY400 - one line

    def _packed(self, turn: TurnTape) -> bytes:
        tape = Tape(room=standing(self._room), turns=(turn,))
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(_TAPE, tape.model_dump_json())
            if self._settings.audio and self._live is not None:
                archive.writestr(_SOUND, self._sound(self._live, turn))
        return packed.getvalue()

    @staticmethod
    def _sound(live: Live, turn: TurnTape) -> bytes:
        start = max(0, turn.sample - samples_in(_MARGIN_MS))
        frames = [one.samples for one in live.since(start) if one.start <= turn.decided.end]
        sound = io.BytesIO()
        with soundfile.SoundFile(sound, "w", SAMPLE_RATE, 1, format="FLAC") as file:
            for samples in frames:
                file.write(samples)
        return sound.getvalue()

    def _enter(self, action: str, detail: dict[str, Json]) -> None:
        self._room.journal.append(
            action=action, outcome="done", subject="recording", actor="room", detail=detail
        )


def standing(room: Room) -> Standing:
    """What stands fast in a room while its turns are taken."""
    settings: ApplianceSettings = room.settings
    names = room.shelf.drug_names
    policy = settings.phi
    policy = policy.model_copy(
        update={"drug_names": tuple(dict.fromkeys((*policy.drug_names, *names)))}
    )
    return Standing(
        release=version("voiceassist"), edition=room.shelf.version,
        escalate=settings.policy.escalate, generalise=settings.policy.generalise,
        hub=room.hub is not None, today=date.today().isoformat(),  # noqa: DTZ011 - the room's own day
        phi=policy.model_dump(mode="json"),
        segmentation=_segmentation(Segmentation(**settings.listen.model_dump())),
    )  # fmt: skip


def _segmentation(rules: Segmentation) -> dict[str, float]:
    return {name: getattr(rules, name) for name in rules.__dataclass_fields__}


def unpacked(data: bytes) -> tuple[Tape, bytes]:
    """The tape of a recording, and its sound as FLAC, empty where none was kept."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sound = archive.read(_SOUND) if _SOUND in archive.namelist() else b""
        return Tape.model_validate_json(archive.read(_TAPE)), sound
