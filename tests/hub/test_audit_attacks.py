"""What a box's owner can send: each class of attack, mutated by seed (LEDGER_MUTATIONS times)."""

from __future__ import annotations

import base64
import json
import os
import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.audit.clocks import ahead, jump
from tests.hub.trail import ROOM, Trail, batch, chain
from voiceassist.contract.canonical import canonical
from voiceassist.contract.ledger import Entry, Head, Sealed
from voiceassist.contract.signing import Envelope, Signer

_TIMES = int(os.environ.get("LEDGER_MUTATIONS", "40"))
_THIEF = Signer(Ed25519PrivateKey.from_private_bytes(b"t" * 32))
_TRUE = chain(60)
_DAY_MS = 86_400_000


@pytest.fixture
def trail() -> Iterator[Trail]:
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        made = Trail(Path(folder))
        yield made
        made.database.close()


def _edited(rng: random.Random, data: bytes) -> bytes:
    """The entry with another word in it, in canonical form."""
    value = json.loads(data)
    name = rng.choice(("actor", "action", "outcome", "subject", "wall_ms", "boot"))
    value[name] = rng.randrange(10**12) if name == "wall_ms" else f"x{rng.randrange(10**6)}"
    return canonical(value)


def _rechained(after: Sequence[bytes], rest: Sequence[bytes]) -> list[bytes]:
    """`rest` sealed anew, so that it continues `after`."""
    made = list(after)
    for data in rest:
        entry = Sealed.from_bytes(data).entry()
        previous = Sealed.from_bytes(made[-1]).hash if made else "0" * 64
        fixed = entry.model_copy(update={"seq": len(made) + 1, "previous": previous})
        made.append(Sealed.of(fixed).data)
    return made[len(after) :]


def _signed(part: list[bytes]) -> Envelope:
    """What the box itself signed, where the attacker lacks its key."""
    return Envelope.model_validate(json.loads(batch(part))["head"])


def _edit(rng: random.Random, first: int, part: list[bytes]) -> bytes:
    at = rng.randrange(len(part))
    return batch([*part[:at], _edited(rng, part[at]), *part[at + 1 :]], head=_signed(part))


def _delete(rng: random.Random, first: int, part: list[bytes]) -> bytes:
    at = rng.randrange(1, len(part) - 1)
    return batch([*part[:at], *part[at + 1 :]])


def _delete_first(rng: random.Random, first: int, part: list[bytes]) -> bytes:
    return batch(_rechained(_TRUE[:first], part[1:]), head=_signed(part))


def _reorder(rng: random.Random, first: int, part: list[bytes]) -> bytes:
    at = rng.randrange(len(part) - 1)
    return batch([*part[:at], part[at + 1], part[at], *part[at + 2 :]])


def _insert(rng: random.Random, first: int, part: list[bytes]) -> bytes:
    at = rng.randrange(len(part))
    return batch([*part[:at], rng.choice(_TRUE), *part[at:]], first=first + 1)


def _cut_and_continue(rng: random.Random, first: int, part: list[bytes]) -> bytes:
    cut = rng.randrange(first)
    made = [_edited(rng, one) for one in part]
    return batch(_rechained(_TRUE[:cut], made))


def _recompute(rng: random.Random, first: int, part: list[bytes]) -> bytes:
    at = rng.randrange(first)
    whole = [*_TRUE[:at], _edited(rng, _TRUE[at]), *_TRUE[at + 1 : first], *part]
    return batch(_rechained(_TRUE[:at], whole[at:]))


def _fork(rng: random.Random, first: int, part: list[bytes]) -> bytes:
    cut = rng.randrange(first)
    return batch(chain(rng.randrange(1, 9), after=_TRUE[:cut], outcome=f"o{rng.random()}"))


def _other_box(rng: random.Random, first: int, part: list[bytes]) -> bytes:
    return batch(chain(len(part), box="room-2", outcome=f"o{rng.random()}"))


def _stolen_name(rng: random.Random, first: int, part: list[bytes]) -> bytes:
    return batch(part, _THIEF)


def _stripped(rng: random.Random, first: int, part: list[bytes]) -> bytes:
    value = json.loads(batch(part))
    value["head"][rng.choice(("sig", "keyid", "payload"))] = ""
    return json.dumps(value).encode()


def _another_algorithm(rng: random.Random, first: int, part: list[bytes]) -> bytes:
    value = json.loads(batch(part))
    value["head"]["payload_type"] = rng.choice(("none", "HS256", "application/json", ""))
    return json.dumps(value).encode()


def _another_signature(rng: random.Random, first: int, part: list[bytes]) -> bytes:
    value = json.loads(batch(part))
    sig = bytearray(base64.b64decode(value["head"]["sig"]))
    sig[rng.randrange(len(sig))] ^= 1 << rng.randrange(8)
    value["head"]["sig"] = base64.b64encode(bytes(sig)).decode()
    return json.dumps(value).encode()


def _one_bit(rng: random.Random, first: int, part: list[bytes]) -> bytes:
    payload = bytearray(batch(part))
    payload[rng.randrange(len(payload))] ^= 1 << rng.randrange(8)
    return bytes(payload)


def _node_as_leaf(rng: random.Random, first: int, part: list[bytes]) -> bytes:
    return batch(part, entries=(base64.b64encode(b"\1" + rng.randbytes(64)).decode(),))


_ATTACKS = (
    _edit, _delete, _delete_first, _reorder, _insert, _cut_and_continue, _recompute, _fork,
    _other_box, _stolen_name, _stripped, _another_algorithm, _another_signature, _one_bit,
    _node_as_leaf,
)  # fmt: skip


@pytest.mark.timeout(0 if _TIMES > 100 else 120)
@pytest.mark.parametrize("attack", _ATTACKS, ids=lambda one: one.__name__.strip("_"))
def test_an_attack_changes_nothing_and_is_told(
    trail: Trail, attack: Callable[[random.Random, int, list[bytes]], bytes]
) -> None:
    """Whatever is sent, the log has the box's true entries alone; what is refused is kept."""
    rng = random.Random(17)
    head, seen = 10, set[bytes]()
    trail.ingest(batch(_TRUE[:head]))
    true = [Sealed.from_bytes(one).hash for one in _TRUE]
    for _ in range(_TIMES):
        length = rng.randrange(3, 9)
        before = len(trail.quarantine())
        payload = attack(rng, head, _TRUE[head : head + length])
        ack = trail.ingest(payload)
        # a changed word that nothing was signed of, such as `seen`, leaves the true entries true
        assert ack is None or ack.head == true[ack.seq - 1]
        assert ack is None or ack.seq == head or attack is _one_bit
        if payload not in seen and ack is None:
            assert len(trail.quarantine()) > before, "refused, and not kept"
        seen.add(payload)
    assert trail.quarantine()
    assert trail.alarms()
    ack = trail.ingest(batch(_TRUE[head:]))
    assert ack is not None
    assert (ack.seq, ack.head) == (60, true[-1]), "the true box goes on"
    assert trail.service.verify_all().ok


def test_an_old_batch_played_again_changes_nothing(trail: Trail) -> None:
    """It is known, so it is acknowledged as known, with no alarm."""
    rng = random.Random(18)
    trail.ingest(batch(_TRUE))
    for _ in range(_TIMES):
        first = rng.randrange(50)
        ack = trail.ingest(batch(_TRUE[first : first + rng.randrange(1, 10)]))
        assert ack is not None
        assert ack.seq == 60
    assert trail.alarms() == []


def _dated(*walls: int, boots: str = "", synced: str = "") -> list[Entry]:
    """Entries a second of monotonic time apart, with these wall clocks (seconds)."""
    made, head = [], Head("room-1", "e1")
    for n, wall in enumerate(walls):
        entry = Entry(
            box="room-1", epoch="e1", seq=n + 1, previous=head.hash, wall_ms=wall * 1000,
            synced=synced[n : n + 1] != "n", mono_ms=1000 * n, boot=boots[n : n + 1] or "a",
            actor="a", action="b", outcome="c", subject="d", detail={},
        )  # fmt: skip
        head = Head("room-1", "e1", n + 1, Sealed.of(entry).hash)
        made.append(entry)
    return made


def test_clocks_that_contradict_each_other_are_told() -> None:
    """A day back, a year on, within a boot or over one; not drift, nor a first setting."""
    day = 86_400
    assert "jumped by" in jump(None, _dated(1000, 1001 - day))
    assert "jumped by" in jump(None, _dated(1000, 1001 + 365 * day))
    assert "went back" in jump(None, _dated(day, 0, boots="ab"))
    assert jump(None, _dated(0, 3 * day, boots="ab")) == "", "it was switched off for days"
    assert jump(None, _dated(0, 1000 * day, synced="ny")) == "", "a time server set it"
    assert jump(None, _dated(0, 1000 * day, synced="yy"))
    assert jump(None, _dated(*range(500), 520)) == ""
    last = _dated(1000)[0]
    assert ahead(last, 1000_000 - 299_000) == ""
    assert "ahead" in ahead(last, 1000_000 - 365 * _DAY_MS)


def test_a_clock_that_is_set_by_hand_is_alarmed_and_its_entries_kept(trail: Trail) -> None:
    """Back a day and ahead a year: the entries are in, and each is told once an hour."""
    entries = _dated(*range(10), 5 - 86_400, 6 - 86_400)
    sealed = [Sealed.of(one).data for one in entries]
    ack = trail.ingest(batch(sealed, ROOM))
    assert ack is not None
    assert ack.seq == 12
    assert trail.alarms() == ["clock_jump"]
    ahead_s = trail.clock.now // 1000 + 365 * 86_400
    later = _rechained(sealed, [Sealed.of(one).data for one in _dated(*[ahead_s] * 13)[12:]])
    ack = trail.ingest(batch(later, ROOM))
    assert ack is not None
    assert ack.seq == 13
    assert trail.alarms() == ["clock_jump", "clock_ahead"]
    assert trail.service.verify_all().ok
