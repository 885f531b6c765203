"""The room's PHI policy: what protects less stands in the journal, or the room does not start."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance import wiring
from appliance.adapters.speakers import NullSpeaker
from appliance.journal.journal import Journal
from appliance.settings import ApplianceSettings, load
from voiceassist.contract.ledger import Entry, Sealed
from voiceassist.contract.signing import Signer
from voiceassist.errors import StoreFull, WrongUse
from voiceassist.phi.policy import LOWERED, Override, PhiPolicy, fingerprint
from voiceassist.timekeeping import SystemClock

REASON = "asked for by the clinic"
ANSWERED = Override(by="dana@clinic.example", reason=REASON)
LESS = PhiPolicy(min_confidence=0.1, allow=("Margaret O'Connor",), override=ANSWERED)


class Loaded(Exception):
    """The room got as far as its models: everything before went well."""


@pytest.fixture(autouse=True)
def _no_models(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoEngines:
        def __init__(self, *_: Any) -> None:
            self.profile = None

        def embedder(self) -> None:
            raise Loaded

    monkeypatch.setattr(wiring, "Engines", NoEngines)
    monkeypatch.setattr(wiring, "_model_store", lambda _: None)


def start(data_dir: Path, policy: PhiPolicy) -> None:
    settings = ApplianceSettings(data_dir=data_dir, room="exam-1", phi=policy)
    wiring.build_room(settings, NullSpeaker(wiring.clock), lambda _: None)


def entries(data_dir: Path) -> list[Entry]:
    journal = Journal(
        data_dir / "journal.sqlite", "exam-1", Signer(Ed25519PrivateKey.generate()),
        SystemClock(), "boot",
    )  # fmt: skip
    batch = journal.batch()
    journal.close()
    sent = batch.entries if batch else ()
    return [Sealed.from_bytes(base64.b64decode(data)).entry() for data in sent]


def test_an_override_is_recorded_before_anything_is_heard(tmp_path: Path) -> None:
    """The entry is durable before the first model is loaded, so before the first turn is taken."""
    with pytest.raises(Loaded):
        start(tmp_path, LESS)
    (entry,) = entries(tmp_path)
    assert (entry.action, entry.actor, entry.outcome) == (LOWERED, ANSWERED.by, "overridden")
    assert entry.detail == {"fields": ["allow", "min_confidence"], "policy": fingerprint(LESS)}
    held = (tmp_path / "journal.sqlite").read_bytes() + b"".join(
        path.read_bytes() for path in tmp_path.glob("journal.sqlite-*")
    )
    assert REASON.encode() not in held
    assert b"Connor" not in held


def test_the_shipped_policy_leaves_no_entry(tmp_path: Path) -> None:
    """A room that protects as shipped has nothing to tell."""
    with pytest.raises(Loaded):
        start(tmp_path, PhiPolicy())
    assert entries(tmp_path) == []


def test_nobody_who_answers_refuses_the_start(tmp_path: Path) -> None:
    """Without an override the room names the fields and touches nothing."""
    folder = tmp_path / "data"
    with pytest.raises(WrongUse, match="allow, min_confidence"):
        start(folder, LESS.model_copy(update={"override": None}))
    assert not folder.exists()


def test_what_cannot_be_recorded_refuses_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the journal takes no entry, a room that protects less does not start."""

    def full(*_: Any, **__: Any) -> None:
        raise StoreFull("no room on the disk; free some space")

    monkeypatch.setattr(Journal, "append", full)
    with pytest.raises(StoreFull):
        start(tmp_path, LESS)


def test_file_and_environment_give_the_policy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists and override stand in the room's file; the environment can give a part of them."""
    path = tmp_path / "appliance.toml"
    path.write_text(
        f'data_dir = "{tmp_path}"\n[phi]\nlists = "/etc/voiceassist/phi-lists.json"\n'
        'override = {by = "dana", reason = "a test"}\n'
    )
    monkeypatch.setenv("VOICEASSIST_APPLIANCE__PHI__OVERRIDE__BY", "kim")
    monkeypatch.setenv("VOICEASSIST_APPLIANCE__PHI__ALLOW", '["aspirin"]')
    policy = load(path).phi
    assert policy.lists == Path("/etc/voiceassist/phi-lists.json")
    assert policy.override == Override(by="kim", reason="a test")
    assert policy.allow == ("aspirin",)
