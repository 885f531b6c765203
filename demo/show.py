"""The recorded turns through the room, in real time, and what is checked when they are over."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from pydantic import ValidationError

from demo.clinic import LIBRARY, Clinic
from demo.layout import ROOM, Layout
from demo.leaks import Leak, find_leaks, plain
from demo.outcome import Outcome, Row, missed, what_was_held
from demo.processes import Crew
from demo.view import View
from voiceassist.errors import Unavailable
from voiceassist.knowledge.answers.prompting import compose_prompt
from voiceassist.knowledge.documents import Limits, read_document

TURNS = Path(__file__).parent / "turns"
_TURN_S = 120.0
_DELIVERY_S = 60.0
_BLOCKS = 20

Shown = tuple[Row | None, Outcome]


def read_rows(folder: Path = TURNS) -> list[Row]:
    """The recordings in their order."""
    lines = (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    return [Row.model_validate_json(line) for line in lines if line.strip()]


def play(rows: Sequence[Row], place: Layout, crew: Crew, view: View) -> Iterator[Shown]:
    """Hand the room one recording after the other, and yield each turn as it ends."""
    for number, row in enumerate(rows, start=1):
        outcome = _play_one(f"{number}/{len(rows)}", row, place.spool, crew, view)
        yield row, outcome


def _play_one(number: str, row: Row, spool: Path, crew: Crew, view: View) -> Outcome:
    began = time.monotonic()
    result = spool / f"{Path(row.file).stem}.json"

    def over() -> bool:
        view.now(progress(number, row, time.monotonic() - began))
        return result.exists()

    put(TURNS / row.file, spool)
    crew.wait_for(over, f"no turn came of {row.file}", _TURN_S)
    view.now("")
    outcome = read_outcome(result)
    view.turn(number, row, outcome)
    return outcome


class Logged:
    """Turns as the room's log tells them, without a word that was said."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._read = log.stat().st_size

    def show(self, view: View) -> None:
        """Show what has been added since."""
        with self._log.open("rb") as lines:
            lines.seek(self._read)
            for line in lines:
                if line.endswith(b"\n"):
                    self._read += len(line)
                    self._show(line, view)

    def _show(self, line: bytes, view: View) -> None:
        try:
            turn = json.loads(line)
        except ValueError:
            return
        if turn.get("message") != "turn" or turn.get("why") == "no_wake":
            return
        seconds = sum(turn["ms"].values()) / 1000
        kinds = ", ".join(turn["kinds"]).lower() or ", ".join(turn["reasons"])
        verdict = f"held ({kinds})" if turn["held"] else "cleared"
        documents = (
            ", ".join(dict.fromkeys(one["document"] for one in turn["sources"])) or "nothing"
        )
        view.say(f"{turn['route']} ({turn['why']}), {verdict}, from {documents}, {seconds:.2f} s")


def put(recording: Path, spool: Path) -> None:
    """Lay a recording into the spool whole: the room never sees half of it."""
    hidden = spool / f".{recording.name}.part"
    shutil.copyfile(recording, hidden)
    hidden.rename(spool / recording.name)


def read_outcome(path: Path) -> Outcome:
    """What the room wrote about a turn; raises `Unavailable` where it is no turn."""
    try:
        return Outcome.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise Unavailable(f"the room wrote no turn into {path}; see the room's log") from error


def progress(number: str, row: Row, elapsed: float) -> str:
    """What the live line says while a recording is heard and answered."""
    done = min(_BLOCKS, int(elapsed / row.seconds * _BLOCKS)) if row.seconds else _BLOCKS
    doing = "listening" if elapsed < row.seconds else "answering"
    return f"{number} {doing} {'▮' * done}{'▯' * (_BLOCKS - done)} {row.file}  {elapsed:.1f} s"


@dataclass(frozen=True, slots=True)
class Findings:
    """What was checked at the end."""

    turns: int
    held: int
    audit: dict[str, Any]
    recorded: int
    requests: int
    leaks: tuple[Leak, ...]
    missed: tuple[str, ...]
    unheard: tuple[str, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether every promise held."""
        held = self.audit["ok"] and self.recorded >= self.turns
        return bool(held and not self.leaks and not self.missed and not self.unheard)

    def as_json(self) -> dict[str, object]:
        """For a program."""
        return {
            "ok": self.ok,
            "turns": self.turns,
            "held": self.held,
            "audit": self.audit,
            "recorded": self.recorded,
            "cloud_requests": self.requests,
            "leaks": [
                {"turn_id": leak.turn_id, "what": leak.what, "request": leak.request}
                for leak in self.leaks
            ],
            "missed": list(self.missed),
            "unheard": list(self.unheard),
        }


def examine(
    shown: Sequence[Shown], place: Layout, clinic: Clinic, crew: Crew, view: View
) -> Findings:
    """Wait until the hub has everything, verify its trail, and search what reached the cloud."""
    with view.step("audit: the room's journal received by the hub and acknowledged"):
        crew.wait_for(
            lambda: _owed(clinic.panel_url) == 0, "the hub has not got the journal", _DELIVERY_S
        )
    with view.step("audit: every hash, chain and signature verified by the hub"):
        audit = clinic.administrator.audit()
    bodies = reached(place.cloud_log)
    with view.step("cloud: what reached it searched for what was held"):
        leaks = find_leaks(bodies, what_was_held(shown), _may_leave(shown))
    chains = [chain for chain in audit.get("chains", ()) if chain["box"] == ROOM]
    return Findings(
        turns=sum(one.woke for _, one in shown),
        held=sum(one.woke and one.verdict.held for _, one in shown),
        audit=audit,
        recorded=sum(chain["entries"] for chain in chains),
        requests=len(bodies),
        leaks=tuple(leaks),
        missed=tuple(missed(shown)),
        unheard=tuple(row.file for row, one in shown if row and not one.woke),
    )


def reached(log: Path) -> list[str]:
    """Everything that reached the cloud: each request's target and body, decoded."""
    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return [f"{row['target']}\n{plain(row['body'])}" for row in rows]


def _may_leave(shown: Sequence[Shown]) -> list[str]:
    """The library, the prompt's own words, and questions that were rightly cleared."""
    cleared = [one.heard for row, one in shown if not one.verdict.held and not (row and row.phi)]
    prompt = compose_prompt("", ())
    return [*_library(), prompt.system, prompt.user, *cleared]


@cache
def _library() -> tuple[str, ...]:
    paths = sorted(LIBRARY.iterdir())
    return tuple(read_document(path.name, path.read_bytes(), Limits()).text for path in paths)


def _owed(panel: str) -> int:
    try:
        return int(httpx.get(f"{panel}/health", trust_env=False).json()["link"]["owed"])
    except (httpx.HTTPError, ValueError, KeyError):
        return -1
