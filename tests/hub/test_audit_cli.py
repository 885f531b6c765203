from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from typer.testing import CliRunner

from hub.audit.cli import app
from hub.audit.service import AuditService
from hub.audit.store import AuditStore
from hub.audit.tables import TABLES
from hub.storage.base import Base
from hub.storage.engine import Database
from voiceassist.contract.signing import Signer
from voiceassist.errors import Unavailable, Unverified, WrongUse

KEY = Signer(Ed25519PrivateKey.from_private_bytes(b"h" * 32))


class Still:
    def wall_ms(self) -> int:
        return 1_700_000_000_000

    def mono_ms(self) -> int:
        return 5

    def synced(self) -> bool:
        return True


class Nobody:
    def key(self, room: str) -> None:
        return None


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a hub's.sqlite"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{path}")
    Base.metadata.create_all(
        made.engine,
        tables=[kind.__table__ for kind in TABLES],  # type: ignore[misc]
    )
    service = AuditService(
        AuditStore(made), Nobody(), KEY, Still(), boot="b", epoch=lambda: "e", clinic="north"
    )
    for n in range(3):
        service.record(action="a", outcome="é", subject=f"s{n}", actor="ada", detail={})
    yield made
    made.close()


@pytest.mark.usefixtures("database")
def test_verify_reports_every_journal(path: Path) -> None:
    """A sound trail is reported in JSON and in words, with exit status 0."""
    answer = CliRunner().invoke(app, ["verify", "--db", str(path), "--json"])
    report = json.loads(answer.stdout)
    assert (answer.exit_code, report["ok"], report["entries"]) == (0, True, 3)
    assert report["chains"][0]["keyid"] == KEY.keyid
    words = CliRunner().invoke(app, ["verify", "--db", str(path)])
    assert "holds" in words.stdout


def test_verify_reports_and_fails_where_the_trail_was_altered(
    path: Path, database: Database
) -> None:
    """The report is still printed; the error has exit status 1 and says what to do."""
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE audit_entries SET actor = 'eve' WHERE seq = 2"))
    answer = CliRunner().invoke(app, ["verify", "--db", str(path), "--json"])
    assert json.loads(answer.stdout)["ok"] is False
    assert isinstance(answer.exception, Unverified)
    assert answer.exception.exit_status == 1
    assert "actor" in str(answer.exception)


def test_verify_writes_nothing(path: Path, database: Database) -> None:
    """Evidence is not changed by being looked at."""
    with database.engine.begin() as connection:
        connection.exec_driver_sql("SELECT 1")
    database.close()
    before = {one.name: one.read_bytes() for one in path.parent.iterdir()}
    CliRunner().invoke(app, ["verify", "--db", str(path)], catch_exceptions=False)
    assert before[path.name] == path.read_bytes()


@pytest.mark.usefixtures("database")
def test_export_gives_the_very_bytes_that_were_hashed(path: Path, tmp_path: Path) -> None:
    """Anybody can hash the exported entries again with a dozen lines, as here."""
    target = tmp_path / "trail.jsonl"
    CliRunner().invoke(
        app, ["export", "--db", str(path), "--out", str(target)], catch_exceptions=False
    )
    *lines, head = [json.loads(line) for line in target.read_text("utf-8").splitlines()]
    assert len(lines) == 3
    previous = "0" * 64
    for line in lines:
        raw = b"\0" + line["entry"].encode()
        assert hashlib.sha256(raw).hexdigest() == line["hash"]
        assert json.loads(line["entry"])["previous"] == previous
        previous = line["hash"]
    assert (head["box"], head["checkpoint"]["keyid"]) == ("hub", KEY.keyid)
    printed = CliRunner().invoke(app, ["export", "--db", str(path)])
    assert printed.stdout == target.read_text("utf-8")


def _run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=True)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("form", ["jsonl", "csv", "fhir", "evidence"])
def test_every_form_is_written(path: Path, tmp_path: Path, form: str) -> None:
    """To a file or to standard output, the same."""
    target = tmp_path / "out"
    options = ["--db", path, "--as", form]
    assert _run("export", *options, "--out", target).exit_code == 0
    assert _run("export", *options).stdout == target.read_text("utf-8", errors="strict")
    assert len(target.read_text().splitlines()) >= 3


@pytest.mark.usefixtures("database")
def test_one_entry_is_proved_to_whoever_has_the_key(path: Path, tmp_path: Path) -> None:
    """`prove` writes what `verify --evidence` believes, with the key and not without."""
    target, key, note = tmp_path / "proof", tmp_path / "hub.pem", tmp_path / "note"
    key.write_text(KEY.public_pem)
    assert _run("prove", 2, "--db", path, "--out", target).exit_code == 0
    told = _run("verify", "--evidence", target, "--key", key, "--json")
    assert (told.exit_code, json.loads(told.stdout)["entries"]) == (0, 1)
    note.write_text(json.loads(target.read_text().splitlines()[0])["note"])
    assert _run("verify", "--db", path, "--witness", note).exit_code == 0
    note.write_text("junk")
    for wrong, error in (
        (_run("verify", "--db", path, "--witness", note), Unverified),
        (_run("verify", "--evidence", target), WrongUse),
        (_run("verify", "--evidence", tmp_path / "none", "--key", key), WrongUse),
        (_run("prove", 9, "--db", path), WrongUse),
    ):
        assert isinstance(wrong.exception, error)
    target.write_text(target.read_text().replace('"actor', '"acter'))
    altered = _run("verify", "--evidence", target, "--key", key)
    assert isinstance(altered.exception, Unverified)


def _nothing(path: Path) -> None:
    del path


def _junk(path: Path) -> None:
    path.write_bytes(b"junk " * 1000)


def _empty(path: Path) -> None:
    Database(f"sqlite:///{path}").check()


@pytest.mark.parametrize(
    ("make", "error"), [(_nothing, WrongUse), (_junk, Unavailable), (_empty, WrongUse)]
)
def test_what_is_no_audit_database_is_one_clear_line(
    path: Path, make: Callable[[Path], None], error: type[Exception]
) -> None:
    """A missing file, one that is no database and one without a trail are told apart."""
    make(path)
    answer = CliRunner().invoke(app, ["verify", "--db", str(path)])
    assert isinstance(answer.exception, error)
    assert "\n" not in str(answer.exception)


def test_a_missing_settings_file_is_named(tmp_path: Path) -> None:
    """Without --db the settings say where the database is; where they lack, that is said."""
    answer = CliRunner().invoke(app, ["verify", "--config", str(tmp_path / "none.toml")])
    assert isinstance(answer.exception, WrongUse)
    assert "none.toml" in str(answer.exception)
