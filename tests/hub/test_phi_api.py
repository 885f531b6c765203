from __future__ import annotations

from typing import Any

import pytest

from voiceassist.phi.build import build_gate
from voiceassist.phi.policy import PhiPolicy

TEXT = "my patient John Smith has gout"


@pytest.fixture
def judged(hub: Any) -> Any:
    """Both judges by their rules alone, which need no weights."""
    hub.container._first_judge._judge = hub.container._judge._judge = build_gate(PhiPolicy(), None)
    return hub


async def _post(hub: Any, headers: dict[str, str], what: str, text: str) -> Any:
    return await hub.client.post(f"/api/v1/phi/{what}", json={"text": text}, headers=headers)


async def test_words_are_judged_by_both(judged: Any) -> None:
    """Held is told with its kinds, cleared as such."""
    headers = await judged.sign_in_as("clinician")
    held = (await _post(judged, headers, "check", TEXT)).json()["data"]
    assert held == {"held": True, "reasons": ["items"], "kinds": ["NAME"]}
    cleared = (await _post(judged, headers, "check", "dose of naproxen for gout")).json()["data"]
    assert cleared["held"] is False


async def test_an_explanation_has_each_judges_places(judged: Any) -> None:
    """Where the name stands, who found it, how sure; by the room's judge and the hub's."""
    headers = await judged.sign_in_as("it")
    found = (await _post(judged, headers, "explain", TEXT)).json()["data"]
    assert [one["judge"] for one in found] == ["room", "hub"]
    for one in found:
        item = next(i for i in one["items"] if i["kind"] == "NAME")
        assert "Smith" in TEXT[item["start"] : item["end"]]
        assert one["reasons"]["items"]


async def test_one_judge_that_fails_holds(judged: Any) -> None:
    """Where either can't answer, the words are held."""

    class Broken:
        def judge(self, *_arguments: object, **_more: object) -> None:
            raise RuntimeError

    judged.container._judge._judge = Broken()
    headers = await judged.sign_in_as("clinician")
    told = (await _post(judged, headers, "check", "dose of naproxen for gout")).json()["data"]
    assert told["held"] is True
    assert "error" in told["reasons"]


async def test_the_words_are_kept_nowhere(judged: Any, net: Any) -> None:
    """The trail has who asked and the kinds; neither it nor the log has the words."""
    headers = await judged.sign_in()
    await _post(judged, headers, "explain", TEXT)
    await judged.client.post("/api/v1/phi/check", json={"text": [TEXT]}, headers=headers)
    trail = await judged.client.get("/api/v1/audit?action=phi.explained", headers=headers)
    assert trail.json()["data"][0]["detail"]["kinds"] == ["NAME"]
    assert "Smith" not in trail.text
    assert "Smith" not in net.caught
