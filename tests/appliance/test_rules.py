from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.rules.commands import Command, command_of
from appliance.rules.compose import adds_something, worth_composing
from appliance.rules.heard import strip_wake_word
from appliance.rules.route import Hub, Order, Refuse, Room, choose_route, searchable
from voiceassist.contract.knowledge import Sentence
from voiceassist.contract.verdict import Cleared, Held, Item
from voiceassist.engines.ports import Speed
from voiceassist.knowledge.expecting import expectations
from voiceassist.phi import gate as phi_gate


@pytest.mark.parametrize(
    ("said", "command"),
    [
        ("Stop.", Command.STOP),
        ("Cancel", Command.STOP),
        ("Never mind.", Command.STOP),
        ("Repeat that, please.", Command.REPEAT),
        ("Can you say that again?", Command.REPEAT),
        ("Which source was that?", Command.SOURCE),
        ("What's the source?", Command.SOURCE),
        ("Tell me more.", Command.MORE),
        ("Slower please", Command.SLOWER),
        ("Speak a little louder", Command.LOUDER),
    ],
)
def test_commands_are_known_as_they_are_said(said: str, command: Command) -> None:
    """The assistant's commands are recognised in the forms people use."""
    assert command_of(said) is command


@pytest.mark.parametrize(
    "said",
    [
        "When should I stop metformin?",
        "What is the source of hepatitis A?",
        "How often can I repeat the dose?",
        "Is more than 4 g too much?",
        "",
    ],
)
def test_questions_are_no_commands(said: str) -> None:
    """A question that holds a command's word stays a question."""
    assert command_of(said) is None


@pytest.mark.parametrize(
    ("heard", "left"),
    [
        ("Hey Jarvis, what is lupus?", "what is lupus?"),
        ("Hey, Jarvis! Stop.", "Stop."),
        ("K. Jarvis, the patient", "the patient"),
        ("Jarvis when should I", "when should I"),
        ("Hey Jarvis. Hey Jarvis, stop", "stop"),
        ("Hey Jarvis", ""),
        ("Mr. Jarvis has a fever", "Mr. Jarvis has a fever"),
        ("What is Travis syndrome?", "What is Travis syndrome?"),
        ("Travis Okafor has a fever.", "Travis Okafor has a fever."),
    ],
)
def test_the_wake_word_is_taken_off(heard: str, left: str) -> None:
    """A leading wake word goes, also misheard; a person's name stays for the gate to judge."""
    assert strip_wake_word(heard) == left


@given(st.lists(st.text(st.characters(categories=["Ll"]), min_size=3, max_size=20), max_size=200))
def test_the_prompt_stays_short(names: list[str]) -> None:
    """However many drugs a clinic has, the recogniser's prompt stays within its limit."""
    assert len(expectations(names)) <= 450


CLEARED = Cleared("what is the dose of ibuprofen", phi_gate._SEAL)
HELD = Held("what may john take", reasons=("items",))


@pytest.mark.parametrize("up", [True, False])
@pytest.mark.parametrize("policy", ["never", "cleared"])
def test_only_a_cleared_query_has_a_way_to_the_hub(up: bool, policy: str) -> None:  # noqa: FBT001
    """Of all verdicts, links and policies, cleared, up and "cleared" alone lead to the hub."""
    assert isinstance(choose_route(HELD, up=up, policy=policy), Room)
    route = choose_route(CLEARED, up=up, policy=policy)
    assert isinstance(route, Hub) == (up and policy == "cleared")


def test_a_command_stays_whatever_the_verdict() -> None:
    """A command is done in the room, held or cleared; nothing at all is refused."""
    for verdict in (Held("stop"), Cleared("stop", phi_gate._SEAL)):
        assert isinstance(choose_route(verdict, up=True, policy="cleared"), Order)
    assert isinstance(choose_route(Held("  "), up=True, policy="cleared"), Refuse)


def test_composing_pays_only_on_a_board_fast_enough() -> None:
    """A model is asked only where its first sentence is ready before the quotation ends."""
    assert worth_composing(Speed(prompt=300, generation=30), 300, quotation_s=10)
    assert not worth_composing(Speed(prompt=30, generation=5), 300, quotation_s=10)
    assert not worth_composing(Speed(prompt=0, generation=0), 10, quotation_s=10)


def test_what_was_said_already_adds_nothing() -> None:
    """A sentence made of words already spoken is not worth saying."""
    said = [Sentence(text="Give epinephrine 0.5 mg into the thigh.", kind="quote")]
    assert not adds_something("Give epinephrine into the thigh.", said)
    assert adds_something("Repeat epinephrine every 5 minutes.", said)


def test_a_held_query_is_searched_without_what_identifies() -> None:
    """Overlapping items leave together; the rest keeps its order; the route stays the room's."""
    text = "MRN 441296 needs a repeat potassium"
    held = Held(text, (Item("ID", 0, 10, 0.8, "ids"), Item("MRN", 4, 10, 0.9, "ids")), ("items",))
    route = choose_route(held, up=True, policy="cleared")
    assert isinstance(route, Room)
    assert route.query == "needs a repeat potassium"


def test_a_query_that_is_all_item_is_searched_as_it_is() -> None:
    """Nothing left is no query: the words themselves are looked up, in the room."""
    assert searchable(Held("John Smith", (Item("NAME", 0, 10, 0.9, "names"),))) == "John Smith"
