from __future__ import annotations

from collections.abc import Iterator

import pytest

from voiceassist.engines.ports import Generator, Prompt
from voiceassist.engines.registry import Engines

pytestmark = [pytest.mark.weights, pytest.mark.slow]


@pytest.fixture(scope="module")
def generator(engines: Engines) -> Iterator[Generator]:
    made = engines.generator()
    assert made is not None
    yield made
    made.close()


def test_a_grammar_binds_the_answer(generator: Generator) -> None:
    """With a grammar, the answer is one of its sentences whatever the question."""
    prompt = Prompt(
        system="Answer briefly.",
        user="Is water wet?",
        max_tokens=8,
        grammar='root ::= "perhaps" | "never"',
    )
    assert "".join(generator.generate(prompt)) in {"perhaps", "never"}


def test_stop_ends_at_the_next_piece(generator: Generator) -> None:
    """After `stop`, a running generation gives no more pieces, and the next one runs."""
    counting = Prompt(system="", user="Count from one to forty in words.", max_tokens=64)
    running = generator.generate(counting)
    next(running)
    generator.stop()
    assert not list(running)
    assert next(generator.generate(counting))


def test_the_most_tokens_hold(generator: Generator) -> None:
    """No more than `max_tokens` come."""
    counting = Prompt(system="", user="Count from one to forty in words.", max_tokens=5)
    text = "".join(generator.generate(counting))
    assert 1 <= generator.count_tokens(text) <= 6


def test_the_speed_is_a_figure(generator: Generator) -> None:
    """Measuring gives positive tokens per second for prompt and answer."""
    speed = generator.measure()
    assert speed.prompt > 0
    assert speed.generation > 0
