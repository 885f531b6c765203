from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from voiceassist.contract.knowledge import Sentence
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Cleared, Held, Item, Verdict
from voiceassist.errors import Unavailable
from voiceassist.phi.build import build_gate
from voiceassist.phi.policy import PhiPolicy

API = "/api/v1/chat/conversations"
GOUT = b"# Gout\n\nGive naproxen 500 mg twice daily for gout. Check the kidneys first.\n"
QUESTION = "how much naproxen for gout"
PATIENT = "how much naproxen for gout for John Smith"


class Outside:
    """A cloud that answers as the test says."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.allowed = True
        self.act: Callable[[], Sequence[Sentence]] = lambda: (
            Sentence(text="Naproxen 500 mg twice daily.", kind="composed"),
        )

    def open(self) -> bool:
        return self.allowed

    def ask(self, actor: str, _turn: str, query: Cleared) -> Sequence[Sentence]:
        assert isinstance(query, Cleared)
        self.asked.append((actor, query.text))
        return self.act()


@pytest.fixture
async def clinic(hub: Any) -> Any:
    hub.rooms.documents.add("gout.md", GOUT, "t")
    hub.index()
    hub.rooms.editions.publish("t")
    hub.container._first_judge._judge = build_gate(PhiPolicy(), None)
    hub.outside = hub.container.chat._outside = Outside()
    hub.headers = await hub.sign_in_as("clinician")
    made = await hub.client.post(API, headers=hub.headers)
    hub.conversation = made.json()["data"]["id"]
    return hub


async def _ask(hub: Any, text: str, *, stream: bool = False, **more: Any) -> Any:
    accept = {"Accept": "text/event-stream"} if stream else {}
    return await hub.client.post(
        f"{API}/{hub.conversation}/messages",
        json={"text": text, **more},
        headers=hub.headers | accept,
    )


def _events(text: str) -> list[tuple[str, Any]]:
    found = []
    for block in text.strip().split("\n\n"):
        name, data = block.split("\n")
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


async def test_a_cleared_question_is_quoted_then_asked_outside(clinic: Any) -> None:
    """The library's own words with their place, then the cloud's, which the hub checked."""
    message = (await _ask(clinic, QUESTION)).json()["data"]
    kinds = [one["kind"] for one in message["sentences"]]
    assert kinds[0] == "lead"
    assert "quote" in kinds
    assert kinds[-1] == "composed"
    quote = next(one for one in message["sentences"] if one["kind"] == "quote")
    citation = quote["citations"][0]
    assert citation["document_id"] == "gout"
    assert citation["quote"] in GOUT.decode()
    assert (message["route"], message["found"]) == ("cloud", True)
    assert [text for _, text in clinic.outside.asked] == [QUESTION]


async def test_what_is_held_is_answered_on_the_hub_and_goes_no_further(clinic: Any) -> None:
    """A patient's name does not keep the answer back, and nothing of it leaves."""
    events = _events((await _ask(clinic, PATIENT, stream=True)).text)
    assert events[0][0] == "verdict"
    verdict = events[0][1]
    assert verdict["held"] is True
    assert verdict["kinds"]
    assert verdict["route"] == "hub"
    done = events[-1][1]["data"]
    assert done["route"] == "hub"
    assert any("naproxen 500 mg" in one["text"] for one in done["sentences"])
    assert not [one for one in done["sentences"] if one["kind"] == "composed"]
    assert clinic.outside.asked == []


async def test_a_follow_up_on_what_was_held_is_held(clinic: Any) -> None:
    """What follows on a patient's name is still about that patient."""
    await _ask(clinic, PATIENT)
    message = _events((await _ask(clinic, "and how often does he take it", stream=True)).text)
    assert message[0][1]["held"] is True
    assert "follow_up" in message[0][1]["reasons"]
    assert clinic.outside.asked == []


async def test_demanding_the_cloud_for_what_is_held_is_refused(clinic: Any, fail: Any) -> None:
    """The refusal says why and what to do; what follows on the question is held all the same."""
    error = fail(await _ask(clinic, PATIENT, route="cloud"), 403, "PHI_HELD")
    assert {"reason": "items"} in error["details"]
    assert "Smith" not in str(error)
    follow = _events((await _ask(clinic, "and how often does he take it", stream=True)).text)
    assert "follow_up" in follow[0][1]["reasons"]
    assert clinic.outside.asked == []


async def test_a_turn_that_fails_is_recorded(clinic: Any, fail: Any, monkeypatch: Any) -> None:
    """A library that can't be searched is told, and the trail has that somebody asked."""

    def away(*_arguments: object) -> None:
        raise Unavailable("the library can't be searched")

    monkeypatch.setattr(clinic.container.chat, "_library", type("Away", (), {"find": away})())
    events = _events((await _ask(clinic, QUESTION, stream=True)).text)
    assert [name for name, _ in events] == ["verdict", "error"]
    headers = await clinic.sign_in_as("auditor")
    trail = await clinic.client.get("/api/v1/audit?action=chat.answered", headers=headers)
    assert trail.json()["data"][0]["outcome"] == "failed"


async def test_the_site_and_the_person_can_keep_questions_in_the_building(
    clinic: Any, fail: Any
) -> None:
    """With route hub, or where the site says no, nothing is asked outside."""
    await _ask(clinic, QUESTION, route="hub")
    clinic.outside.allowed = False
    await _ask(clinic, QUESTION)
    fail(await _ask(clinic, QUESTION, route="cloud"), 503, "UNAVAILABLE")
    assert clinic.outside.asked == []


async def test_a_judge_that_fails_holds(clinic: Any) -> None:
    """Whatever goes wrong in the gate keeps the question on the hub."""

    class Broken:
        def judge(self, transcript: Transcript, *, previous: Verdict | None = None) -> Verdict:
            raise RuntimeError(transcript.text)

    clinic.container._first_judge._judge = Broken()
    events = _events((await _ask(clinic, QUESTION, stream=True)).text)
    assert events[0][1]["held"] is True
    assert clinic.outside.asked == []


async def test_a_cloud_that_is_away_leaves_the_librarys_answer(clinic: Any, fail: Any) -> None:
    """The quotation was given already; that the cloud is away is said. Demanded, it is an error."""

    def away() -> Sequence[Sentence]:
        raise Unavailable("the cloud model can't be reached")

    clinic.outside.act = away
    message = (await _ask(clinic, QUESTION)).json()["data"]
    assert message["route"] == "hub"
    assert message["sentences"][-1]["kind"] == "notice"
    fail(await _ask(clinic, QUESTION, route="cloud"), 503, "UNAVAILABLE")
    events = _events((await _ask(clinic, QUESTION, route="cloud", stream=True)).text)
    assert events[-1][0] == "error"
    assert events[-1][1]["error"]["code"] == "UNAVAILABLE"


async def test_nothing_is_answered_unrecorded(clinic: Any, monkeypatch: Any) -> None:
    """Where the entry can't be written, not one sentence is given."""

    def full(**_fields: Any) -> None:
        raise Unavailable("the trail can't be written")

    monkeypatch.setattr(clinic.container.chat._recorder, "record", full)
    events = _events((await _ask(clinic, QUESTION, stream=True)).text)
    assert [name for name, _ in events] == ["verdict", "error"]


async def test_the_trail_has_the_turn_and_none_of_its_words(clinic: Any, net: Any) -> None:
    """Verdict, route and sources are recorded; words are in the conversation alone."""
    await _ask(clinic, QUESTION)
    await _ask(clinic, PATIENT)
    headers = await clinic.sign_in_as("auditor")
    answer = await clinic.client.get("/api/v1/audit?size=100", headers=headers)
    held, cleared = (one for one in answer.json()["data"] if one["action"] == "chat.answered")
    assert held["detail"]["held"] is True
    assert held["detail"]["kinds"]
    assert cleared["detail"]["sources"] == ["gout@1"]
    assert "Smith" not in answer.text
    # the database's own logger is never below WARNING: `logs.configure`
    assert not [one for one in net.seen if "Smith" in one and not one.startswith("sqlalchemy.")]


async def test_streamed_and_whole_answers_are_the_same(clinic: Any) -> None:
    """The last event has the envelope that the whole answer has."""
    whole = (await _ask(clinic, QUESTION)).json()
    streamed = await _ask(clinic, QUESTION, stream=True)
    assert streamed.headers["Content-Type"].startswith("text/event-stream")
    events = _events(streamed.text)
    assert [name for name, _ in events[1:-1]] == ["sentence"] * (len(events) - 2)
    last = events[-1][1]
    assert set(last) == set(whole)
    assert last["metadata"]["request_id"] == streamed.headers["X-Request-ID"]
    assert last["data"]["sentences"] == whole["data"]["sentences"]
    assert [data for name, data in events if name == "sentence"] == whole["data"]["sentences"]


async def test_anothers_conversation_does_not_exist(clinic: Any, fail: Any) -> None:
    """Not for a colleague, not for an administrator: the same answer as for one that never was."""
    await _ask(clinic, PATIENT)
    others = [await clinic.sign_in_as(role) for role in ("it", "administrator")]
    for headers in others:
        for identifier in (clinic.conversation, "no-such"):
            path = f"{API}/{identifier}"
            answers = [
                await clinic.client.get(path, headers=headers),
                await clinic.client.patch(path, json={"title": "mine"}, headers=headers),
                await clinic.client.delete(path, headers=headers),
                await clinic.client.get(f"{path}/messages", headers=headers),
                await clinic.client.post(
                    f"{path}/messages", json={"text": QUESTION}, headers=headers
                ),
            ]
            for answer in answers:
                fail(answer, 404, "NOT_FOUND")
        listed = await clinic.client.get(API, headers=headers)
        assert listed.json()["data"] == []


async def test_a_conversation_is_called_renamed_paged_and_deleted(clinic: Any, fail: Any) -> None:
    """It is called by its first question, and gone with all its messages when deleted."""
    for _ in range(3):
        await _ask(clinic, QUESTION)
    path = f"{API}/{clinic.conversation}"
    view = (await clinic.client.get(path, headers=clinic.headers)).json()["data"]
    assert (view["title"], view["messages"]) == (QUESTION, 6)
    renamed = await clinic.client.patch(path, json={"title": "Gout"}, headers=clinic.headers)
    assert renamed.json()["data"]["title"] == "Gout"
    page = await clinic.client.get(f"{path}/messages?page=2&size=4", headers=clinic.headers)
    assert [one["role"] for one in page.json()["data"]] == ["user", "assistant"]
    assert page.json()["metadata"]["pagination"]["total"] == 6
    assert (await clinic.client.delete(path, headers=clinic.headers)).status_code == 200
    fail(await clinic.client.get(path, headers=clinic.headers), 404, "NOT_FOUND")
    with clinic.rooms.database.read() as session:
        left = session.connection().exec_driver_sql("SELECT count(*) FROM chat_messages").scalar()
    assert left == 0


async def test_conversations_are_kept_as_long_as_the_site_says(clinic: Any) -> None:
    """After the days that an administrator set, a silent conversation is deleted, and counted."""
    await _ask(clinic, QUESTION)
    chat = clinic.container.chat
    now_ms = chat._clock()
    chat._clock = lambda: now_ms + 30 * 86_400_000 - 3_600_000
    chat.expire()
    assert chat.listing(_user(clinic), 0, 9)[1] == 1
    chat._clock = lambda: now_ms + 30 * 86_400_000 + 60_000
    chat.expire()
    assert chat.listing(_user(clinic), 0, 9)[1] == 0


async def test_unsure_hearing_holds(clinic: Any) -> None:
    """What recognition was not sure of stays on the hub, however it reads."""
    chat, user = clinic.container.chat, _user(clinic)
    first = next(chat.ask(user, clinic.conversation, Transcript(QUESTION, confidence=0.1)))
    assert first.verdict.held
    assert "low_confidence" in first.verdict.reasons


async def test_the_door_takes_nothing_but_a_cleared(clinic: Any) -> None:
    """A held verdict that reached the last door by mistake is refused there."""
    from hub.wiring.adapters import CloudDoor  # noqa: PLC0415

    door = CloudDoor(clinic.container._escalation, allowed=lambda: True)
    with pytest.raises(TypeError, match="cleared"):
        door.ask("u", "t", Held("x", (Item("NAME", 0, 1, 1.0, "t"),)))  # type: ignore[arg-type]


def _user(hub: Any) -> str:
    return str(hub.rooms.auth._store.by_email("clinician@clinic.example").id)
