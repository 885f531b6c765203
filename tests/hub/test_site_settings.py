from __future__ import annotations

from typing import Any

import pytest

from hub.admin.service import Site
from hub.admin.store import SiteStore

API = "/api/v1/admin/settings"


async def test_settings_are_versioned_and_in_the_trail(hub: Any, fail: Any) -> None:
    """Each change is a version that says who made it; an outdated one changes nothing."""
    headers = await hub.sign_in()
    first = (await hub.client.get(API, headers=headers)).json()["data"]
    assert first["version"] == 0
    assert first["values"]["registration"] is False
    change = {"version": 0, "chat_keep_days": 7, "registration": True}
    made = (await hub.client.patch(API, json=change, headers=headers)).json()["data"]
    assert (made["version"], made["values"]["chat_keep_days"]) == (1, 7)
    late = {"version": 0, "voice": False}
    fail(await hub.client.patch(API, json=late, headers=headers), 409, "CONFLICT")
    await hub.client.patch(API, json=late | {"version": 1}, headers=headers)
    versions = (await hub.client.get(f"{API}/history", headers=headers)).json()
    assert [one["version"] for one in versions["data"]] == [2, 1]
    assert versions["data"][0]["values"]["chat_keep_days"] == 7
    trail = (await hub.client.get("/api/v1/audit?action=site.changed", headers=headers)).json()
    assert trail["data"][0]["detail"]["voice"] is False


@pytest.mark.parametrize(
    "change",
    [
        {"version": 0, "chat_keep_days": 0},
        {"version": 0, "chat_keep_days": "many"},
        {"version": 0, "colour": "red"},
        {"chat_keep_days": 5},
    ],
)
async def test_what_is_no_setting_is_refused(hub: Any, fail: Any, change: dict[str, Any]) -> None:
    """A misspelt name or a value out of range is told, not ignored."""
    headers = await hub.sign_in()
    fail(await hub.client.patch(API, json=change, headers=headers), 422, "VALIDATION_ERROR")


async def test_another_process_follows_within_a_second(hub: Any) -> None:
    """A change holds everywhere soon, though each process reads only once a second."""
    now_ms = 1_000_000
    other = Site(SiteStore(hub.rooms.database), hub.rooms.recorder, lambda: now_ms)
    assert other.now().voice is True
    headers = await hub.sign_in()
    await hub.client.patch(API, json={"version": 0, "voice": False}, headers=headers)
    assert hub.rooms.site.now().voice is False
    now_ms += 1000
    assert other.now().voice is False


async def test_a_change_to_what_it_was_is_no_version(hub: Any) -> None:
    """The history holds changes alone."""
    headers = await hub.sign_in()
    answer = await hub.client.patch(API, json={"version": 0, "voice": True}, headers=headers)
    assert answer.json()["data"]["version"] == 0
