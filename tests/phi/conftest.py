"""The gate as the room has it, made once: spaCy is a dependency, so no weights are needed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Verdict
from voiceassist.phi.build import build_gate
from voiceassist.phi.gate import Gate
from voiceassist.phi.policy import PhiPolicy

Judge = Callable[[str], Verdict]


@pytest.fixture(scope="session")
def gate() -> Gate:
    return build_gate(PhiPolicy(timeout_s=20), None)


@pytest.fixture(scope="session")
def judge(gate: Gate) -> Judge:
    return lambda text: gate.judge(Transcript(text, confidence=1.0))
