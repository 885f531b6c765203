from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from voiceassist.contract.canonical import canonical
from voiceassist.contract.ledger import (
    GENESIS,
    Ack,
    Entry,
    Head,
    Sealed,
    extend,
    open_ack,
    open_checkpoint,
    sign_ack,
    sign_checkpoint,
)
from voiceassist.contract.signing import KeyRing, Signer
from voiceassist.errors import Unverified

START = Head("room-1", "epoch-1")


def _entry(head: Head, boot: str = "boot-1", mono_ms: int | None = None) -> Entry:
    return Entry(
        box=head.box,
        epoch=head.epoch,
        seq=head.seq + 1,
        previous=head.hash,
        wall_ms=1_700_000_000_000 + head.seq,
        synced=True,
        mono_ms=head.seq if mono_ms is None else mono_ms,
        boot=boot,
        actor="room-1",
        action="turn",
        outcome="answered",
        subject=f"turn-{head.seq}",
        detail={"route": "room", "ms": {"stt": 412}},
    )


def _chain(length: int) -> list[bytes]:
    head, chain = START, []
    for _ in range(length):
        sealed = Sealed.of(_entry(head))
        head, _read = extend(head, [sealed.data])
        chain.append(sealed.data)
    return chain


def test_a_chain_extends_whole_or_in_parts() -> None:
    """A chain reads the same however it is cut into batches."""
    chain = _chain(9)
    whole, read = extend(START, chain)
    head = START
    for cut in (chain[:2], chain[2:3], chain[3:]):
        head, _ = extend(head, cut)
    assert head == whole
    assert [entry.seq for _sealed, entry in read] == list(range(1, 10))
    assert (whole.seq, whole.hash) == (9, Sealed.from_bytes(chain[-1]).hash)


def _edit(chain: Sequence[bytes], rng: random.Random) -> list[bytes]:
    changed = list(chain)
    place = rng.randrange(len(chain))
    one = bytearray(changed[place])
    at = rng.randrange(len(one))
    one[at] ^= 1 << rng.randrange(8)
    changed[place] = bytes(one)
    return changed


def _edit_and_reseal(chain: Sequence[bytes], rng: random.Random) -> list[bytes]:
    changed = list(chain)
    place = rng.randrange(len(chain) - 1)
    entry = Sealed.from_bytes(changed[place]).entry()
    changed[place] = Sealed.of(entry.model_copy(update={"outcome": "refused"})).data
    return changed


def _delete(chain: Sequence[bytes], rng: random.Random) -> list[bytes]:
    changed = list(chain)
    del changed[rng.randrange(len(chain) - 1)]
    return changed


def _reorder(chain: Sequence[bytes], rng: random.Random) -> list[bytes]:
    changed = list(chain)
    one, other = rng.sample(range(len(chain)), 2)
    changed[one], changed[other] = changed[other], changed[one]
    return changed


def _insert(chain: Sequence[bytes], rng: random.Random) -> list[bytes]:
    changed = list(chain)
    place = rng.randrange(len(chain))
    changed.insert(place, rng.choice(chain))
    return changed


@pytest.mark.parametrize("tamper", [_edit, _edit_and_reseal, _delete, _reorder, _insert])
def test_every_tampering_is_found(
    tamper: Callable[[Sequence[bytes], random.Random], list[bytes]],
) -> None:
    """Of 300 seeded mutations of each kind none leaves a chain with the signed head."""
    chain = _chain(12)
    head, _ = extend(START, chain)
    for seed in range(300):
        changed = tamper(chain, random.Random(seed))
        try:
            found, _ = extend(START, changed)
        except Unverified:
            continue
        assert found.hash != head.hash, f"seed {seed} was not noticed"


def test_a_cut_end_leaves_another_head() -> None:
    """A chain without its end is a chain, but not the one that was signed."""
    chain = _chain(5)
    whole, _ = extend(START, chain)
    cut, _ = extend(START, chain[:3])
    assert (cut.seq, cut.hash) != (whole.seq, whole.hash)


def test_an_entry_of_another_journal_is_refused() -> None:
    """Neither another box's entries nor another epoch's continue a chain."""
    for other in (Head("room-2", "epoch-1"), Head("room-1", "epoch-2")):
        with pytest.raises(Unverified, match="another journal"):
            extend(START, [Sealed.of(_entry(other)).data])


def test_the_monotonic_clock_holds_within_a_boot_and_across_batches() -> None:
    """An entry earlier than the one before it is refused, unless the machine restarted."""
    head, _ = extend(START, [Sealed.of(_entry(START, mono_ms=50)).data])
    with pytest.raises(Unverified, match="monotonic"):
        extend(head, [Sealed.of(_entry(head, mono_ms=49)).data])
    extend(head, [Sealed.of(_entry(head, boot="boot-2", mono_ms=1)).data])


@pytest.mark.parametrize(
    "change",
    [{"seq": "1"}, {"seq": 0}, {"v": 2}, {"previous": "0"}, {"extra": 1}, {"detail": []}],
)
def test_an_entry_of_another_shape_is_refused(change: dict[str, object]) -> None:
    """Canonical bytes that are not exactly an entry are no entry."""
    value = {**_entry(START).model_dump(), **change}
    with pytest.raises(Unverified):
        Sealed.from_bytes(canonical(value)).entry()  # type: ignore[arg-type]


def test_an_entry_takes_no_floats() -> None:
    """A duration is a whole number of a stated unit, or the entry can't be made."""
    with pytest.raises(ValueError, match="detail"):
        Entry.model_validate({**_entry(START).model_dump(), "detail": {"ms": 1.5}})


@given(st.binary(max_size=200))
def test_any_bytes_are_an_entry_or_unverified(data: bytes) -> None:
    """Junk in a journal is refused by name; nothing crashes."""
    with pytest.raises(Unverified):
        Sealed.from_bytes(data).entry()


def test_checkpoints_and_acks_open_as_what_they_are() -> None:
    """A box's word on its head and the hub's on what it has can't stand for each other."""
    signer = Signer(Ed25519PrivateKey.from_private_bytes(bytes(32)))
    trusted = KeyRing([signer.public])
    ack = Ack(
        box="room-1", epoch="e", seq=0, head=GENESIS, log="", index=0, inclusion=(), growth=()
    )
    checkpoint = sign_checkpoint(START, 5, signer)
    assert open_ack(sign_ack(ack, signer), trusted) == ack
    assert open_checkpoint(checkpoint, trusted).head == START.hash
    with pytest.raises(Unverified):
        open_ack(checkpoint, trusted)
    with pytest.raises(Unverified):
        open_checkpoint(sign_ack(ack, signer), trusted)
