"""`voiceassist appliance run`: turns for ever, and beside them what the hub is told.

Law 4: nothing of the hub can keep the room from answering. What is away is a line in its health,
and a change of it is spoken where a microphone listens.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Coroutine
from contextlib import aclosing
from pathlib import Path

from appliance.adapters.recording import RealTime, Recording, read_recording
from appliance.adapters.sound.capture import Microphone
from appliance.adapters.sound.echo import make_echo
from appliance.adapters.sound.playback import Speaker
from appliance.adapters.speakers import NullSpeaker, WavSpeaker
from appliance.adapters.spool import Spool
from appliance.beside import Beside
from appliance.events import Events
from appliance.lending import wyoming_server
from appliance.live_room import LiveRoom
from appliance.logs import configure
from appliance.peers.build import make_peers
from appliance.peers.calls import settle
from appliance.peers.figures import PeerFigures
from appliance.peers.peers import Peers
from appliance.replay.keeping import Keeping
from appliance.rules import phrases
from appliance.rules.degrade import Level, says
from appliance.settings import ApplianceSettings
from appliance.signals import Signals
from appliance.switchboard import Switchboard
from appliance.sync.link import LinkState
from appliance.taking import take
from appliance.watch.box import Box
from appliance.watch.systemd import Notifier
from appliance.watch.watch import Watch
from appliance.wiring import Room, build_room, clock, with_speaker
from voiceassist.engines.ports import WakeHit
from voiceassist.errors import BadInput

log = logging.getLogger(__name__)

_BEAT_S = 5.0
RESTART_STATUS = 75  # EX_TEMPFAIL of sysexits(3); the unit knows it for no failure
_STEADY_S = 3.0  # a link that changes more often is not worth a word


def serve(settings: ApplianceSettings, feed: Path | None, edition: Path | None = None) -> None:
    """Be the room until SIGTERM or Ctrl-C; raises `VoiceAssistError` where it can't begin."""
    configure(settings.log_level)
    signal.signal(signal.SIGTERM, _leave)  # until the turns begin, which end in their own way
    spool = Spool(feed) if feed else None
    room = build_room(settings, NullSpeaker(clock), lambda what: log.info("%s", what), edition)
    # what is loaded for good is not gone through for garbage: that stops every thread at once,
    # and a new edition brings enough objects to set it off in the middle of a question
    gc.collect()
    gc.freeze()
    try:
        again = asyncio.run(_until_told(room, spool))
    finally:
        room.close()
    log.info("stopped", extra={"again": again})
    if again:
        raise SystemExit(RESTART_STATUS)


def _leave(_number: int, _frame: object) -> None:
    raise SystemExit(0)


async def _until_told(room: Room, spool: Spool | None) -> bool:
    """Whether the room is to be started again."""
    loop = asyncio.get_running_loop()
    service = Service(room)
    task = asyncio.create_task(service.run(spool))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    await asyncio.wait({task})
    if room.generator is not None:
        room.generator.stop()
    if not task.cancelled():
        task.result()
    return service.again


class Service:
    """One room's turns."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._notifier = Notifier()
        self.events = Events()
        self._switchboard = Switchboard()
        self._keeping = Keeping(room, lambda: self._beside.link.up)
        self.events.watch(self._keeping.watch)
        self._beside = Beside(room, self.events, self._switchboard, self._on_link, self._kept_line)
        self.again = False
        """Whether the hub has ordered that the room be started again."""
        self._turns: asyncio.Task[None] | None = None
        if self._notifier.watched:
            self._beside.orders.end = self._end

    async def run(self, spool: Spool | None) -> None:
        """Take turns until cancelled."""
        self._turns = asyncio.current_task()
        lent = wyoming_server(self._room, self.events)
        await asyncio.to_thread(self._beside.start)
        try:
            if lent is not None:
                await asyncio.to_thread(lent.start)
            told = {"edition": self._room.shelf.version, "panel": self._beside.port}
            log.info("ready", extra=told)
            if spool is not None:
                self._notifier.ready()
                await _all(self._hear_spool(spool), self._beat())
            else:
                await self._hear_room()
        finally:
            self._notifier.stopping()
            if lent is not None:
                await asyncio.to_thread(lent.stop)
            await asyncio.to_thread(self._beside.stop)

    async def _beat(self) -> None:
        while True:
            self._notifier.alive("hears recordings")
            await asyncio.sleep(_BEAT_S)

    async def _hear_spool(self, spool: Spool) -> None:
        async for path in spool.recordings():
            box = with_speaker(self._room, WavSpeaker(clock, spool.spoken(path)))
            try:
                samples = await asyncio.to_thread(read_recording, path)
            except BadInput as error:
                log.warning("%s", error)
                spool.finish(path, {"file": path.name, "error": str(error)})
                continue
            async with aclosing(self._room.stream(Recording(samples, RealTime(clock)))) as frames:
                record = await take(box, frames, self._beside.link, self.events.tell)
            told = record.to_json() if record else {"error": phrases.FAILED}
            spool.finish(path, {"file": path.name, **told})

    async def _hear_room(self) -> None:
        settings, profile = self._room.settings.audio, self._room.engines.profile.audio
        echo = make_echo(profile)
        microphone = Microphone(settings.input or profile.input, echo, clock)
        speaker = Speaker(settings.output or profile.output, echo, clock)
        async with aclosing(self._room.stream(microphone)) as stream:
            peers = make_peers(self._room.settings.peers, self._room.identity, clock)
            live = LiveRoom(
                self._room.box, self._room.segmenter, stream, self._room.engines.wake,
                speaker, self.events, lambda: self._beside.link,
                restart_stream=microphone.restart,
                ours=lambda hit: self._ours(peers, live, hit),
            )  # fmt: skip
            watch = Watch(
                live, Box(self._room.settings.watch.memory_mb).load, clock, self._notifier,
                on_deaf=self._beside.deaf, on_level=self._ease,
            )  # fmt: skip
            self._keeping.hear(live.live)
            self._switchboard.connect(live.attention, microphone, self._beside.changed)
            signals = Signals(
                self._room.engines.profile.signs, live, self._switchboard, self.events,
                self._room.box.voice.sample_rate,
            )  # fmt: skip
            self._beside.signals = lambda: signals.problem
            self._beside.orders.show = signals.here if signals.shows else None
            signals.start()
            if peers is not None:
                self._join(peers)
            try:
                await _all(live.run(), watch.run(), self._announce(live))
            finally:
                await asyncio.to_thread(signals.stop)
                if peers is not None:
                    peers.stop()
                speaker.close()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._end_again)

    def _end_again(self) -> None:
        if self._turns is not None and not self._switchboard.muted:  # by a button, just now
            self.again = True
            self._turns.cancel()

    def _join(self, peers: Peers) -> None:
        self._beside.zone = lambda: peers.problem
        self._beside.metrics.registry.register(PeerFigures(peers))
        peers.start()

    @staticmethod
    async def _ours(peers: Peers | None, live: LiveRoom, hit: WakeHit) -> bool:
        return peers is None or (await settle(peers, live.live, hit)).ours

    def _ease(self, level: Level) -> None:
        self._room.ease(level)
        self._beside.eased(says(level))

    def _kept_line(self) -> str:
        return self._keeping.line

    def _on_link(self, _link: LinkState) -> None:
        self._loop.call_soon_threadsafe(self._changed.set)

    async def _announce(self, live: LiveRoom) -> None:
        told = True
        while True:
            await self._changed.wait()
            await asyncio.sleep(_STEADY_S)
            self._changed.clear()
            if self._beside.link.up != told:
                told = not told
                await live.say(phrases.TOGETHER if told else phrases.ALONE)


async def _all(*works: Coroutine[None, None, None]) -> None:
    """Run all until the first ends or fails; the others end with it."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
