from __future__ import annotations

import random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.contract.log_of_hub import HubLog
from voiceassist.contract.ledger import GENESIS, Ack, Head, open_ack
from voiceassist.contract.note import LogHead, open_note, sign_note
from voiceassist.contract.signing import KeyRing, Signer
from voiceassist.contract.witness import Inconsistent, Late, witness
from voiceassist.errors import Unverified

HUB = Signer(Ed25519PrivateKey.from_private_bytes(b"h" * 32))
OTHER = Signer(Ed25519PrivateKey.from_private_bytes(b"o" * 32))
TRUSTED = KeyRing([HUB.public])


def word(log: HubLog, seq: int, asked: LogHead | None = None, /, **changes: object) -> Ack:
    head = Head("room-1", "e", seq, f"{seq:064x}" if seq else GENESIS)
    return open_ack(log.ack(head, asked, **changes), TRUSTED)


def test_a_note_says_what_was_signed_and_only_as_the_standard_has_it() -> None:
    """The text is a C2SP checkpoint: origin, size, root, a blank line, a signature line."""
    head = LogHead("north", 1_700_000_000, 3, b"\x05" * 32)
    note = sign_note(head, HUB)
    assert open_note(note, TRUSTED) == head
    lines = note.split("\n")
    assert lines[:2] == ["voiceassist/north/1700000000", "3"]
    assert (lines[3], lines[4][:31]) == ("", "— voiceassist/north/1700000000 ")


def test_no_other_note_is_believed() -> None:
    """Another key, a stripped or other signature, any changed character: refused."""
    note = sign_note(LogHead("north", 7, 3, b"\x05" * 32), HUB)
    rng = random.Random(5)
    with pytest.raises(Unverified, match="not signed by a key"):
        open_note(note, KeyRing([OTHER.public]))
    with pytest.raises(Unverified, match="malformed"):
        open_note(note.split("—")[0], TRUSTED)
    letters = "ABCxyz0123456789+/=\n —\x00"
    for _ in range(1000):
        at = rng.randrange(len(note))
        spoiled = note[:at] + rng.choice(letters) + note[at + 1 :]
        if spoiled != note:
            with pytest.raises(Unverified):
                open_note(spoiled, TRUSTED)


def test_a_log_that_grows_is_followed() -> None:
    """From nothing known, and from each word to the next, whatever others add between."""
    log, kept = HubLog(HUB), None
    for seq in range(1, 30):
        kept = witness(kept, word(log, seq), TRUSTED)
        if seq % 3 == 0:
            log.add(f"{seq:063x}f")
    assert kept is not None
    assert kept.size > 29


def test_a_word_must_hold_in_itself() -> None:
    """An entry that is not where the word says, or a note of another key, is refused."""
    log = HubLog(HUB)
    word(log, 1)
    for changes in (
        {"index": 0}, {"head": "e" * 64}, {"inclusion": ()}, {"inclusion": ("0" * 64,)},
        {"inclusion": ("x",)}, {"log": sign_note(log.head(), OTHER)}, {"log": ""},
    ):  # fmt: skip
        with pytest.raises(Unverified):
            witness(None, word(log, 2, **changes), TRUSTED)


def test_a_word_without_its_proof_of_growth_is_no_evidence() -> None:
    """What is not told is refused, but accuses nobody."""
    log = HubLog(HUB)
    kept = witness(None, word(log, 1), TRUSTED)
    word(log, 2)
    with pytest.raises(Unverified, match="does not tell") as caught:
        witness(kept, word(log, 3, growth=()), TRUSTED)
    assert not isinstance(caught.value, Inconsistent)


def _rolled_back(log: HubLog) -> HubLog:
    old = HubLog(HUB)
    for leaf in log.leaves[:3]:
        old.add(leaf.hex())
    return old


def _split_view(log: HubLog) -> HubLog:
    other = HubLog(HUB)
    for leaf in log.leaves[:-1]:
        other.add(leaf.hex())
    other.add("e" * 64)
    return other


def _rewritten(log: HubLog) -> HubLog:
    other = HubLog(HUB)
    for leaf in [b"\x07" * 32, *log.leaves[1:]]:
        other.add(leaf.hex())
    return other


def _older_log(log: HubLog) -> HubLog:
    other = HubLog(HUB, number=log.number - 1)
    for leaf in log.leaves:
        other.add(leaf.hex())
    return other


def _another_clinics(log: HubLog) -> HubLog:
    other = HubLog(HUB, clinic="south", number=log.number + 1)
    other.leaves, other.places = list(log.leaves), dict(log.places)
    return other


@pytest.mark.parametrize(
    "make", [_rolled_back, _split_view, _rewritten, _older_log, _another_clinics]
)
@pytest.mark.parametrize("later", [0, 1, 5])
def test_a_log_that_contradicts_itself_is_refused(make: object, later: int) -> None:
    """Rolled back, another story told, rewritten, an older log, another's: never followed."""
    log, kept = HubLog(HUB, number=9), None
    for seq in range(1, 12):
        kept = witness(kept, word(log, seq), TRUSTED)
    other = make(log)  # type: ignore[operator]
    for extra in range(later):
        other.add(f"{extra:063x}d")
    with pytest.raises(Inconsistent) as caught:
        witness(kept, word(other, 0, kept), TRUSTED)
    assert caught.value.told == other.head()


def test_an_answer_to_an_older_question_accuses_nobody() -> None:
    """One that was overtaken, of this log or the one before it, is late and no contradiction."""
    log = HubLog(HUB, number=9)
    first = word(log, 1)
    second = word(log, 2, witness(None, first, TRUSTED))
    kept = witness(None, word(log, 3), TRUSTED)
    anew = witness(kept, word(HubLog(HUB, number=10), 0), TRUSTED)
    for known in (kept, anew):
        for late in (first, second):
            with pytest.raises(Late):
                witness(known, late, TRUSTED)


def test_a_restored_hub_begins_a_new_log() -> None:
    """A log of a higher number is believed: it says of itself that it is another one."""
    log = HubLog(HUB, number=9)
    kept = witness(None, word(log, 1), TRUSTED)
    anew = HubLog(HUB, number=10)
    assert witness(kept, word(anew, 0), TRUSTED).number == 10
