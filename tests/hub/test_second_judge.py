"""The hub's second judge fails closed, from its own faults to the cloud's door (law 1)."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from hub.audit.schemas import Filters
from hub.escalation.cloud import OpenAICompatible
from hub.phi.ports import Judge
from hub.phi.service import SecondJudge
from hub.settings import CloudSettings
from voiceassist.contract.knowledge import Passage
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Cleared, GateSeal, Held, Item, Verdict
from voiceassist.contract.wire import EscalationRequest
from voiceassist.errors import Unavailable

WORDS = "what is the maximum dose of acetaminophen"
TEXT = "The maximum dose for adults is 4 g in 24 hours."
PASSAGE = Passage(
    id=1, document="a", version=1, title="A", place="P", text=TEXT, start=0, end=len(TEXT),
    score=1.0, strength=0.9,
)  # fmt: skip


class Says:
    """A judge that does what it was made with."""

    def __init__(self, act: Callable[[str], Any]) -> None:
        self._act = act

    def judge(self, transcript: Transcript, *, previous: Verdict | None = None) -> Verdict:
        verdict: Verdict = self._act(transcript.text)
        return verdict


def clears(text: str) -> Verdict:
    return Cleared(text, GateSeal())


def holds(text: str) -> Verdict:
    return Held(text, (Item("NAME", 0, 4, 0.9, "names"),), ("items",))


def raises(text: str) -> Verdict:
    raise RuntimeError(text)


def hangs(_text: str) -> Verdict:
    threading.Event().wait(3)
    raise AssertionError


FAULTS: dict[str, tuple[Callable[[str], Any], str]] = {
    "raises": (raises, "error"),
    "hangs": (hangs, "time_out"),
    "none": (lambda _: None, "error"),
    "true": (lambda _: True, "error"),
    "looks cleared": (lambda _: type("Cleared", (), {"held": False, "text": WORDS})(), "error"),
    "other words": (lambda _: clears("something else"), "error"),
    "odd items": (lambda text: Held(text, (None,), ("items",)), "error"),  # type: ignore[arg-type]  # nonsense on purpose
}


def cannot_load() -> Judge:
    raise OSError("no such file")


def in_turn(*makers: Callable[[], Judge]) -> Callable[[], Judge]:
    """Each call makes as the next of `makers` does."""
    left = list(makers)

    def make() -> Judge:
        return left.pop(0)()

    return make


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_a_judge_does_wrong_holds(fault: str) -> None:
    """A judge that raises, hangs or gives nonsense holds the words, with the reason."""
    act, reason = FAULTS[fault]
    verdict = SecondJudge(lambda: Says(act), timeout_s=0.05).judge(WORDS)
    assert isinstance(verdict, Held)
    assert verdict.reasons == (reason,)


def test_a_sound_judge_is_believed() -> None:
    """What the judge clears is cleared, what it holds is held with its items."""
    assert isinstance(SecondJudge(lambda: Says(clears)).judge(WORDS), Cleared)
    assert SecondJudge(lambda: Says(holds)).judge(WORDS).items[0].kind == "NAME"


def test_a_judge_that_cannot_be_loaded_holds_until_it_can() -> None:
    """Words are held while there is no judge; it is tried again, and then works."""
    judge = SecondJudge(in_turn(cannot_load, cannot_load, lambda: Says(clears)))
    assert judge.problem
    with pytest.raises(Unavailable, match=r"OSError.*reinstall"):
        judge.warm_up()
    assert judge.judge(WORDS).reasons == ("unavailable",)
    assert "reinstall" in judge.problem
    assert not judge.judge(WORDS).held
    assert judge.problem == ""


def test_it_is_loaded_once_however_many_ask() -> None:
    """Rooms that ask together while it loads get one judge, and their verdicts."""
    made: list[int] = []

    def make() -> Judge:
        made.append(1)
        time.sleep(0.05)
        return Says(clears)

    judge, verdicts = SecondJudge(make), []
    threads = [
        threading.Thread(target=lambda: verdicts.append(judge.judge(WORDS))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert [verdict.held for verdict in verdicts] == [False] * 8


def test_hung_judges_do_not_pile_up() -> None:
    """Many questions to a hung judge come back held, and only a few threads are left behind."""
    release = threading.Event()

    def stuck(text: str) -> Verdict:
        release.wait(20)
        return clears(text)

    judge = SecondJudge(lambda: Says(stuck), timeout_s=0.02)
    before = threading.active_count()
    assert all(judge.judge(WORDS).reasons == ("time_out",) for _ in range(12))
    assert threading.active_count() - before <= 4
    release.set()
    patient = SecondJudge(lambda: Says(stuck), timeout_s=5)
    assert not patient.judge(WORDS).held


class Shelf:
    """The hub's library with one passage that answers."""

    def find(self, query: str, limit: int) -> list[Passage]:
        return [PASSAGE]


def wired(hub: Any, make: Callable[[], Judge]) -> list[httpx.Request]:
    """The running hub with this judge before a cloud stand-in; what reached the stand-in."""
    reached: list[httpx.Request] = []

    def stand_in(request: httpx.Request) -> httpx.Response:
        reached.append(request)
        return httpx.Response(
            200, json={"choices": [{"message": {"role": "assistant", "content": TEXT}}]}
        )

    client = httpx.Client(transport=httpx.MockTransport(stand_in))
    service = hub.container._escalation
    service._judge = SecondJudge(make, timeout_s=0.2)
    service._cloud = OpenAICompatible(client, url="https://cloud.test/v1", key="k", model="m")
    service._evidence = Shelf()
    return reached


async def ask(hub: Any, box: Any) -> httpx.Response:
    hub.rooms.fleet.enrol(box.request(), "test")
    answer: httpx.Response = await hub.client.post(
        "/api/v1/escalations",
        json=EscalationRequest(turn_id="t1", query=WORDS).model_dump(mode="json"),
        headers=box.bearer(int(time.time()), "e1"),
    )
    return answer


MAKERS: dict[str, tuple[Callable[[], Judge], str]] = {
    **{
        name: (lambda act=act: Says(act), reason)  # type: ignore[misc]  # a default binds it
        for name, (act, reason) in FAULTS.items()
    },
    "holds": (lambda: Says(holds), "items"),
    "cannot be loaded": (cannot_load, "unavailable"),
}


@pytest.mark.parametrize("case", MAKERS)
async def test_no_fault_of_the_judge_lets_anything_reach_the_cloud(
    hub: Any, box: Any, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Over HTTP with a room's token: refused, nothing sent, and an alarm in trail, log, metrics."""
    make, reason = MAKERS[case]
    reached = wired(hub, make)
    answer = await ask(hub, box)
    assert answer.json()["data"]["outcome"] == "refused"
    assert reached == []
    (alarm,), count = hub.rooms.audit.search(_filters("audit.alarm"), 0, 5)
    assert count == 1
    assert (alarm.outcome, alarm.subject) == ("escalation_refused", "exam-1")
    assert alarm.detail["reasons"] == [reason]
    assert alarm.detail["kinds"] == (["NAME"] if case == "holds" else [])
    (entry,), _ = hub.rooms.audit.search(_filters("escalation"), 0, 5)
    assert entry.outcome == "refused"
    figures = (await hub.client.get("/metrics")).text
    assert f'voiceassist_hub_second_judge_refusals_total{{reason="{reason}"}} 1.0' in figures
    assert "voiceassist_hub_alarms 1.0" in figures
    errors = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "audit alarm: escalation_refused" in [record.getMessage() for record in errors]
    written = json.dumps(alarm.detail | entry.detail) + caplog.text + figures
    assert "acetaminophen" not in written
    assert hub.rooms.audit.verify_all().ok


async def test_the_stand_in_is_reached_by_what_is_cleared(hub: Any, box: Any) -> None:
    """The same way with a sound judge sends: what the tests above look at can be reached."""
    reached = wired(hub, lambda: Says(clears))
    answer = await ask(hub, box)
    assert answer.json()["data"]["outcome"] == "answered"
    assert len(reached) == 1
    assert WORDS in reached[0].content.decode()
    assert hub.rooms.audit.alarms() == 0


async def test_the_hub_is_not_ready_without_its_judge(hub: Any, fail: Any) -> None:
    """With a cloud and no judge, readiness is 503 and says why; once loaded it is 200."""
    container = hub.container
    container.settings = container.settings.model_copy(
        update={"cloud": CloudSettings(url="https://cloud.test/v1")}
    )
    container._judge = SecondJudge(in_turn(cannot_load, lambda: Says(clears)))
    fail(await hub.client.get("/ready"), 503, "UNAVAILABLE")
    with pytest.raises(Unavailable):
        container._judge.warm_up()
    error = fail(await hub.client.get("/ready"), 503, "UNAVAILABLE")
    assert "reinstall" in error["message"]
    container._judge.warm_up()
    assert (await hub.client.get("/ready")).json()["data"]["second judge"] == "ok"


async def test_without_a_cloud_no_judge_is_needed(hub: Any) -> None:
    """A clinic that sends nothing out is ready without a second judge."""
    ready = await hub.client.get("/ready")
    assert ready.status_code == 200
    assert ready.json()["data"]["second judge"].startswith("unused")


def _filters(action: str) -> Filters:
    return Filters(action=action)
