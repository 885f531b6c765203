"""Kills a box or a hub by SIGKILL, again and again, while it writes; run as a program of its own.

    python -m tests.appliance.killing box|hub KILLS SEED FOLDER

Each victim is forked from this process, so that a kill takes milliseconds. After each, what is on
the disk is read and held against what the victim had told. Prints a JSON line of counts.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from appliance.journal.journal import Journal
from hub.audit.service import AuditService
from hub.audit.store import AuditStore
from hub.audit.tables import TABLES
from hub.storage.base import Base
from hub.storage.engine import Database
from voiceassist.contract.ledger import open_ack
from voiceassist.contract.signing import Envelope, KeyRing, Signer
from voiceassist.contract.witness import witness
from voiceassist.timekeeping import SystemClock

KEY = Signer(Ed25519PrivateKey.from_private_bytes(bytes(32)))
TRUSTED = KeyRing([KEY.public])


def journal_at(path: Path) -> Journal:
    """The box's journal."""
    return Journal(path, "room-1", KEY, SystemClock(), "boot", epoch=lambda: "e")


def service_at(path: Path) -> tuple[AuditService, Database]:
    """The hub's audit room."""
    database = Database(f"sqlite:///{path}")
    Base.metadata.create_all(database.engine, tables=[kind.__table__ for kind in TABLES])  # type: ignore[misc]

    class Keys:
        def key(self, room: str) -> Ed25519PublicKey:
            return KEY.public

    made = AuditService(
        AuditStore(database), Keys(), KEY, SystemClock(), boot="b", epoch=lambda: "h", clinic="n"
    )  # fmt: skip
    return made, database


def killed(victim: Callable[[TextIO], None], rng: random.Random) -> list[str]:
    """Fork, let `victim` write lines, kill it after its first one and a moment; its whole lines."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        with os.fdopen(write, "w", buffering=1) as told:
            victim(told)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as heard:
        first = heard.readline()
        time.sleep(rng.random() * 0.01)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return [line for line in (first, *heard.readlines()) if line.endswith("\n")]


def kill_boxes(kills: int, rng: random.Random, folder: Path) -> dict[str, int]:
    """Kill a box while it appends: no receipt may be lost."""
    path, given, lost = folder / "journal", dict[int, str](), 0

    def append(told: TextIO) -> None:
        journal = journal_at(path)
        for n in itertools.count():
            receipt = journal.append(
                action="turn", outcome="answered", subject=f"t{n}", actor="room-1", detail={"n": n}
            )
            told.write(f"{receipt.seq} {receipt.hash}\n")

    for _ in range(kills):
        given |= {int(seq): h for seq, h in map(str.split, killed(append, rng))}
        journal = journal_at(path)
        journal.verify(TRUSTED)
        kept = dict(journal._db.execute("SELECT seq, hash FROM entries"))
        lost += sum(kept.get(seq) != hashed for seq, hashed in given.items())
        journal.close()
    return {"kills": kills, "told": len(given), "kept": len(kept), "lost": lost}


def kill_hubs(kills: int, rng: random.Random, folder: Path) -> dict[str, int]:
    """Kill a hub while it takes a box's entries in: no acknowledged one may be lost or double."""
    journal, path = journal_at(folder / "journal"), folder / "hub.sqlite"
    acked = lost = 0
    kept_word = None

    def ingest(told: TextIO) -> None:
        service, _database = service_at(path)
        after = acked
        while batch := journal.batch(after, 7):
            word = service.ingest("room-1", batch.model_dump_json().encode())
            assert word is not None
            after = open_ack(word, TRUSTED).seq
            told.write(word.model_dump_json() + "\n")

    for _ in range(kills):
        for n in range(120):
            journal.append(
                action="turn", outcome="answered", subject=f"t{n}", actor="room-1", detail={}
            )
        for line in killed(ingest, rng):
            acked = open_ack(Envelope.from_json(line.encode()), TRUSTED).seq
            kept_word = line
        service, database = service_at(path)
        report = service.verify_all()
        kept = next((one.entries for one in report.chains if one.box == "room-1"), 0)
        lost += (not report.ok) + (kept < acked)
        database.close()
    if kept_word is not None:
        witness(None, open_ack(Envelope.from_json(kept_word.encode()), TRUSTED), TRUSTED)
    return {"kills": kills, "told": acked, "kept": kept, "lost": lost}


if __name__ == "__main__":
    kind, count, seed, where = sys.argv[1:]
    kill = {"box": kill_boxes, "hub": kill_hubs}[kind]
    sys.stdout.write(json.dumps(kill(int(count), random.Random(int(seed)), Path(where))) + "\n")
