from __future__ import annotations

import asyncio

import pytest

from appliance.adapters.early import Early
from appliance.rules.barge import Paused
from tests.appliance.test_attention import Place
from voiceassist.errors import Unavailable


class Ear:
    """Hears what lies between two places, once it is let."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []
        self.let = asyncio.Event()
        self.broken = False

    async def hear(self, start: int, end: int) -> str:
        self.asked.append((start, end))
        await self.let.wait()
        if self.broken:
            raise Unavailable("the ear is gone")
        return f"{start}-{end}"


async def test_what_was_begun_at_the_pause_is_what_is_heard() -> None:
    """Asked once, known before the end, and not of another end."""
    ear = Ear()
    early = Early(ear.hear)
    early.follow(Paused(10, 20))
    await asyncio.sleep(0)
    assert early.done(20) is None
    ear.let.set()
    await asyncio.sleep(0.01)
    assert (early.done(20), early.done(30)) == ("10-20", None)
    assert await early.heard(10, 20) == "10-20"
    assert ear.asked == [(10, 20)]


async def test_more_that_was_said_is_heard_anew() -> None:
    """The first hearing is dropped, and counts for nothing."""
    ear = Ear()
    early = Early(ear.hear)
    early.follow(Paused(10, 20))
    await asyncio.sleep(0)
    ear.let.set()
    assert await early.heard(10, 40) == "10-40"
    assert ear.asked == [(10, 20), (10, 40)]


async def test_an_ear_that_fails_early_fails_where_it_is_waited_for() -> None:
    """Not before, and not silently."""
    ear = Ear()
    ear.broken = True
    ear.let.set()
    early = Early(ear.hear)
    early.follow(Paused(10, 20))
    await asyncio.sleep(0.01)
    assert early.done(20) is None
    with pytest.raises(Unavailable):
        await early.heard(10, 20)


async def test_a_command_need_not_wait_for_more_silence() -> None:
    """It is recognised at the first pause, and obeyed as soon as it is known."""
    place = Place()
    await place.ask()
    place.ear.says = ["stop"]
    await place.hear(500, 0.9)
    await place.hear(200)
    assert [len(place.turns.calls), place.turns.spoken[-1]] == [2, "stop"]
    await place.end()


async def test_words_after_a_pause_are_heard_together() -> None:
    """What was recognised at a pause counts for nothing once more is said."""
    place = Place()
    await place.ask()
    place.ear.says = ["oh", "oh stop"]
    await place.hear(300, 0.9)
    await place.hear(200)
    await place.hear(300, 0.9)
    await place.hear(200)
    assert [len(one.samples) > 0 for one in place.ear.heard[-2:]] == [True, True]
    assert place.ear.heard[-2].speech_end < place.ear.heard[-1].speech_end
    await place.end()
