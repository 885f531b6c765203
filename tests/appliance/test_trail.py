from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from appliance.cli import app
from appliance.journal.journal import Journal
from tests.appliance.small_clinic import Clinic
from tests.appliance.test_journal import add
from tests.contract.log_of_hub import HubLog
from voiceassist.contract.note import split_notes
from voiceassist.errors import Unverified, WrongUse
from voiceassist.timekeeping import SystemClock


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    """The settings of a room that recorded three entries, two of which the hub has."""
    clinic = Clinic(tmp_path, real=False)
    identity = clinic.enrol("room-1")
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / "journal.sqlite"
    journal = Journal(path, "room-1", identity.signer, SystemClock(), "boot")
    add(journal, 2)
    journal.acknowledge(HubLog(clinic.ack_key).ack(journal.head()), identity.acks)
    add(journal, 1)
    journal.close()
    settings = tmp_path / "appliance.toml"
    settings.write_text(
        f'room = "room-1"\ndata_dir = "{tmp_path / "data"}"\n'
        f'identity_dir = "{tmp_path / "room-1"}"\n'
    )
    yield settings
    clinic.close()


def test_a_journal_is_verified_and_its_notes_are_printed(config: Path) -> None:
    """What the box has, what it owes, and what the hub signed for it."""
    told = CliRunner().invoke(app, ["journal", "verify", "--config", str(config), "--json"])
    report = json.loads(told.stdout)
    assert (report["box"], report["entries"], report["owed"]) == ("room-1", 3, 1)
    notes = CliRunner().invoke(app, ["journal", "notes", "--config", str(config)])
    assert len(split_notes(notes.stdout)) == 1


def test_an_altered_journal_is_told(config: Path) -> None:
    """Exit by the error that names the entry."""
    path = config.parent / "data" / "journal.sqlite"
    db = sqlite3.connect(path)
    db.execute("DELETE FROM entries WHERE seq = 2")
    db.commit()
    db.close()
    told = CliRunner().invoke(app, ["journal", "verify", "--config", str(config)])
    assert isinstance(told.exception, Unverified)


def test_a_room_without_a_journal_is_told_what_to_name(config: Path) -> None:
    """A missing file is no empty journal."""
    (config.parent / "data" / "journal.sqlite").unlink()
    told = CliRunner().invoke(app, ["journal", "notes", "--config", str(config)])
    assert isinstance(told.exception, WrongUse)
