"""`voiceassist bench audit`: how fast the ledger takes in, verifies, proves and finds."""

from __future__ import annotations

import hashlib
import os
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.audit.reader import LogReader
from hub.audit.schemas import Filters
from hub.audit.service import AuditService
from hub.audit.store import AuditStore
from hub.audit.tree import Tree
from hub.audit.verify import verify_log
from hub.bench.entries import (
    BEGAN_MS,
    as_row,
    bare_rows,
    batches,
    empty_log,
    many_rows,
    sealed_entries,
    signer,
)
from hub.bench.traffic import through_broker
from hub.storage.engine import Database
from voiceassist.console import err, out, print_json
from voiceassist.contract.merkle import check_inclusion, consistency, inclusion
from voiceassist.timekeeping import SystemClock

_HUB = signer("hub")


class _Keys:
    def key(self, room: str) -> Any:
        return signer(room).public


def audit(
    *,
    entries: Annotated[int, typer.Option(min=1000, help="To take in and to verify.")] = 40_000,
    leaves: Annotated[int, typer.Option(min=1000, help="Of the tree to prove in.")] = 1_000_000,
    rows: Annotated[int, typer.Option(min=1000, help="To search in.")] = 1_000_000,
    broker: Annotated[bool, typer.Option(help="Take in over a Mosquitto, too.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Measure the ledger beside bare SQLite and bare hashing, in the same run."""
    figures: dict[str, Any] = {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}
    with tempfile.TemporaryDirectory(prefix="voiceassist-bench-") as folder:
        place = Path(folder)
        parts: list[tuple[str, Callable[[], dict[str, Any]]]] = [
            ("taking in", lambda: _ingest(place, entries)),
            ("verifying", lambda: _verify(place)),
            ("proving", lambda: _prove(place, leaves)),
            ("searching", lambda: _search(place, rows)),
        ]
        if broker:
            parts.insert(1, ("over the broker", lambda: through_broker(place / "mqtt", entries)))
        for name, measure in parts:
            with err.status(name):
                figures |= measure()
    if as_json:
        print_json(figures)
        return
    for name, value in figures.items():
        out.print(f"{name.replace('_', ' ')}: {value}", markup=False)


def _ingest(place: Path, entries: int) -> dict[str, Any]:
    each = {box: batches(box, entries // 2) for box in ("room-1", "room-2")}
    database = empty_log(place / "hub.sqlite")
    service = AuditService(
        AuditStore(database), _Keys(), _HUB, SystemClock(), boot="b", epoch=lambda: "e",
        clinic="bench",
    )  # fmt: skip
    began, cpu, took = time.perf_counter(), time.process_time(), []
    for pair in zip(*each.values(), strict=True):
        for box, payload in zip(each, pair, strict=True):
            start = time.perf_counter()
            if service.ingest(box, payload) is None:
                raise RuntimeError("a clean batch was refused")
            took.append(time.perf_counter() - start)
    wall_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    database.close()
    made = [as_row(n, *one) for n, one in enumerate(sealed_entries("room-1", entries), 1)]
    began = time.perf_counter()
    bare_rows(place / "bare.sqlite", made, 500)
    bare_s = time.perf_counter() - began
    return {
        "ingest_per_s": round(entries / wall_s),
        "ingest_per_cpu_s": round(entries / cpu_s),
        "ingest_batch_p99_ms": _p(took, 99),
        "bare_sqlite_per_s": round(entries / bare_s),
        "share_of_bare_sqlite": round(bare_s / wall_s, 2),
        "bytes_an_entry": round((place / "hub.sqlite").stat().st_size / entries),
    }


def _verify(place: Path) -> dict[str, Any]:
    database = Database(f"sqlite:///{place / 'hub.sqlite'}")
    with database.read() as session:
        cpu = time.process_time()
        report = verify_log(LogReader(session))
        took = time.process_time() - cpu
    database.close()
    if not report.ok:
        raise RuntimeError(report.problem)
    db = sqlite3.connect(place / "hub.sqlite")
    cpu = time.process_time()
    for (data,) in db.execute("SELECT data FROM audit_entries ORDER BY position"):
        hashlib.sha256(b"\0" + data).digest()
    bare = time.process_time() - cpu
    db.close()
    return {
        "verified_per_cpu_s": round(report.entries / took),
        "read_and_hashed_alone_per_cpu_s": round(report.entries / bare),
    }


def _prove(place: Path, leaves: int) -> dict[str, Any]:
    database = empty_log(place / "tree.sqlite")
    made = random.Random(1)  # noqa: S311 - the same tree in every run
    hashes = [made.randbytes(32) for _ in range(leaves)]
    with database.write() as session:
        tree = Tree(session)
        for first in range(0, leaves, 65_536):
            tree.extend(first, hashes[first : first + 65_536])
            session.flush()
    in_s, grown_s = list[float](), list[float]()
    rng = random.Random(2)  # noqa: S311 - the same places
    with database.read() as session:
        root = Tree(session).root(leaves)
    for _ in range(1000):
        index, old = rng.randrange(leaves), rng.randrange(1, leaves)
        with database.read() as session:
            start = time.perf_counter()
            path = inclusion(Tree(session).node, index, leaves)
            in_s.append(time.perf_counter() - start)
        check_inclusion(hashes[index], index, leaves, path, root)
        with database.read() as session:
            start = time.perf_counter()
            consistency(Tree(session).node, old, leaves)
            grown_s.append(time.perf_counter() - start)
    database.close()
    return {
        "leaves": leaves,
        "inclusion_p50_ms": _p(in_s, 50),
        "inclusion_p99_ms": _p(in_s, 99),
        "consistency_p99_ms": _p(grown_s, 99),
    }


def _search(place: Path, rows: int) -> dict[str, Any]:
    many_rows(place / "many.sqlite", rows, boxes=500)
    database = Database(f"sqlite:///{place / 'many.sqlite'}")
    took = dict[str, list[float]]()
    rng = random.Random(3)  # noqa: S311 - the same questions
    for _ in range(40):
        for name, filters in _questions(rng, rows).items():
            with database.read() as session:
                start = time.perf_counter()
                LogReader(session).rows_of(filters, 0, 50)
                took.setdefault(name, []).append(time.perf_counter() - start)
    database.close()
    whole = [one for times in took.values() for one in times]
    slowest = max(took, key=lambda name: _p(took[name], 95))
    return {
        "rows": rows,
        "search_p50_ms": _p(whole, 50),
        "search_p95_ms": _p(whole, 95),
        "slowest_search": f"by {slowest}: p95 {_p(took[slowest], 95)} ms",
    }


def _questions(rng: random.Random, rows: int) -> dict[str, Filters]:
    when = BEGAN_MS + rng.randrange(rows) * 18
    room, user = f"room-{rng.randrange(500)}", f"user-{rng.randrange(997)}"
    return {
        "nothing": Filters(),
        "room": Filters(box=room),
        "room and time": Filters(box=room, since_ms=when),
        "room and action": Filters(box=room, action="auth.login"),
        "user": Filters(actor=user),
        "user and action": Filters(actor=user, action="auth.login"),
        "action and outcome": Filters(action="turn.answered", outcome="failed"),
        "alarms": Filters(action="audit.alarm"),
        "resource": Filters(subject=f"{rng.randrange(rows):032x}"),
        "time": Filters(since_ms=when, until_ms=when + 3_600_000),
    }


def _p(seconds: list[float], percent: int) -> float:
    """A percentile in milliseconds."""
    return round(statistics.quantiles(seconds, n=100, method="inclusive")[percent - 1] * 1000, 2)
