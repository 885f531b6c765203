from __future__ import annotations

from appliance.adapters.judging import JudgeStage
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Cleared, GateSeal, Held, Verdict


class FakeGate:
    """Holds what names Maria, and notes what each query was said to follow."""

    def __init__(self) -> None:
        self.followed: list[Verdict | None] = []

    def judge(self, transcript: Transcript, *, previous: Verdict | None = None) -> Verdict:
        self.followed.append(previous)
        if "Maria" in transcript.text:
            return Held(transcript.text, reasons=("items",))
        return Cleared(transcript.text, GateSeal())


async def follow(*texts: str) -> list[Verdict | None]:
    gate = FakeGate()
    stage = JudgeStage(gate)
    for text in texts:
        await stage.judge(Transcript(text, confidence=1.0))
    return gate.followed


async def test_the_gate_is_told_of_the_turn_before() -> None:
    """A follow-up is judged in the light of the question that it follows."""
    first, second = await follow("Maria has a fever", "and what about her sister")
    assert first is None
    assert isinstance(second, Held)


async def test_a_command_between_does_not_hide_what_was_held() -> None:
    """A "repeat that" is no new subject: what follows it still follows the held question."""
    *_, last = await follow("Maria has a fever", "repeat that please", "and her sister")
    assert isinstance(last, Held)


async def test_a_yes_between_does_not_hide_what_was_held() -> None:
    """A "yes" to an offer is no new subject either: what follows it still follows the held one."""
    *_, last = await follow("Maria has a fever", "yes please", "and her sister")
    assert isinstance(last, Held)


async def test_words_of_our_own_are_judged_alone() -> None:
    """Generalised words follow nothing, and nothing follows them."""
    gate = FakeGate()
    stage = JudgeStage(gate)
    await stage.judge(Transcript("Maria has a fever", confidence=1.0))
    await stage.judge_anew(Transcript("the patient has a fever", confidence=1.0))
    await stage.judge(Transcript("and her sister", confidence=1.0))
    assert gate.followed[:2] == [None, None]
    assert isinstance(gate.followed[2], Held)
