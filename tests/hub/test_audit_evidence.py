"""What leaves the hub: exports that others read, and evidence that needs nobody's trust."""

from __future__ import annotations

import csv
import json
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fhir.resources.R4B.auditevent import AuditEvent

from hub.audit.export import comma_separated, evidence, json_lines
from hub.audit.fhir import audit_events
from hub.audit.reader import LogReader, view
from hub.audit.schemas import Filters
from tests.hub.trail import HUB, ROOM, Trail, batch, chain
from voiceassist import evidence as standalone
from voiceassist.contract.signing import Signer
from voiceassist.errors import WrongUse

OTHER = Signer(Ed25519PrivateKey.from_private_bytes(b"o" * 32))
KEYS = [HUB.public_pem.encode(), ROOM.public_pem.encode()]


@pytest.fixture
def trail(tmp_path: Path) -> Iterator[Trail]:
    made = Trail(tmp_path)
    made.ingest(batch(chain(20)))
    made.service.record(
        action="auth.sign_in",
        outcome="refused",
        subject="=cmd()",
        actor="ada",
        detail={"n": 1},
    )
    made.ingest(batch(chain(7, box="room-2")), "room-2")
    yield made
    made.database.close()


def reading(trail: Trail, use: Callable[[LogReader], list[str]]) -> list[str]:
    with trail.service._store.reading() as reader:
        return use(reader)


def lines(trail: Trail, filters: Filters | None = None, *witnesses: str) -> list[str]:
    return reading(trail, lambda log: list(evidence(log, filters or Filters(), witnesses)))


def checked(found: list[str], *witnesses: str) -> standalone.Report:
    return standalone.check(found, KEYS, witnesses)


def test_a_whole_log_is_checked_with_public_keys_alone(trail: Trail) -> None:
    """Every entry, every journal's end, and the root of the tree hold."""
    report = checked(lines(trail))
    assert (report.problem, report.whole, report.entries) == ("", True, 28)
    assert {box for box, _epoch in report.signed} == {"room-1", "room-2", "hub"}
    assert report.unchecked == []


def test_a_selection_proves_that_each_of_its_entries_is_in_the_log(trail: Trail) -> None:
    """One entry, a room's, a person's: each has its path to the signed root."""
    for filters, count in (
        (Filters(position=9), 1), (Filters(box="room-2"), 7), (Filters(actor="ada"), 1),
        (Filters(actor="nobody"), 0),
    ):  # fmt: skip
        report = checked(lines(trail, filters))
        assert (report.problem, report.whole, report.entries) == ("", False, count)


def test_a_pruned_log_is_evidence_too(trail: Trail) -> None:
    """What went is there as hashes, and the chains of what stayed begin there."""
    trail.clock.now += 10_000
    trail.ingest(batch(chain(25)))
    assert trail.service.prune(trail.clock.now - 5_000) == 28
    report = checked(lines(trail))
    assert (report.problem, report.pruned, report.entries) == ("", 28, 6)


def test_a_witness_is_held_against_whole_and_selection(trail: Trail) -> None:
    """A room's older note agrees; another story's, or one of a longer log, refutes the file."""
    before = trail.newest()
    trail.ingest(batch(chain(30)))
    for filters in (Filters(), Filters(position=30)):
        found = lines(trail, filters, before, trail.newest())
        report = checked(found, before, trail.newest())
        assert (report.problem, report.witnesses, report.unchecked) == ("", 2, [])
    old = lines(trail, Filters(position=30))
    assert checked(old, before).unchecked, "without a proof it is said that nothing was checked"
    trail.ingest(batch(chain(31)))
    assert "went back" in checked(found, trail.newest()).problem


def test_another_story_is_refuted_by_its_witness(trail: Trail, tmp_path: Path) -> None:
    """Two hubs with one key and two stories: each file fails the other's witness."""
    (tmp_path / "other").mkdir()
    other = Trail(tmp_path / "other")
    other.ingest(batch(chain(28, outcome="refused")))
    for filters in (Filters(), Filters(position=5)):
        assert "another history" in checked(lines(other, filters), trail.newest()).problem
    other.database.close()


def _mutated(rng: random.Random, found: list[str]) -> list[str]:
    """The file with one thing changed that matters."""
    whole = list(found)
    at = rng.randrange(len(whole))
    fate = rng.randrange(5)
    if fate == 0:
        del whole[at]
    elif fate == 1:
        other = rng.randrange(len(whole))
        whole[at], whole[other] = whole[other], whole[at]
    elif fate == 2:
        whole.insert(at, whole[rng.randrange(len(whole))])
    elif fate == 3:
        whole = whole[:at]
    else:
        line = whole[at]
        place = rng.randrange(len(line) - 1)
        whole[at] = line[:place] + rng.choice('0123456789abcdefXYZ{}",:') + line[place + 1 :]
    return whole


@pytest.mark.parametrize("filters", [Filters(), Filters(box="room-1")], ids=["whole", "selection"])
def test_1000_mutations_of_a_file_are_refuted(trail: Trail, filters: Filters) -> None:
    """Lines lost, moved, doubled, cut off, characters changed: refuted, or said to be unchecked."""
    found = lines(trail, filters)
    plain = checked(found)
    rng = random.Random(12)
    for _ in range(1000):
        mutated = _mutated(rng, found)
        report = checked(mutated)
        if not report.problem:
            same = [json.loads(one) for one in mutated] == [json.loads(one) for one in found]
            moved = sorted(mutated) == sorted(found)  # ends of journals may stand in any order
            assert same or moved or report.unchecked != plain.unchecked, mutated
            assert report.entries == plain.entries


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ([OTHER.public_pem.encode()], "not signed by a key"),
        ([b"junk"], "not a PEM"),
        ([], "not signed by a key"),
    ],
)
def test_without_the_right_key_nothing_is_believed(
    trail: Trail, keys: list[bytes], problem: str
) -> None:
    """The file brings no key of its own that would be believed."""
    assert problem in standalone.check(lines(trail), keys).problem


def test_a_box_whose_key_was_not_given_is_named(trail: Trail) -> None:
    """The hub's word alone carries the entries; that the box's was not checked is said."""
    report = standalone.check(lines(trail), KEYS[:1])
    assert report.problem == ""
    assert [one.split(" is ")[0] for one in report.unchecked] == [
        "the end of room-1", "the end of room-2",
    ]  # fmt: skip


def test_the_checker_runs_alone(trail: Trail, tmp_path: Path) -> None:
    """Copied to an empty folder, without VoiceAssist on the path, it gives the same answer."""
    program = tmp_path / "evidence.py"
    program.write_text(Path(standalone.__file__).read_text())
    assert len(program.read_text().splitlines()) <= 500
    (tmp_path / "hub.pem").write_text(HUB.public_pem)
    (tmp_path / "room.pem").write_text(ROOM.public_pem)
    (tmp_path / "note").write_text(trail.newest())
    (tmp_path / "file").write_text("".join(lines(trail)))
    command = [sys.executable, "-I", str(program), "file", "--key", "hub.pem", "--key", "room.pem"]
    command += ["--witness", "note"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "everything holds" in done.stdout
    altered = "".join(lines(trail)).replace("answered", "refused!", 1)
    (tmp_path / "file").write_text(altered)
    done = subprocess.run(
        [*command, "--json"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, json.loads(done.stdout)["ok"]) == (1, False)
    imported = re.findall(r"^(?:from|import) (\w+)", program.read_text(), re.MULTILINE)
    assert set(imported) - sys.stdlib_module_names == {"cryptography"}


def test_json_lines_hash_to_what_they_say(trail: Trail) -> None:
    """One line an entry, by filter; the journals' ends after them."""
    found = reading(trail, lambda log: list(json_lines(log, Filters(box="room-2"))))
    assert len(found) == 7 + 3


def test_a_table_reads_back_and_computes_nothing(trail: Trail) -> None:
    """What a spreadsheet would take for a formula is text; times are UTC."""
    found = reading(trail, lambda log: list(comma_separated(map(view, log.matching(Filters())))))
    rows = list(csv.DictReader(found))
    assert len(rows) == 28
    assert next(row["subject"] for row in rows if row["actor"] == "ada") == "'=cmd()"
    assert rows[0]["time"] == "2020-09-13T12:26:40.000Z"


def test_audit_events_are_valid_fhir(trail: Trail) -> None:
    """Each line validates against the published model, and says what the entry said."""
    trail.service.alarm(outcome="fork", subject="room-1", detail={"x": {"y": [1, True, None]}})
    found = reading(
        trail, lambda log: list(audit_events("north", map(view, log.matching(Filters()))))
    )
    events = [AuditEvent.model_validate_json(one) for one in found]
    assert len(events) == 29
    assert {event.outcome for event in events} == {"0", "4", "8"}
    login = next(e for e in events if e.subtype[0].code == "auth.sign_in")
    assert (login.type.code, login.agent[0].who.identifier.value) == ("110114", "ada")
    assert {"hash", "position"} <= {detail.type for detail in login.entity[0].detail}


def test_an_empty_log_gives_no_evidence(tmp_path: Path) -> None:
    """There is nothing signed yet, and that is said."""
    (tmp_path / "empty").mkdir()
    empty = Trail(tmp_path / "empty")
    with pytest.raises(WrongUse, match="empty"):
        lines(empty)
    empty.database.close()
