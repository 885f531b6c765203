"""A day in a room, in virtual time: calls, answers, and everything beside them failing by seed.

SOAK_TURNS sets how many calls; 5,000 of them are a day. The loop, the turn, its deadlines, who is
listened to, and the watch are the real ones; models, microphone and speaker are not.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import random
import resource
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from appliance.adapters.deadlines import Deadlines, bounded
from appliance.adapters.hearing import Segmenter
from appliance.events import Event, Events, Left, Over, Woke
from appliance.live_room import LiveRoom
from appliance.rules.degrade import Load
from appliance.rules.segment import Segmentation
from appliance.stages import Frame, Played, Utterance
from appliance.watch.systemd import Notifier
from appliance.watch.watch import Watch
from tests.appliance.conftest import FakeRoom, make_room
from voiceassist.contract.canonical import Json
from voiceassist.contract.speech import Transcript
from voiceassist.engines.ports import Samples, WakeHit
from voiceassist.errors import StoreFull, Unavailable

_TURNS = int(os.environ.get("SOAK_TURNS", "120"))
_SEED = int(os.environ.get("SOAK_SEED", "1"))
_EACH_S = 86_400 / 5000
_FRAME = 512
_STEP_S = _FRAME / 16_000
_FAULTS = (
    "ear fails", "ear hangs", "journal full", "gate hangs", "library hangs", "speaker gone",
    "wake deaf", "wake raises", "stream stalls", "talked over",
)  # fmt: skip


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time goes to the next timer as soon as nobody has anything to do."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0
        self._working = 0

    def time(self) -> float:
        return self._now

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        """Time stands still while a thread works."""
        self._working += 1
        done = super().run_in_executor(executor, func, *args)
        done.add_done_callback(self._worked)
        return done

    def _worked(self, _done: object) -> None:
        self._working -= 1

    def _run_once(self) -> None:
        if not self._ready and self._scheduled and not self._working:
            self._now = max(self._now, self._scheduled[0]._when)
        super()._run_once()  # type: ignore[misc]


@dataclass
class Day:
    """What goes wrong now, and what was seen."""

    loop: VirtualLoop
    rng: random.Random
    wrong: str = ""
    faults: Counter[str] = field(default_factory=Counter)
    deaf_since: float = -1.0
    longest_deaf: float = 0.0
    open_turns: dict[str, float] = field(default_factory=dict)
    longest_turn: float = 0.0
    calls: int = 0
    answered: int = 0
    failed: int = 0

    def now(self) -> float:
        return self.loop.time()

    def follow(self, event: Event) -> None:
        match event:
            case Woke(turn_id=turn):
                self.open_turns[turn] = self.now()
            case Over(turn_id=turn, record=record):
                self._close(turn)
                self.answered += record is not None
                self.failed += record is None
            case Left(turn_id=turn):
                self._close(turn)
            case _:
                pass

    def _close(self, turn: str) -> None:
        began = self.open_turns.pop(turn, self.now())
        self.longest_turn = max(self.longest_turn, self.now() - began)

    def hears(self, *, again: bool) -> None:
        """The microphone's frames reach the wake word again, or no longer."""
        if again and self.deaf_since >= 0:
            self.longest_deaf = max(self.longest_deaf, self.now() - self.deaf_since)
            self.deaf_since = -1.0
        elif not again and self.deaf_since < 0:
            self.deaf_since = self.now()


class Mic:
    """Frames of the day: every few seconds somebody calls and asks."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.place = 0
        self.stalled = False
        self._script: list[tuple[int, float]] = []

    async def read(self) -> Frame | None:
        await asyncio.sleep(_STEP_S)
        while self.stalled:  # noqa: ASYNC110 - time is virtual
            await asyncio.sleep(_STEP_S)
        sample, speech = self._script.pop(0) if self._script else (1, 0.0)
        frame = Frame(self.place, np.full(_FRAME, sample, np.int16), speech)
        self.place += _FRAME
        return frame

    def since(self, sample: int) -> Sequence[Frame]:
        return ()

    def moment(self, sample: int) -> float:
        return self.day.now()

    def ask(self) -> None:
        """The wake word, and a question behind it."""
        quiet, loud = (1, 0.0), (1, 0.9)
        self._script = [*[loud] * 15, (7, 0.9), *[quiet] * 5, *[loud] * 46, *[quiet] * 60]

    def talk(self) -> None:
        """Somebody talks over the answer."""
        self._script += [*[(1, 0.0)] * 40, *[(1, 0.9)] * 20]

    def restart(self) -> None:
        """The stream anew."""
        self.stalled = False
        self.day.hears(again=True)


class Hits:
    """A wake word, which may go deaf or raise; a new one does neither."""

    def __init__(self, day: Day) -> None:
        self._day = day
        self._broken = ""
        self._fed = 0
        day.hears(again=True)

    def feed(self, samples: Samples) -> Sequence[WakeHit]:
        if self._day.wrong in {"wake deaf", "wake raises"}:
            self._broken, self._day.wrong = self._day.wrong, ""
            self._day.hears(again=False)
        if self._broken == "wake raises":
            raise RuntimeError("the model is gone")
        self._fed += len(samples)
        heard = samples[0] == 7 and not self._broken
        return [WakeHit(self._fed, 0.9)] if heard else []

    def hears(self) -> bool:
        """The test clip."""
        return not self._broken

    def reset(self) -> None:
        self._fed = 0


class Ear:
    def __init__(self, day: Day) -> None:
        self._day = day

    async def transcribe(self, utterance: Utterance) -> Transcript:
        if self._day.wrong == "ear fails":
            raise Unavailable("the ear is gone")
        if self._day.wrong == "ear hangs":
            await asyncio.sleep(1e6)
        await asyncio.sleep(0.3)
        return Transcript("what is the dose of epinephrine", confidence=0.9)


class Speaker:
    def __init__(self, day: Day) -> None:
        self._day = day
        self._stopped = False

    def pause(self) -> None:
        pass

    def resume(self) -> None:
        pass

    def stop(self) -> None:
        self._stopped = True

    async def play(self, speech: AsyncIterator[Samples], sample_rate: int) -> Played:
        if self._day.wrong == "speaker gone":
            raise Unavailable("the speaker is gone")
        self._stopped, count, first = False, 0, None
        async for chunk in speech:
            for _ in range(20):
                await asyncio.sleep(0.1)
                if self._stopped:
                    return Played(first, count, whole=False)
            first = self._day.now() if first is None else first
            count += len(chunk)
        return Played(first, count)


class Slow:
    """A stage that may hang, before the true one."""

    def __init__(self, day: Day, name: str, stage: object) -> None:
        self._day, self._name, self._stage = day, name, stage

    def __getattr__(self, name: str) -> object:
        return getattr(self._stage, name)

    async def judge(self, transcript: Transcript) -> object:
        await self._hang()
        return await self._stage.judge(transcript)  # type: ignore[attr-defined]

    async def find(self, query: str) -> object:
        await self._hang()
        return await self._stage.find(query)  # type: ignore[attr-defined]

    async def _hang(self) -> None:
        if self._day.wrong == f"{self._name} hangs":
            await asyncio.sleep(1e6)


class Journal:
    def __init__(self, day: Day) -> None:
        self._day = day
        self.entries = 0

    async def append(
        self, *, action: str, outcome: str, turn_id: str, detail: dict[str, Json]
    ) -> None:
        if self._day.wrong == "journal full":
            raise StoreFull("the disk is full; free some space")
        self.entries += 1


def _live(day: Day, mic: Mic, fake: FakeRoom) -> tuple[LiveRoom, Journal]:
    journal = Journal(day)
    box = replace(
        fake.box, ear=Ear(day), journal=journal, clock=day.now,
        gate=Slow(day, "gate", fake.box.gate), library=Slow(day, "library", fake.box.library),
    )  # fmt: skip
    events = Events()
    events.watch(day.follow)
    room = LiveRoom(
        bounded(box, Deadlines(), lambda: None), Segmenter(Segmentation(), _NoGuess()), mic,
        lambda: Hits(day), Speaker(day), events, _Up, restart_stream=mic.restart,
    )  # fmt: skip
    return room, journal


class _NoGuess:
    heard: str | None = None

    def begin(self, utterance: Utterance) -> None:
        pass


class _Up:
    up = False


async def _spend(day: Day, mic: Mic, room: LiveRoom) -> list[int]:
    """The day: a call every few seconds, a fault in every third; memory in the middle and end."""
    watch = Watch(
        room, lambda: Load(0.2), day.now, Notifier({}), on_deaf=lambda _what: None,
        on_level=lambda _level: None,
    )  # fmt: skip
    tasks = [asyncio.create_task(room.run()), asyncio.create_task(watch.run())]
    memory = []
    for number in range(_TURNS):
        day.wrong = day.rng.choice(_FAULTS) if day.rng.random() < 0.34 else ""
        day.faults[day.wrong] += bool(day.wrong)
        if day.wrong == "stream stalls":
            mic.stalled = True
            day.hears(again=False)
        mic.ask()
        if day.wrong == "talked over":
            mic.talk()
        day.calls += 1
        await asyncio.sleep(_EACH_S)
        if number in {_TURNS // 5, _TURNS - 1}:
            gc.collect()
            memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        for task in tasks:
            assert not task.done(), task.result()
    day.wrong = ""
    await asyncio.sleep(60)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return memory


@pytest.mark.slow
@pytest.mark.timeout(0 if _TURNS > 1000 else 120)
def test_a_day_of_faults_leaves_the_room_hearing_and_answering(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No turn hangs, no deaf spell passes ten seconds, memory stays, and the rest is answered."""
    # failures are logged with their tracebacks, which a test keeps: a day has thousands
    monkeypatch.setattr(logging.root.manager, "disable", logging.CRITICAL)
    loop = VirtualLoop()
    day = Day(loop, random.Random(_SEED))
    mic = Mic(day)
    room, journal = _live(day, mic, make_room())
    try:
        memory = loop.run_until_complete(_spend(day, mic, room))
    finally:
        loop.close()
    print(  # noqa: T201 - the figures, with -s
        f"{day.calls} calls in {loop.time() / 3600:.1f} h, {day.answered} turns, {day.failed} "
        f"failed and told, {dict(day.faults)}; longest turn {day.longest_turn:.1f} s, longest "
        f"deaf spell {day.longest_deaf:.1f} s, memory {memory} KiB, {journal.entries} entries"
    )
    assert day.open_turns == {}, "a turn never ended"
    assert day.longest_turn < 60
    assert day.longest_deaf <= 10
    assert day.deaf_since < 0
    unharmed = day.calls - sum(count for name, count in day.faults.items() if name)
    assert day.answered >= unharmed * 0.95
    assert memory[1] - memory[0] < 20_000
