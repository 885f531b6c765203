from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from appliance.adapters.hub_link import HttpHubLink
from hub.escalation.cloud import NoCloud, OpenAICompatible
from hub.escalation.service import Escalation
from voiceassist.contract.knowledge import Passage
from voiceassist.contract.verdict import Cleared, GateSeal, Held, Item, Verdict
from voiceassist.contract.wire import EscalationReply, EscalationRequest
from voiceassist.engines.ports import Prompt
from voiceassist.errors import Unavailable

PASSAGE = Passage(
    id=1,
    document="acetaminophen",
    version=1,
    title="Acetaminophen",
    place="Adults",
    text="The maximum dose for adults is 4 g in 24 hours.",
    start=0,
    end=47,
    score=1.0,
    strength=0.9,
)
REQUEST = EscalationRequest(turn_id="t1", query="what is the maximum dose of acetaminophen")


class FakeJudge:
    def __init__(self, *, holds: bool) -> None:
        self.holds = holds

    def judge(self, text: str) -> Verdict:
        if self.holds:
            return Held(text, (Item("NAME", 0, 4, 0.9, "fake"),), ("items",))
        return Cleared(text, GateSeal())


class FakeCloud:
    model = "fake"

    def __init__(self, answer: str = "", error: Exception | None = None) -> None:
        self.answer, self.error = answer, error
        self.asked: list[tuple[str, str]] = []

    def complete(self, query: Cleared, prompt: Prompt) -> str:
        self.asked.append((query.text, prompt.user))
        if self.error:
            raise self.error
        return self.answer


class FakeEvidence:
    def __init__(self, *passages: Passage) -> None:
        self.passages = list(passages)

    def find(self, query: str, limit: int) -> list[Passage]:
        return self.passages[:limit]


class FakeRecorder:
    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []

    def record(self, **entry: Any) -> None:
        self.entries.append(entry)

    def alarm(self, **entry: Any) -> None:
        self.entries.append({"action": "audit.alarm", **entry})

    @property
    def outcomes(self) -> list[str]:
        return [entry["outcome"] for entry in self.entries]


def build(
    *, holds: bool = False, cloud: FakeCloud | None = None, evidence: FakeEvidence | None = None
) -> tuple[Escalation, FakeCloud, FakeRecorder]:
    cloud = cloud or FakeCloud("The maximum dose for adults is 4 g in 24 hours.")
    recorder = FakeRecorder()
    judge = FakeJudge(holds=holds)
    passages = evidence or FakeEvidence(PASSAGE)
    return Escalation(judge, cloud, passages, recorder, lambda _: None), cloud, recorder


def test_what_the_second_judge_holds_never_reaches_the_cloud() -> None:
    """A query that the room let through and the hub's judge holds is refused, with an alarm."""
    service, cloud, recorder = build(holds=True)
    reply = service.answer("room-1", REQUEST)
    assert reply.outcome == "refused"
    assert cloud.asked == []
    alarm, entry = recorder.entries
    told = {"kinds": ["NAME"], "by": ["fake"], "reasons": ["items"]}
    assert (alarm["action"], alarm["outcome"]) == ("audit.alarm", "escalation_refused")
    assert alarm["subject"] == "room-1"
    assert alarm["detail"] == {"turn": "t1", **told}
    assert entry["outcome"] == "refused"
    assert entry["detail"] == told


def test_a_supported_sentence_comes_back_with_its_sources() -> None:
    """What the passages support is returned, citing them."""
    service, _, recorder = build()
    reply = service.answer("room-1", REQUEST)
    assert reply.outcome == "answered"
    assert reply.sentences[0].sources[0].document == "acetaminophen"
    assert recorder.outcomes == ["sending", "answered"]


def test_a_dose_that_the_passages_lack_does_not_come_back() -> None:
    """A sentence with a number of its own is dropped, and with it the answer."""
    service, _, recorder = build(cloud=FakeCloud("The maximum dose for adults is 6 g a day."))
    reply = service.answer("room-1", REQUEST)
    assert reply.outcome == "unsupported"
    assert reply.sentences == ()
    assert recorder.outcomes == ["sending", "unsupported"]


@pytest.mark.parametrize(
    "evidence",
    [FakeEvidence(), FakeEvidence(PASSAGE.model_copy(update={"strength": 0.1}))],
    ids=["none", "weak"],
)
def test_without_evidence_nothing_is_sent(evidence: FakeEvidence) -> None:
    """Where the library has nothing, the cloud is not asked, for nothing could be spoken."""
    service, cloud, recorder = build(evidence=evidence)
    assert service.answer("room-1", REQUEST).outcome == "unsupported"
    assert cloud.asked == []
    assert recorder.outcomes == ["unsupported"]


def test_the_attempt_is_recorded_before_it_is_made() -> None:
    """A cloud that is away leaves the attempt and its outcome in the trail."""
    service, _, recorder = build(cloud=FakeCloud(error=Unavailable("away")))
    with pytest.raises(Unavailable):
        service.answer("room-1", REQUEST)
    assert recorder.outcomes == ["sending", "unavailable"]


def test_a_failure_nobody_foresaw_ends_the_question_without_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A library that fails with the words in its message is recorded and logged by type alone."""

    class Fails(FakeEvidence):
        def find(self, query: str, limit: int) -> list[Passage]:
            raise RuntimeError(query)

    service, cloud, recorder = build(evidence=Fails())
    with pytest.raises(Unavailable) as caught:
        service.answer("room-1", REQUEST)
    assert recorder.entries[0]["detail"] == {"error": "RuntimeError"}
    assert recorder.outcomes == ["failed"]
    assert cloud.asked == []
    shown = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert "RuntimeError" in caplog.text
    assert "acetaminophen" not in shown


def test_no_entry_holds_the_words_of_the_query() -> None:
    """The trail has verdicts and counts, never what was asked."""
    for holds in (True, False):
        service, _, recorder = build(holds=holds)
        service.answer("room-1", REQUEST)
        assert "acetaminophen" not in repr(recorder.entries)


def provider(handler: Callable[[httpx.Request], httpx.Response]) -> OpenAICompatible:
    client = httpx.Client(transport=httpx.MockTransport(handler))
    return OpenAICompatible(client, url="https://cloud.test/v1/", key="k", model="m")


def test_the_provider_is_asked_in_the_openai_form() -> None:
    """The request goes to chat/completions with the key, the model and both messages."""
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        body = {"model": "m", "choices": [{"message": {"role": "assistant", "content": "Yes."}}]}
        return httpx.Response(200, json=body)

    answer = provider(handler).complete(Cleared("q", GateSeal()), Prompt("s", "u"))
    assert answer == "Yes."
    assert str(seen[0].url) == "https://cloud.test/v1/chat/completions"
    assert seen[0].headers["Authorization"] == "Bearer k"


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(401),
        httpx.Response(500),
        httpx.Response(200, text="not json"),
        httpx.Response(200, json={"choices": []}),
    ],
)
def test_a_provider_that_fails_is_unavailable(response: httpx.Response) -> None:
    """Refusals, crashes and nonsense of the provider are one retryable error."""
    with pytest.raises(Unavailable):
        provider(lambda _: response).complete(Cleared("q", GateSeal()), Prompt("s", "u"))


def test_a_held_query_is_refused_at_the_door_even_untyped() -> None:
    """Code that evades the type checker still can't pass a Held to the cloud."""
    with pytest.raises(TypeError):
        provider(lambda _: httpx.Response(200)).complete(Held("q"), Prompt("s", "u"))  # type: ignore[arg-type]


def test_without_a_cloud_the_door_says_so() -> None:
    """An unconfigured cloud is unavailable, with the setting to change."""
    with pytest.raises(Unavailable, match=r"cloud\.url"):
        NoCloud().complete(Cleared("q", GateSeal()), Prompt("s", "u"))


def _wire_fakes(hub: Any, *, holds: bool) -> FakeCloud:
    """Put fakes behind the running hub's door: no model is loaded, no provider asked."""
    cloud = FakeCloud("The maximum dose for adults is 4 g in 24 hours.")
    service = hub.container._escalation
    service._judge, service._cloud = FakeJudge(holds=holds), cloud
    service._evidence = FakeEvidence(PASSAGE)
    return cloud


async def test_a_room_reaches_the_door_with_its_token(hub: Any, box: Any) -> None:
    """The whole way over HTTP: token, request, checked sentences in the envelope."""
    _wire_fakes(hub, holds=False)
    hub.rooms.fleet.enrol(box.request(), "test")
    answer = await hub.client.post(
        "/api/v1/escalations",
        json=REQUEST.model_dump(mode="json"),
        headers=box.bearer(int(time.time()), "e1"),
    )
    assert answer.status_code == 200, answer.text
    reply = EscalationReply.model_validate(answer.json()["data"])
    assert reply.outcome == "answered"
    assert reply.sentences[0].text == "The maximum dose for adults is 4 g in 24 hours."


async def test_without_a_rooms_token_the_door_is_shut(hub: Any, fail: Any) -> None:
    """Neither a stranger nor an administrator can send a query to the cloud."""
    cloud = _wire_fakes(hub, holds=False)
    body = REQUEST.model_dump(mode="json")
    fail(await hub.client.post("/api/v1/escalations", json=body), 401, "UNAUTHORIZED")
    administrator = await hub.sign_in()
    refused = await hub.client.post("/api/v1/escalations", json=body, headers=administrator)
    fail(refused, 401, "UNAUTHORIZED")
    assert cloud.asked == []


async def test_the_rooms_link_reads_what_the_hub_writes(hub: Any, box: Any) -> None:
    """What the hub refuses comes back as a reply; what it can't do comes back as None."""
    _wire_fakes(hub, holds=True)
    hub.rooms.fleet.enrol(box.request(), "test")
    sent = await hub.client.post(
        "/api/v1/escalations",
        json=REQUEST.model_dump(mode="json"),
        headers=box.bearer(int(time.time()), "e2"),
    )
    answers = iter([httpx.Response(200, content=sent.content), httpx.Response(503)])
    client = httpx.Client(
        transport=httpx.MockTransport(lambda _: next(answers)), base_url="https://hub.test"
    )
    link = HttpHubLink(client)
    refused = await link.escalate(Cleared("q", GateSeal()), "t1")
    assert refused is not None
    assert refused.outcome == "refused"
    assert await link.escalate(Cleared("q", GateSeal()), "t1") is None
    with pytest.raises(TypeError):
        await link.escalate(Held("q"), "t1")  # type: ignore[arg-type]
