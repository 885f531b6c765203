"""A turn over the socket as a program meets it, with fakes for what hears, answers and speaks."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from tests.hub.talking import (
    PATH,
    QUIET,
    House,
    begin,
    client,
    failed,
    kinds,
    no_activity,
    pcm,
    person,
    talking,
    told,
)
from voiceassist.errors import StoreFull

ANSWER = ["verdict", "sentence", "sentence", "speech", "speech", "done"]


@pytest.fixture
def house() -> House:
    return House()


def test_a_question_by_the_button_is_heard_asked_answered_and_spoken(house: House) -> None:
    """The whole of a turn, in order: what was heard, the verdict, sentences, speech, the end."""
    with talking(house, conversation="c-7") as socket:
        socket.send_bytes(pcm(0.5))
        socket.send_json({"type": "end"})
        messages = told(socket, "done")
    assert kinds(messages)[:3] == ["listening", "final", "verdict"]
    assert sorted(kinds(messages)[2:]) == sorted(ANSWER)
    by_kind = {one["type"]: one for one in messages}
    assert by_kind["final"] == {"type": "final", "text": "what is the dose", "confidence": 0.9}
    assert by_kind["verdict"] == {"type": "verdict", "held": False, "reasons": [], "route": ""}
    assert by_kind["sentence"]["title"] == "Gout"
    assert by_kind["sentence"]["kind"] == "quote"
    speeches = [one for one in messages if one["type"] == "speech"]
    assert [one["sentence"] for one in speeches] == [0, 1]
    assert all(one["bytes"] == 640 and one["rate"] == 16_000 for one in speeches)
    assert by_kind["done"] == {
        "type": "done", "route": "library", "message": "m-1", "conversation": "c-7",
    }  # fmt: skip
    assert house.ear.lengths == [8000]
    assert house.ear.niceness >= 10  # who types or searches goes first
    assert [(who, said.text, c) for who, said, c in house.assistant.asked] == [
        ("dana", "what is the dose", "c-7")
    ]


def test_a_typed_question_is_certain_and_stays_in_its_conversation(house: House) -> None:
    """What is typed has confidence 1, and the next question names the conversation that began."""
    with talking(house, speak=False) as socket:
        for _ in range(2):
            socket.send_json({"type": "ask", "text": "dose of naproxen"})
            assert kinds(told(socket, "done")) == [
                "final",
                "verdict",
                "sentence",
                "sentence",
                "done",
            ]
    assert [(said.confidence, c) for _, said, c in house.assistant.asked] == [(1, ""), (1, "c-1")]


def test_what_is_held_is_marked(house: House) -> None:
    """The verdict tells that the question stays on the hub, and why."""
    house.assistant.held = True
    with talking(house) as socket:
        socket.send_json({"type": "ask", "text": "my patient"})
        verdict = told(socket, "verdict")[-1]
        told(socket, "done")
    assert verdict == {"type": "verdict", "held": True, "reasons": ["items"], "route": ""}


@pytest.mark.parametrize(
    ("text", "confidence"), [("", 0.9), ("  ", 0.9), ("words", 0.2), ("words", float("nan"))]
)
def test_what_was_not_heard_well_is_told_and_not_asked(
    house: House, text: str, confidence: float
) -> None:
    """Empty or doubtful words reach no assistant; the person is told to say it again."""
    house.ear.text, house.ear.confidence = text, confidence
    with talking(house) as socket:
        socket.send_bytes(pcm(0.5))
        socket.send_json({"type": "end"})
        failed(socket, "NOT_HEARD")
    assert house.assistant.asked == []


def test_stop_ends_an_answer_at_once(house: House) -> None:
    """In the middle of speech: stopped, no further frame, and the assistant leaves off."""
    house.assistant.steps = threading.Semaphore(1)
    house.voice.seconds = 30.0
    with talking(house) as socket:
        socket.send_json({"type": "ask", "text": "dose"})
        told(socket, "speech")
        socket.send_json({"type": "stop"})
        assert "done" not in kinds(told(socket, "stopped"))
        house.assistant.steps.release(9)
        assert house.assistant.closed.wait(5)
        house.voice.seconds = 0.02
        socket.send_json({"type": "ask", "text": "another"})
        assert kinds(told(socket, "verdict")) == ["final", "verdict"]
        told(socket, "done")


def test_speech_is_sent_no_faster_than_it_is_heard(house: House) -> None:
    """A long sentence is not poured out: who interrupts has little of it left to throw away."""
    house.voice.seconds = 1.0
    began = time.monotonic()
    with talking(house, limits={"lead_s": 0.2}) as socket:
        socket.send_json({"type": "ask", "text": "dose"})
        told(socket, "done")
    assert time.monotonic() - began >= 1.9


def test_a_question_waits_for_the_answer_before_to_let_go(house: House) -> None:
    """One that hangs does not pile up threads: the next is told to wait."""
    house.assistant.steps = threading.Semaphore(0)
    with talking(house, limits={"patience_s": 0.2}) as socket:
        socket.send_json({"type": "ask", "text": "one"})
        told(socket, "verdict")
        socket.send_json({"type": "ask", "text": "two"})
        told(socket, "stopped")
        failed(socket, "UNAVAILABLE")
        house.assistant.steps.release(9)
        assert house.assistant.closed.wait(5)
        socket.send_json({"type": "ask", "text": "three"})
        told(socket, "done")
    assert [said.text for _, said, _ in house.assistant.asked] == ["one", "three"]


def test_an_error_of_the_assistant_is_told_and_the_connection_stays(house: House) -> None:
    """Known ones with their code, others as internal, without a word of what was said."""
    with talking(house) as socket:
        house.assistant.error = StoreFull("the disk is full; make room")
        socket.send_json({"type": "ask", "text": "dose"})
        assert failed(socket, "UNAVAILABLE")["message"] == "the disk is full; make room"
        house.assistant.error = RuntimeError("secret words")
        socket.send_json({"type": "ask", "text": "dose"})
        assert "secret" not in failed(socket, "INTERNAL_ERROR")["message"]
        house.assistant.error = None
        socket.send_json({"type": "ask", "text": "dose"})
        told(socket, "done")


def test_without_a_voice_the_answer_can_be_read(house: House) -> None:
    """Missing weights are told once, with what to do; the text comes all the same."""
    house.voice.problem = "piper-joe is not on this machine; run: voiceassist models pull"
    with talking(house) as socket:
        socket.send_json({"type": "ask", "text": "dose"})
        messages = told(socket, "done")
    assert kinds(messages).count("error") == 1
    assert kinds(messages).count("sentence") == 2


def test_hands_free_hears_where_a_question_ends(house: House) -> None:
    """Speech and a silence make a question, with some partial words on the way."""
    with talking(house, mode="hands-free") as socket:
        for _ in range(15):
            socket.send_bytes(pcm(0.1))
        assert "partial" in kinds(told(socket, "partial"))
        socket.send_bytes(pcm(1.0, QUIET))
        messages = told(socket, "done")
    assert kinds(messages)[:2] == ["final", "verdict"]
    assert house.ear.lengths[-1] == pytest.approx(1.7 * 16_000, abs=1024)


def test_hands_free_speech_interrupts_an_answer(house: House) -> None:
    """Who talks over the answer ends it, and is heard."""
    house.voice.seconds = 30.0
    with talking(house, mode="hands-free") as socket:
        socket.send_json({"type": "ask", "text": "dose"})
        told(socket, "speech")
        socket.send_bytes(pcm(0.2))  # a cough is no interruption
        socket.send_bytes(pcm(0.3, QUIET))
        socket.send_bytes(pcm(0.5))
        assert kinds(told(socket, "listening"))[-2:] == ["stopped", "listening"]
        house.voice.seconds = 0.02
        socket.send_bytes(pcm(1.0, QUIET))
        assert "final" in kinds(told(socket, "done"))


def test_who_goes_on_while_being_recognised_is_asked_for_as_one(house: House) -> None:
    """A pause that was taken for the end loses no words: both parts are recognised together."""
    house.ear.gate.clear()
    with talking(house, mode="hands-free", limits={"partial_s": 60.0}) as socket:
        socket.send_bytes(pcm(1.0) + pcm(0.9, QUIET))
        told(socket, "listening")
        while not house.ear.lengths:
            time.sleep(0.01)
        socket.send_bytes(pcm(0.5))
        assert kinds(told(socket, "listening")) == ["stopped", "listening"]
        house.ear.gate.set()
        socket.send_bytes(pcm(1.0, QUIET))
        told(socket, "done")
    assert len(house.assistant.asked) == 1
    assert house.ear.lengths[-1] > 1.9 * 16_000


def test_where_hands_free_is_not_possible_the_button_still_is(house: House) -> None:
    """Without the weights for it, it is told what to do, and the mode that there is."""
    house.activity = no_activity
    with client(house) as made, made.websocket_connect(PATH) as socket:
        socket.send_json({"type": "start", "token": "good", "mode": "hands-free"})
        assert "models pull" in failed(socket, "UNAVAILABLE")["message"]
        assert socket.receive_json()["mode"] == "push-to-talk"


def test_two_at_once_each_get_their_own(house: House) -> None:
    """One waits for the recogniser while the other types; neither hears of the other's."""
    house.sessions.known["ann"] = person("ann")
    house.ear.gate.clear()
    with (
        client(house) as made,
        made.websocket_connect(PATH) as one,
        made.websocket_connect(PATH) as two,
    ):
        begin(one, speak=False)
        begin(two, token="ann", speak=False)
        one.send_bytes(pcm(0.5))
        one.send_json({"type": "end"})
        told(one, "listening")
        two.send_json({"type": "ask", "text": "typed by ann"})
        assert [one["text"] for one in told(two, "final")] == ["typed by ann"]
        told(two, "done")
        house.ear.gate.set()
        assert told(one, "final")[-1]["text"] == "what is the dose"
        told(one, "done")
    assert [who for who, _, _ in house.assistant.asked] == ["ann", "dana"]


def test_a_connection_that_is_cut_leaves_nothing_behind(house: House) -> None:
    """In the middle of an answer: the assistant leaves off, threads and seats are free."""
    house.assistant.steps = threading.Semaphore(1)
    house.voice.seconds = 30.0
    with talking(house) as socket:
        socket.send_json({"type": "ask", "text": "dose"})
        told(socket, "speech")
        socket.close(1001)
        house.assistant.steps.release(9)
    assert house.assistant.closed.wait(5)


def test_nobody_s_words_or_audio_are_logged(house: House, net: Any) -> None:
    """A turn, a failure and junk leave nothing of what was said in any log."""
    house.ear.text = "zebulon quackenbush"
    with talking(house) as socket:
        socket.send_bytes(pcm(0.5))
        socket.send_json({"type": "end"})
        told(socket, "done")
        house.assistant.error = RuntimeError("zebulon again")
        socket.send_json({"type": "ask", "text": "typed quackenbush"})
        failed(socket, "INTERNAL_ERROR")
        socket.send_text('{"type":"ask","texts":"quackenbush"}')
        failed(socket, "VALIDATION_ERROR")
    assert "a turn failed: RuntimeError" in net.caught
    for secret in ("zebulon", "quackenbush", "naproxen"):
        assert secret not in net.caught.lower()


def test_a_recogniser_that_is_away_is_told_of_once(house: House) -> None:
    """Partials fail in silence: the question itself tells what to do, and typing goes on."""
    house.ear.problem = "whisper-tiny.en is not on this machine; run: voiceassist models pull"
    with talking(house, limits={"partial_s": 0.2}, speak=False) as socket:
        for _ in range(5):
            socket.send_bytes(pcm(0.5))
            while not house.service._recogniser.idle:
                time.sleep(0.01)
        socket.send_json({"type": "end"})
        socket.send_json({"type": "ask", "text": "dose"})
        messages = told(socket, "done")
    assert len(house.ear.lengths) > 2
    assert kinds(messages)[:1] == ["listening"]
    assert kinds(messages).count("error") <= 1
