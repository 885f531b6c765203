"""Rounds with a live room: questions, and what is said over their answers."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from appliance.bench.clips import Clip
from appliance.bench.session import Session
from appliance.events import Answered, Composed, Listened, Over
from appliance.rules.commands import Command
from appliance.rules.route import Order
from appliance.turn import TurnRecord

_ANSWERS_S = 8.0
_ENDS_S = 60.0
_INTO_S = 1.0  # an answer has been heard for so long when it is spoken over
_REACTS_S = 4.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A question heard to the end of its answer; milliseconds, None where there was none.

    `ledger_ms` is by how much the stages' times miss what the clock says between the end of
    speech as the room found it and the first sound.
    """

    woke: bool
    found: bool = False
    first_audio_ms: float | None = None
    ledger_ms: float | None = None
    composed: bool = False
    wait_ms: float | None = None  # silence before what was composed


@dataclass(frozen=True, slots=True)
class Spoken:
    """A command over an answer: milliseconds from where it ended to its effect.

    `silent_ms` runs from where it began to the answer's silence.
    """

    command: Command
    obeyed: bool
    silent_ms: float | None = None
    effect_ms: float | None = None


async def ask(here: Session, clip: Clip) -> Asked:
    """Ask, and hear the answer out."""
    began = here.air.say(clip.samples)
    ended = began + clip.ends_s
    over = await here.until(lambda: bool(here.since(began, Over)), clip.ends_s + _ENDS_S)
    turns = [event.record for _, event in here.since(began, Over)]
    await here.quiet()
    if not over or not turns or turns[0] is None:
        return Asked(woke=False)
    record, first = turns[0], here.speaker.first_since(began)
    made = [moment for moment, event in here.since(began, Composed) if event.sentences]
    return Asked(
        woke=True,
        found=record.found,
        first_audio_ms=_ms(ended, first),
        ledger_ms=_ledger(here, record, began, first),
        composed=bool(made),
        wait_ms=_longest_wait(here, made[0]) if made else None,
    )


async def begin(here: Session, clip: Clip) -> bool:
    """Ask, and come back in the middle of the answer."""
    began = here.air.say(clip.samples)
    if await here.sound(began + clip.ends_s, _ANSWERS_S + clip.ends_s) is None:
        await here.quiet()
        return False
    await asyncio.sleep(_INTO_S)
    return True


async def repeat(here: Session, clip: Clip) -> Spoken:
    """Ask to repeat over an answer, and come back in the middle of what is repeated."""
    began = here.air.say(clip.samples)
    ended = began + clip.ends_s
    await here.until(lambda: _obeyed(here, began, Command.REPEAT), clip.ends_s + _REACTS_S)
    obeyed = _obeyed(here, began, Command.REPEAT)
    first = await here.sound(_decided(here, began), _REACTS_S) if obeyed else None
    await asyncio.sleep(_INTO_S)
    silent = here.speaker.silent_since(began + clip.begins_s)
    return Spoken(Command.REPEAT, obeyed, _ms(began + clip.begins_s, silent), _ms(ended, first))


async def stop(here: Session, clip: Clip) -> Spoken:
    """Stop an answer; its effect is that nothing more of it will be said."""
    began = here.air.say(clip.samples)
    ended = began + clip.ends_s
    await here.until(lambda: _obeyed(here, began, Command.STOP), clip.ends_s + _REACTS_S)
    obeyed = _obeyed(here, began, Command.STOP)
    stops = [moment for moment in here.speaker.stops if moment > began]
    silent = here.speaker.silent_since(began + clip.begins_s)
    await here.quiet()
    effect = stops[0] if obeyed and stops else None
    return Spoken(Command.STOP, obeyed, _ms(began + clip.begins_s, silent), _ms(ended, effect))


def _obeyed(here: Session, since: float, command: Command) -> bool:
    """Whether a turn that began since was that command; it is routed before a sound of it."""
    return any(route == command for _, route in _orders(here, since))


def _decided(here: Session, since: float) -> float:
    return next(moment for moment, _ in _orders(here, since))


def _orders(here: Session, since: float) -> Sequence[tuple[float, Command]]:
    told = here.since(since, Answered)
    return [(at, event.route.command) for at, event in told if isinstance(event.route, Order)]


def _ledger(here: Session, record: TurnRecord, began: float, first: float | None) -> float | None:
    # a question that went on was heard twice: the end is that of the turn that was answered
    listened = [
        event.end for _, event in here.since(began, Listened) if event.turn_id == record.turn_id
    ]
    if first is None or not listened:
        return None
    true_ms = (first - here.live.live.moment(listened[-1])) * 1000
    return abs(sum(record.timings.values()) - true_ms)


def _longest_wait(here: Session, made: float) -> float:
    """The longest silence of the answer around the moment at which more of it was there."""
    blocks = [one for one in here.speaker.blocks if one[1] > made - _ENDS_S]
    gaps = [
        (later[0] - earlier[1])
        for earlier, later in itertools.pairwise(blocks)
        if later[0] > made > earlier[0] or abs(later[0] - made) < _INTO_S
    ]
    return max([0.0, *gaps]) * 1000


def _ms(since: float, moment: float | None) -> float | None:
    return None if moment is None else (moment - since) * 1000
