"""The hub's PHI policy: what protects less stands in its trail, or the hub does not start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub.audit.schemas import Filters
from hub.audit.service import AuditService
from hub.settings import HubSettings, load
from hub.wiring import Container, Rooms
from voiceassist.errors import StoreFull, Unverified, WrongUse
from voiceassist.phi.lexicon import load_lexicon
from voiceassist.phi.lists import Sources, make_lists, write_lists
from voiceassist.phi.policy import LOWERED, Override, PhiPolicy, fingerprint

REASON = "asked for by the clinic"
ANSWERED = Override(by="dana@clinic.example", reason=REASON)
LESS = PhiPolicy(thresholds={"NAME": 0.7}, override=ANSWERED)


def started(rooms: Rooms, policy: PhiPolicy) -> None:
    settings = rooms.settings.model_copy(update={"phi": policy})
    object.__setattr__(rooms, "settings", settings)
    Container(rooms)


def lowered_entries(rooms: Rooms) -> list[Any]:
    found, _ = rooms.audit.search(Filters(action=LOWERED), 0, 10)
    return list(found)


def test_an_override_stands_in_the_trail_before_the_hub_serves(rooms: Rooms) -> None:
    """Once the hub is put together, its trail tells who lowered what; the trail holds."""
    started(rooms, LESS)
    (entry,) = lowered_entries(rooms)
    assert (entry.actor, entry.box, entry.outcome) == (ANSWERED.by, "hub", "overridden")
    assert entry.detail == {"fields": ["thresholds.NAME"], "policy": fingerprint(LESS)}
    assert REASON not in str(entry)
    assert rooms.audit.verify_all().ok


def test_the_shipped_policy_leaves_no_entry(rooms: Rooms) -> None:
    """A hub that protects as shipped has nothing to tell."""
    started(rooms, PhiPolicy())
    assert lowered_entries(rooms) == []


def test_what_cannot_be_recorded_refuses_the_start(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk, or nobody who answers for it: a hub that protects less does not start."""
    with pytest.raises(WrongUse, match=r"thresholds\.NAME"):
        started(rooms, LESS.model_copy(update={"override": None}))

    def full(*_: Any, **__: Any) -> None:
        raise StoreFull("no room on the disk; free some space")

    monkeypatch.setattr(AuditService, "record", full)
    with pytest.raises(StoreFull):
        started(rooms, LESS)


def test_damaged_lists_refuse_the_start(rooms: Rooms, tmp_path: Path) -> None:
    """Lists that can't be trusted are found at the start, not at the first escalation."""
    path = tmp_path / "lists"
    data = make_lists(Sources(patients=["Margaret O'Connor"]), b"s" * 32, load_lexicon()).data
    write_lists(path, data)
    started(rooms, PhiPolicy(lists=path))
    write_lists(path, data.replace(b'"v":1', b'"v":2'))
    with pytest.raises(Unverified, match="phi lists make"):
        started(rooms, PhiPolicy(lists=path))


def test_file_and_environment_give_the_policy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub's policy stands in its file; a variable of the environment comes before it."""
    path = tmp_path / "hub.toml"
    path.write_text(
        f'clinic = "demo"\ndata_dir = "{tmp_path}"\n[phi]\nmin_confidence = 0.5\nlists = "/x"\n'
    )
    monkeypatch.setenv("VOICEASSIST_HUB__PHI__MIN_CONFIDENCE", "0.6")
    settings: HubSettings = load(path)
    assert settings.phi == PhiPolicy(min_confidence=0.6, lists=Path("/x"))
