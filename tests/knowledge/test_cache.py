from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from voiceassist.contract.knowledge import Sentence, Source
from voiceassist.contract.verdict import Cleared, Held
from voiceassist.errors import Unavailable
from voiceassist.knowledge.answers.cache import AnswerCache, Scope
from voiceassist.phi import gate as phi_gate

SCOPE = Scope(version=3, state_root="aa", policy="p")
WORDS = "Give amoxicillin 500 mg three times a day."
SOURCE = Source(
    document="card", version=1, title="Card", place="", quote=WORDS, start=0, end=len(WORDS)
)
ANSWER = (Sentence(text=WORDS, kind="composed", sources=(SOURCE,)),)
QUESTION = "what is the dose of amoxicillin in adults with otitis media"

Make = Callable[..., AnswerCache]


def cleared(text: str) -> Cleared:
    return Cleared(text, phi_gate._SEAL)


@pytest.fixture
def make(tmp_path: Path, embedder: Any) -> Iterator[Make]:
    made: list[AnswerCache] = []

    def make(**more: Any) -> AnswerCache:
        made.append(AnswerCache(tmp_path / "cache.sqlite", embedder, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_the_same_question_in_other_small_words_is_answered(make: Make) -> None:
    """What was kept comes back whole, however politely it is asked again."""
    cache = make()
    cache.put(cleared(QUESTION), SCOPE, ANSWER)
    again = "please tell me the amoxicillin dose for adults with otitis media"
    assert cache.look_up(cleared(QUESTION), SCOPE) == ANSWER
    assert cache.look_up(cleared(again), SCOPE) == ANSWER


@pytest.mark.parametrize(
    "other",
    [
        "what is the dose of amoxicillin in children with otitis media",
        "what is the dose of ampicillin in adults with otitis media",
        "what is the dose of amoxicillin in adults without otitis media",
        "what is the dose of amoxicillin in adults with otitis externa",
        "what is the maximum dose of amoxicillin in adults with otitis media",
        "what is the dose of amoxicillin in adults over 65 with otitis media",
        "when is the dose of amoxicillin in adults with otitis media",
        "why is the dose of amoxicillin in adults with otitis media",
        "what is the dose of amoxicillin in adults with severe otitis media",
        "what is the dose of amoxicillin after otitis media in adults",
    ],
)
def test_a_near_question_is_another_question(make: Make, other: str) -> None:
    """Another patient, drug, number, denial, topic, or kind of question is no hit."""
    cache = make()
    cache.put(cleared(QUESTION), SCOPE, ANSWER)
    assert cache.look_up(cleared(other), SCOPE) == ()


def test_a_letter_may_be_all_that_differs(make: Make) -> None:
    """Hepatitis A is not hepatitis B, in lower case, too."""
    cache = make()
    cache.put(cleared("who is at risk for hepatitis a"), SCOPE, ANSWER)
    assert cache.look_up(cleared("who is at risk for hepatitis b"), SCOPE) == ()
    assert cache.look_up(cleared("who is at risk of hepatitis"), SCOPE) == ()


def test_two_drugs_do_not_change_places(make: Make) -> None:
    """From one drug to another is not the way back."""
    cache = make()
    cache.put(cleared("how do i change from warfarin to apixaban"), SCOPE, ANSWER)
    assert cache.look_up(cleared("how do i change from apixaban to warfarin"), SCOPE) == ()


@pytest.mark.parametrize("text", [Held(QUESTION, reasons=("items",)), QUESTION, None])
def test_what_is_held_neither_enters_nor_is_looked_up(make: Make, text: Any) -> None:
    """Law 1: whatever the type checker was told, only a Cleared passes this door."""
    cache = make()
    cache.put(cleared(QUESTION), SCOPE, ANSWER)
    with pytest.raises(TypeError):
        cache.put(text, SCOPE, ANSWER)
    with pytest.raises(TypeError):
        cache.look_up(text, SCOPE)


@pytest.mark.parametrize(
    "other", [Scope(4, "aa", "p"), Scope(3, "bb", "p"), Scope(3, "aa", "q"), Scope(2, "aa", "p")]
)
def test_another_edition_or_policy_empties_it(make: Make, other: Scope) -> None:
    """Nothing is given across editions or policies, and going back brings nothing back."""
    cache = make()
    cache.put(cleared(QUESTION), SCOPE, ANSWER)
    assert cache.look_up(cleared(QUESTION), other) == ()
    assert cache.look_up(cleared(QUESTION), SCOPE) == ()


def test_it_outlives_a_restart(make: Make) -> None:
    """Another process finds what was kept, for the same edition and policy."""
    first = make()
    first.put(cleared(QUESTION), SCOPE, ANSWER)
    first.close()
    assert make().look_up(cleared(QUESTION), SCOPE) == ANSWER


@pytest.mark.parametrize("harm", ["garbage", "cut", "middle"])
def test_a_damaged_file_is_begun_anew(make: Make, tmp_path: Path, harm: str) -> None:
    """Damage costs what was kept and never an answer or a turn."""
    first = make()
    first.put(cleared(QUESTION), SCOPE, ANSWER)
    first.close()
    file = tmp_path / "cache.sqlite"
    data = file.read_bytes()
    file.write_bytes(
        {
            "garbage": b"no database " * 500,
            "cut": data[: len(data) // 3],
            "middle": data[:200] + b"\xff" * 9000 + data[9200:],
        }[harm]
    )
    cache = make()
    assert cache.look_up(cleared(QUESTION), SCOPE) == ()
    cache.put(cleared(QUESTION), SCOPE, ANSWER)
    assert cache.look_up(cleared(QUESTION), SCOPE) == ANSWER


def test_a_place_that_cannot_be_written_keeps_nothing(tmp_path: Path, embedder: Any) -> None:
    """Without a file there is no cache, and no error either."""
    cache = AnswerCache(tmp_path / "absent" / "cache.sqlite", embedder)
    cache.put(cleared(QUESTION), SCOPE, ANSWER)
    assert cache.look_up(cleared(QUESTION), SCOPE) == ()


def test_an_embedder_that_fails_is_no_answer(tmp_path: Path, embedder: Any) -> None:
    """Where the model can't run, the question is answered as though nothing was kept."""

    class Failing:
        model, sha256, dimension = "m", "s", 8

        def embed(self, texts: Any) -> Any:
            raise Unavailable("the model is away; pull it")

    cache = AnswerCache(tmp_path / "cache.sqlite", Failing())
    cache.put(cleared(QUESTION), SCOPE, ANSWER)
    assert cache.look_up(cleared(QUESTION), SCOPE) == ()


def test_the_oldest_makes_room(make: Make) -> None:
    """It holds at most what it was told to; asking again keeps no second copy."""
    cache = make(most=2)
    topics = [cleared(f"what is the treatment of {one}") for one in ("gout", "croup", "shingles")]
    for topic in topics:
        cache.put(topic, SCOPE, ANSWER)
        cache.put(topic, SCOPE, ANSWER)
    kept = [bool(cache.look_up(topic, SCOPE)) for topic in topics]
    assert kept == [False, True, True]


def test_the_file_holds_no_words_of_a_question(make: Make, tmp_path: Path) -> None:
    """A question is kept as a vector and a digest."""
    cache = make()
    cache.put(cleared("what is the treatment of xanthogranuloma"), SCOPE, ANSWER)
    cache.close()
    assert b"xanthogranuloma" not in (tmp_path / "cache.sqlite").read_bytes()


def test_many_threads_may_ask_at_once(make: Make) -> None:
    """Threads that put and look up in two scopes see only what their own scope holds."""
    cache = make()
    wrong: list[object] = []

    def work(number: int) -> None:
        scope = Scope(number % 2, "aa", "p")
        answer = (Sentence(text=f"edition {number % 2}", kind="composed", sources=()),)
        for _ in range(30):
            cache.put(cleared(QUESTION), scope, answer)
            if cache.look_up(cleared(QUESTION), scope) not in ((), answer):
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
