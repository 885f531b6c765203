from __future__ import annotations

import dataclasses
import io
import json
import threading
import time
from pathlib import Path
from typing import Any, Self

import pytest
from rich.console import Console

from demo import show
from demo.administrator import Administrator, SignIn
from demo.cli import tell
from demo.clinic import Clinic, check_weights
from demo.layout import ROOM, Layout, make_layout
from demo.outcome import Outcome, Row
from demo.processes import Crew
from demo.show import Findings, Logged, examine, play, progress, put, reached, read_rows
from demo.view import View
from voiceassist.engines.manifest import load_manifest
from voiceassist.engines.profile import load_profile
from voiceassist.engines.store import ModelStore
from voiceassist.errors import Unavailable


@pytest.fixture
def place(tmp_path: Path) -> Layout:
    return make_layout(tmp_path / "demo")


@pytest.fixture
def view() -> View:
    return View(Console(file=io.StringIO(), width=120), as_json=False)


def drawn(view: View) -> str:
    file = view._console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


class FakeRoom:
    """Answers each recording laid into the spool, as the room does; keeps what it heard."""

    def __init__(self, spool: Path, answers: dict[str, str]) -> None:
        self._spool = spool
        self._answers = answers
        self.heard: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stop.is_set():
            for recording in sorted(self._spool.glob("*.flac")):
                result = recording.with_suffix(".json")
                if not result.exists():
                    self.heard.append(recording.name)
                    hidden = result.with_suffix(".part")
                    hidden.write_text(self._answers.get(recording.name, "{}"))
                    hidden.rename(result)
            time.sleep(0.01)


def turn(turn_id: str, heard: str, *, held: bool, items: tuple[tuple[int, int], ...] = ()) -> str:
    found = [{"kind": "NAME", "start": a, "end": b, "score": 1.0, "by": "x"} for a, b in items]
    verdict = {"held": held, "items": found, "reasons": ["items"] if held else []}
    return json.dumps(
        {"turn_id": turn_id, "woke": True, "heard": heard, "verdict": verdict, "route": "room"}
    )


LIBRARY_TURN = "00-library.flac"
PHI_TURN = "04-phi.flac"
ANSWERS = {
    LIBRARY_TURN: turn("t0", "What are the red flags in back pain?", held=False),
    PHI_TURN: turn(
        "t4", "Margaret Ellis, born June 5, 1948, has a nosebleed.", held=True, items=((0, 14),)
    ),
}


def rows(*names: str) -> list[Row]:
    return [row for row in read_rows() if row.file in names]


def test_turns_are_played_in_order_and_shown(place: Layout, view: View) -> None:
    """Each recording is laid into the spool once the one before it is over."""
    with FakeRoom(place.spool, ANSWERS) as room, Crew(place.logs) as crew:
        shown = list(play(rows(*ANSWERS), place, crew, view))
    assert room.heard == [LIBRARY_TURN, PHI_TURN]
    assert [one.turn_id for _, one in shown] == ["t0", "t4"]
    assert "1/2 00-library.flac" in drawn(view)


def test_what_is_no_turn_is_said_so(place: Layout, view: View) -> None:
    """A result that can't be read is an error that names its file."""
    with (
        FakeRoom(place.spool, {}),
        Crew(place.logs) as crew,
        pytest.raises(Unavailable, match=r"00-library\.json"),
    ):
        list(play(rows(LIBRARY_TURN), place, crew, view))


def test_a_recording_appears_whole(place: Layout) -> None:
    """What the room may see under the recording's name is all of it, and no other file."""
    put(show.TURNS / LIBRARY_TURN, place.spool)
    assert [one.name for one in place.spool.iterdir()] == [LIBRARY_TURN]
    assert (place.spool / LIBRARY_TURN).read_bytes() == (show.TURNS / LIBRARY_TURN).read_bytes()


class FakeAdministrator(Administrator):
    def __init__(self, report: dict[str, Any]) -> None:
        self._report = report

    def audit(self) -> dict[str, Any]:
        return self._report


def trail(entries: int, *, ok: bool = True) -> dict[str, Any]:
    chains = [{"box": ROOM, "entries": entries}, {"box": "hub", "entries": 9}]
    return {"ok": ok, "entries": entries + 9, "problem": "" if ok else "altered", "chains": chains}


def checked(
    place: Layout,
    view: View,
    monkeypatch: pytest.MonkeyPatch,
    *bodies: str,
    audit: dict[str, Any] | None = None,
    answers: dict[str, str] = ANSWERS,
) -> Findings:
    monkeypatch.setattr(show, "_owed", lambda _panel: 0)
    lines = [json.dumps({"target": "/v1/chat/completions", "body": body}) for body in bodies]
    place.cloud_log.write_text("".join(f"{line}\n" for line in lines))
    shown = [(row, Outcome.model_validate_json(answers[row.file])) for row in rows(*answers)]
    person = FakeAdministrator(audit or trail(2))
    clinic = Clinic(person, SignIn("a@b", "p"), "https://hub", "http://panel")
    with Crew(place.logs) as crew:
        return examine(shown, place, clinic, crew, view)


FINE = json.dumps({"messages": [{"content": "What are the red flags in back pain?"}]})
LEAKED = json.dumps({"messages": [{"content": "a nosebleed of Margaret\u0020Ellis"}]})


def test_an_honest_run_passes(place: Layout, view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was cleared may have reached the cloud; the run is fine."""
    findings = checked(place, view, monkeypatch, FINE)
    assert findings.ok
    assert (findings.turns, findings.held, findings.requests) == (2, 1, 1)
    tell(findings, place, view)
    assert "of the 1 turns that were held, nothing did" in drawn(view)


def test_a_leak_fails_the_run(place: Layout, view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    """A held name in the provider's log is found, named by its turn, and fails the run."""
    findings = checked(place, view, monkeypatch, FINE, LEAKED)
    assert not findings.ok
    assert {(leak.turn_id, leak.request) for leak in findings.leaks} == {("t4", 2)}
    tell(findings, place, view)
    assert "LEAK: NAME of turn t4 in request 2" in drawn(view)
    assert "Margaret" not in drawn(view)


def test_phi_that_was_cleared_fails_the_run(
    place: Layout, view: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recording known to hold PHI that the gate let through fails the run, leaked or not."""
    cleared = ANSWERS | {PHI_TURN: turn("t4", "margaret ellis has a nosebleed", held=False)}
    findings = checked(place, view, monkeypatch, FINE, answers=cleared)
    assert not findings.ok
    assert findings.missed == (PHI_TURN,)


@pytest.mark.parametrize("audit", [trail(2, ok=False), trail(1)])
def test_a_trail_that_does_not_hold_fails_the_run(
    place: Layout, view: View, monkeypatch: pytest.MonkeyPatch, audit: dict[str, Any]
) -> None:
    """An altered trail fails the run, and so does one with fewer entries than turns."""
    assert not checked(place, view, monkeypatch, FINE, audit=audit).ok


def test_a_wake_word_that_was_missed_fails_the_run(
    place: Layout, view: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A demonstration that did not hear a recording does not pass for a good one."""
    lost = json.dumps({"turn_id": "t0", "woke": False, "verdict": {"held": True}})
    findings = checked(place, view, monkeypatch, answers=ANSWERS | {LIBRARY_TURN: lost})
    assert findings.unheard == (LIBRARY_TURN,)
    assert not findings.ok


def test_the_findings_are_json(place: Layout, view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program gets the same findings, and no words that were held."""
    findings = checked(place, view, monkeypatch, FINE, LEAKED)
    written = json.dumps(findings.as_json())
    assert '"ok": false' in written
    assert "Margaret" not in written
    assert dataclasses.replace(findings, leaks=()).as_json()["ok"] is True


def test_what_reached_the_cloud_is_decoded(place: Layout) -> None:
    """Targets count as well as bodies, and escapes are undone."""
    row = {"target": "/v1?name=Ellis", "body": '{"a": "\\u004dargaret"}'}
    place.cloud_log.write_text(json.dumps(row) + "\n")
    (text,) = reached(place.cloud_log)
    assert "Ellis" in text
    assert "Margaret" in text


def test_turns_of_a_microphone_are_shown_from_the_log(tmp_path: Path, view: View) -> None:
    """Where nobody may see words, a turn's codes are shown once it stands whole in the log."""
    log = tmp_path / "room.log"
    log.write_text("earlier\n")
    turns = Logged(log)
    line = {
        "message": "turn", "route": "room", "why": "held", "held": True, "reasons": ["items"],
        "kinds": {"NAME": 1}, "sources": [{"document": "gout"}], "ms": {"stt": 300, "gate": 20},
    }  # fmt: skip
    with log.open("a") as more:
        more.write("no JSON\n" + json.dumps({"message": "ready"}) + "\n" + json.dumps(line)[:30])
        more.flush()
        turns.show(view)
        assert drawn(view) == ""
        more.write(json.dumps(line)[30:] + "\n")
    turns.show(view)
    turns.show(view)
    assert drawn(view).strip() == "· room (held), held (name), from gout, 0.32 s"


def test_progress_tells_listening_from_answering() -> None:
    """The live line follows the recording's time, then waits for the answer."""
    row = Row(file="a.flac", text="", kind="x", phi=False, seconds=4.0)
    assert "listening ▮▮▮▮▮▮▮▮▮▮▯" in progress("1/2", row, 2.0)
    assert "answering" in progress("1/2", row, 6.0)


def test_missing_weights_are_said_before_anything_starts(tmp_path: Path) -> None:
    """An empty model store gets one line with the command that fills it."""
    store = ModelStore(tmp_path, load_manifest())
    with pytest.raises(Unavailable, match=r"whisper-tiny\.en.*`voiceassist models pull`"):
        check_weights(load_profile("generic-x86"), store)
