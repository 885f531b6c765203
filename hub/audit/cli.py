"""`voiceassist audit`: checks and exports the hub's log, also from a copy of its database."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer
from sqlalchemy import create_engine
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from hub.audit.schemas import AuditReport
from hub.audit.store import LogReader
from hub.audit.verify import verify_log
from hub.settings import DEFAULT_CONFIG, load
from voiceassist.console import err, out, print_json
from voiceassist.errors import Unavailable, Unverified, WrongUse

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)

_Db = Annotated[Path | None, typer.Option("--db", help="The hub's database, or a copy of it.")]
_Config = Annotated[Path, typer.Option("--config", help="The hub's settings, without --db.")]
_Json = Annotated[bool, typer.Option("--json", help="Report as JSON.")]
_Out = Annotated[Path | None, typer.Option("--out", help="Where to write; standard output else.")]


@app.callback()
def audit() -> None:
    """The clinic's audit trail."""


@app.command()
def verify(*, db: _Db = None, config: _Config = DEFAULT_CONFIG, as_json: _Json = False) -> None:
    """Read the whole trail: every hash, chain and signature. Exit status 1 where one fails."""
    with _log(db, config) as log, err.status("reading the audit trail"):
        report = verify_log(log)
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        _show(report)
    if not report.ok:
        raise Unverified(f"the audit trail does not hold ({report.problem}); keep a copy, tell IT")


@app.command()
def export(*, db: _Db = None, config: _Config = DEFAULT_CONFIG, target: _Out = None) -> None:
    """Write all entries as JSON lines, then each journal's head with its box's signature.

    `entry` is the text that was hashed: SHA-256 over "voiceassist-entry-v1", a zero byte and
    its UTF-8 bytes gives `hash`.
    """
    with _log(db, config) as log:
        if target is None:
            sys.stdout.writelines(_lines(log))
            return
        try:
            with target.open("w", encoding="utf-8") as file:
                file.writelines(_lines(log))
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
    out.print(f"{report.entries} entries; {report.quarantined} batches in quarantine")


def _lines(log: LogReader) -> Iterator[str]:
    for row in log.whole():
        entry = {"position": row.position, "hash": row.hash, "entry": row.data.decode()}
        yield json.dumps(entry, ensure_ascii=False) + "\n"
    for head in log.heads():
        word = {
            "box": head.box,
            "epoch": head.epoch,
            "public_pem": head.public_pem,
            "checkpoint": json.loads(head.checkpoint),
        }
        yield json.dumps(word, ensure_ascii=False) + "\n"
