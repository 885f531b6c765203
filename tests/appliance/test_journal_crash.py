from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance.journal.journal import Journal
from voiceassist.contract.signing import KeyRing, Signer
from voiceassist.timekeeping import SystemClock

_CHILD = """
import sys
from pathlib import Path
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from voiceassist.timekeeping import SystemClock, boot_id
from appliance.journal.journal import Journal
from voiceassist.contract.signing import Signer

key = Signer(Ed25519PrivateKey.from_private_bytes(bytes(32)))
journal = Journal(Path(sys.argv[1]), "room-1", key, SystemClock(), boot_id())
print("ready", flush=True)
while True:
    receipt = journal.append(
        action="turn", outcome="answered", subject="t", actor="room-1", detail={"x": "y" * 300}
    )
    sys.stdout.write(f"{receipt.seq} {receipt.hash}\\n")
    sys.stdout.flush()
"""


def _run_until_killed(path: Path, lines: int) -> list[tuple[int, str]]:
    """Start the child, read that many receipts, SIGKILL it, read what it still printed."""
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    printed = [child.stdout.readline() for _ in range(lines)]
    os.kill(child.pid, signal.SIGKILL)
    printed += child.stdout.readlines()
    child.stdout.close()
    child.wait()
    whole = [line.split() for line in printed if line.endswith("\n")]
    return [(int(seq), digest) for seq, digest in whole]


@pytest.mark.slow
def test_sigkill_while_appending_loses_no_receipt(tmp_path: Path) -> None:
    """Killed at any moment, the journal is whole and has every entry it gave a receipt for."""
    _kill_eight_times(tmp_path / "journal.sqlite", random.Random(6))


def _kill_eight_times(path: Path, rng: random.Random) -> None:
    key = Signer(Ed25519PrivateKey.from_private_bytes(bytes(32)))
    receipts: list[tuple[int, str]] = []
    for _ in range(8):
        receipts += _run_until_killed(path, rng.randrange(1, 60))
        journal = Journal(path, "room-1", key, SystemClock(), "boot")
        head = journal.verify(KeyRing([]))
        kept = dict(journal._db.execute("SELECT seq, hash FROM entries"))
        journal.close()
        assert head.seq in {len(receipts), len(receipts) + 1}, "one may be on its way out"
        assert all(kept[seq] == digest for seq, digest in receipts)
        if head.seq > len(receipts):
            receipts.append((head.seq, kept[head.seq]))
