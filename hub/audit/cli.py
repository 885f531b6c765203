"""`voiceassist audit`: checks and exports the hub's log, also from a copy of its database."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer
from sqlalchemy import create_engine
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from hub.audit.export import comma_separated, evidence, json_lines
from hub.audit.fhir import audit_events
from hub.audit.reader import LogReader, view
from hub.audit.schemas import AuditReport, Filters
from hub.audit.verify import verify_log
from hub.settings import DEFAULT_CONFIG, load
from voiceassist import evidence as standalone
from voiceassist.console import err, out, print_json
from voiceassist.contract.note import origin_of, split_notes
from voiceassist.errors import Unavailable, Unverified, WrongUse

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)


class Form(StrEnum):
    """What an export looks like."""

    JSONL = "jsonl"
    CSV = "csv"
    FHIR = "fhir"
    EVIDENCE = "evidence"


_Db = Annotated[Path | None, typer.Option("--db", help="The hub's database, or a copy of it.")]
_Config = Annotated[Path, typer.Option("--config", help="The hub's settings, without --db.")]
_Json = Annotated[bool, typer.Option("--json", help="Report as JSON.")]
_Evidence = Annotated[Path | None, typer.Option("--evidence", help="A file of `audit export`.")]
_Keys = Annotated[list[Path] | None, typer.Option("--key", help="Public keys to believe, as PEM.")]
_Witness = Annotated[list[Path] | None, typer.Option(help="The hub's notes as rooms keep them.")]
_Form = Annotated[Form, typer.Option("--as", help="In which form.")]
_Text = Annotated[str | None, typer.Option(help="Only entries with this.")]
_When = Annotated[datetime | None, typer.Option(help="By the box's clock, in UTC.")]
_Out = Annotated[Path | None, typer.Option("--out", help="Where to write; standard output else.")]


@app.callback()
def audit() -> None:
    """The clinic's audit trail."""


@app.command()
def verify(
    *,
    db: _Db = None,
    config: _Config = DEFAULT_CONFIG,
    file: _Evidence = None,
    key: _Keys = None,
    witness: _Witness = None,
    as_json: _Json = False,
) -> None:
    """Read the whole trail: every hash, chain and signature. Exit status 1 where one fails."""
    notes = _notes(witness)
    if file is not None:
        _verify_file(file, key, notes, as_json=as_json)
        return
    with _log(db, config) as log, err.status("reading the audit trail"):
        report = verify_log(log, notes)
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        _show(report)
    if not report.ok:
        raise Unverified(f"the audit trail does not hold ({report.problem}); keep a copy, tell IT")


@app.command()
def export(
    *,
    db: _Db = None,
    config: _Config = DEFAULT_CONFIG,
    target: _Out = None,
    form: _Form = Form.JSONL,
    witness: _Witness = None,
    box: _Text = None,
    actor: _Text = None,
    action: _Text = None,
    outcome: _Text = None,
    subject: _Text = None,
    since: _When = None,
    until: _When = None,
) -> None:
    """Write entries, all or those that fit: JSON lines, CSV, FHIR AuditEvents, or evidence.

    Evidence is checked offline, with public keys alone, by `audit verify --evidence` or by
    `python evidence.py`, one file that needs nothing else of VoiceAssist.
    """
    filters = Filters(
        box=box, actor=actor, action=action, outcome=outcome, subject=subject,
        since_ms=_ms(since), until_ms=_ms(until),
    )  # fmt: skip
    notes = _notes(witness)
    with _log(db, config) as log:
        views = map(view, log.matching(filters))
        match form:
            case Form.JSONL:
                lines = json_lines(log, filters)
            case Form.CSV:
                lines = comma_separated(views)
            case Form.FHIR:
                lines = audit_events(_clinic(log), views)
            case Form.EVIDENCE:
                lines = evidence(log, filters, notes)
        _write(lines, target)


@app.command()
def prove(
    entry: Annotated[str, typer.Argument(help="Its position in the log, or its hash.")],
    *,
    db: _Db = None,
    config: _Config = DEFAULT_CONFIG,
    target: _Out = None,
    witness: _Witness = None,
) -> None:
    """Write the evidence that one entry is in the signed log."""
    notes = _notes(witness)
    with _log(db, config) as log:
        row = log.found(entry)
        if row is None:
            raise WrongUse(f"the log has no entry {entry!r}; give its position or its hash")
        _write(evidence(log, Filters(position=row.position), notes), target)


def _verify_file(
    file: Path, keys: Iterable[Path] | None, notes: list[str], *, as_json: bool
) -> None:
    pems = [one.encode() for one in _read(keys)]
    if not pems:
        raise WrongUse("name the public keys to believe with --key, the hub's and the boxes'")
    try:
        with file.open(encoding="utf-8") as lines:
            report = standalone.check(lines, pems, notes)
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{file} can't be read as an evidence file") from error
    if as_json:
        print_json(report.as_json())
    else:
        for line in standalone.words(report):
            out.print(line, markup=False)
    if report.problem:
        raise Unverified(f"the evidence does not hold ({report.problem})")


def _read(paths: Iterable[Path] | None) -> Iterator[str]:
    for path in paths or ():
        try:
            yield path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise WrongUse(f"{path} can't be read") from error


def _notes(paths: Iterable[Path] | None) -> list[str]:
    return [note for text in _read(paths) for note in split_notes(text)]


def _ms(when: datetime | None) -> int | None:
    return int(when.replace(tzinfo=UTC).timestamp() * 1000) if when else None


def _clinic(log: LogReader) -> str:
    word = log.newest_word()
    return origin_of(word.note).split("/")[1] if word else ""


def _write(lines: Iterable[str], target: Path | None) -> None:
    if target is None:
        sys.stdout.writelines(lines)
        return
    try:
        with target.open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
    except OSError as error:
        raise WrongUse(f"{target} can't be written ({error.strerror})") from error
    out.print(f"wrote {target}", markup=False)


@contextmanager
def _log(db: Path | None, config: Path) -> Iterator[LogReader]:
    if db is not None and not db.is_file():
        raise WrongUse(f"no database at {db}; name the hub's database, or a copy, with --db")
    # read-only: what is evidence is not written to for being looked at
    url = f"sqlite:///file:{quote(str(db))}?mode=ro&uri=true" if db else load(config).database
    engine = create_engine(url)
    try:
        with Session(engine) as session:
            log = LogReader(session)
            if not log.exists():
                raise WrongUse(f"{db or engine.url} holds no audit trail; name the hub's database")
            yield log
    except DatabaseError as error:
        raise Unavailable(
            f"{db or engine.url} can't be read as a database ({error.orig})"
        ) from error
    finally:
        engine.dispose()


def _show(report: AuditReport) -> None:
    for chain in report.chains:
        word = chain.problem or f"holds, signed by {chain.keyid}"
        out.print(f"{chain.box} {chain.epoch[:8]}: {chain.entries} entries, {word}", markup=False)
    out.print(
        f"{report.entries} entries, {report.pruned} of them pruned; {report.words} signed words on "
        f"{report.log or 'no log'} hold; {report.quarantined} batches in quarantine",
        markup=False,
    )
