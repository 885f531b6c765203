"""Shows people what the gate makes of words. The words themselves are kept nowhere."""

from __future__ import annotations

from typing import Literal

from hub.phi.schemas import PhiExplained, PhiItem, PhiVerdict
from hub.phi.service import SecondJudge
from hub.ports import Recorder
from voiceassist.contract.verdict import Verdict
from voiceassist.phi.explain import REASONS


class Inquiry:
    """Asks the rooms' judge, and the hub's; each inquiry is in the trail, by kinds alone."""

    def __init__(self, room: SecondJudge, hub: SecondJudge, recorder: Recorder) -> None:
        self._room = room
        self._hub = hub
        self._recorder = recorder

    def check(self, text: str, actor: str) -> PhiVerdict:
        """Whether `text` may leave the building: both judges must clear it."""
        verdicts = self._judged("phi.checked", text, actor)
        kinds = {item.kind for one in verdicts for item in one.items}
        return PhiVerdict(
            held=any(one.held for one in verdicts),
            reasons=tuple(sorted({reason for one in verdicts for reason in one.reasons})),
            kinds=tuple(sorted(kinds)),
        )

    def explain(self, text: str, actor: str) -> tuple[PhiExplained, PhiExplained]:
        """What each judge found, where, and how sure it is."""
        room, hub = self._judged("phi.explained", text, actor)
        return _explained("room", room), _explained("hub", hub)

    def _judged(self, action: str, text: str, actor: str) -> tuple[Verdict, Verdict]:
        verdicts = self._room.judge(text), self._hub.judge(text)
        held = any(one.held for one in verdicts)
        kinds = sorted({item.kind for one in verdicts for item in one.items})
        self._recorder.record(
            action=action,
            outcome="held" if held else "cleared",
            subject="",
            actor=actor,
            detail={"kinds": [*kinds]},
        )
        return verdicts


def _explained(judge: Literal["room", "hub"], verdict: Verdict) -> PhiExplained:
    return PhiExplained(
        judge=judge,
        held=verdict.held,
        reasons={one: REASONS.get(one, one) for one in verdict.reasons},
        items=tuple(
            PhiItem(kind=i.kind, start=i.start, end=i.end, score=round(i.score, 3), by=i.by)
            for i in verdict.items
        ),
    )
