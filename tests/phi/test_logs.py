"""Nothing of the gate writes what was said to a log, an object's repr or a traceback."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from appliance.bench.phi_speech import Twice
from appliance.turn import TurnRecord
from hub.escalation.schemas import ChatMessage, ChatRequest
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Item
from voiceassist.contract.wire import EscalationRequest
from voiceassist.engines.ports import Prompt
from voiceassist.phi.cli import app
from voiceassist.phi.evaluate import judge_rows
from voiceassist.phi.gate import Gate
from voiceassist.phi.labelled import corpus
from voiceassist.phi.normalise import normalise
from voiceassist.phi.policy import PhiPolicy

SAID = "my patient zebulon quackenbush m r n seven seven four one nine takes xylazine"
PLAIN = "what is the usual dose of amoxicillin for otitis"
NAME = Item("NAME", 11, 30, 0.9, "names")
SECRETS = ("zebulon", "quackenbush", "77419", "seven seven", "xylazine", "amoxicillin", "otitis")


def leaked(shown: str) -> list[str]:
    return [secret for secret in SECRETS if secret in shown.lower()]


class Raises:
    def items(self, text: str) -> Iterator[Item]:
        raise RuntimeError(text)


class Finds:
    def __init__(self, *found: Any) -> None:
        self._found = found

    def items(self, text: str) -> tuple[Any, ...]:
        return self._found


def _raises(stretch: str) -> bool:
    raise RuntimeError(stretch)


def test_judging_logs_no_word(gate: Gate, net: Any, capfd: pytest.CaptureFixture[str]) -> None:
    """Held, cleared and follow-up questions leave no word in any record or on a stream."""
    held = gate.judge(Transcript(SAID, confidence=0.9))
    cleared = gate.judge(Transcript(PLAIN, confidence=0.9))
    after = gate.judge(Transcript(f"and {PLAIN}", confidence=0.9), previous=held)
    assert (held.held, cleared.held, after.held) == (True, False, True)
    streams = capfd.readouterr()
    assert leaked(net.caught + streams.out + streams.err) == []


FAULTS: dict[str, Callable[[], Gate]] = {
    "as heard raises": lambda: Gate(PhiPolicy(), Raises(), Finds()),
    "as spoken raises": lambda: Gate(PhiPolicy(), Finds(), Raises()),
    "nonsense": lambda: Gate(PhiPolicy(), Finds(SAID), Finds()),
    "the list raises": lambda: Gate(PhiPolicy(), Finds(NAME), Finds(), free=_raises),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_logs_no_word(fault: str, net: Any, capfd: pytest.CaptureFixture[str]) -> None:
    """A part of the gate that dies with the words in its message takes them with it."""
    verdict = FAULTS[fault]().judge(Transcript(SAID, confidence=0.9))
    assert verdict.reasons == ("error",)
    streams = capfd.readouterr()
    assert leaked(repr(verdict) + net.caught + streams.out + streams.err) == []


def test_commands_log_no_word(net: Any, tmp_path: Path) -> None:
    """`check` and `eval` write no word to a log, to standard error or to their answers."""
    lines = [json.dumps({"id": 1, "text": text}) for text in (SAID, PLAIN)]
    checked = CliRunner().invoke(app, ["check"], input="\n".join([*lines, f'["{SAID}"]']))
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"id": "a", "label": "NAME", "text": SAID, "span": [11, 18]}))
    files = ["--positive", str(rows), "--negative", str(rows)]
    measured = CliRunner().invoke(app, ["eval", *files, "--plot", str(tmp_path / "p.svg")])
    assert measured.exit_code == 0, measured.output
    shown = checked.output + str(checked.exception) + measured.output
    assert leaked(shown + net.caught + (tmp_path / "p.svg").read_text()) == []


def test_explain_shows_the_words_to_a_person_and_to_no_log(net: Any) -> None:
    """The one command that shows words shows them on standard output alone."""
    shown = CliRunner().invoke(app, ["explain", SAID])
    assert "quackenbush" in shown.stdout
    assert leaked(shown.stderr + net.caught) == []


def test_a_bad_line_of_rows_is_named_without_its_words(tmp_path: Path) -> None:
    """An error about a file of rows tells the line's number, and its traceback no word."""
    rows = tmp_path / "rows.jsonl"
    rows.write_text(f'{{"text": "{SAID}", oops}}')
    result = CliRunner().invoke(app, ["eval", "--positive", str(rows), "--negative", str(rows)])
    assert result.exc_info is not None
    assert "line 1" in str(result.exception)
    assert leaked("".join(traceback.format_exception(*result.exc_info)) + result.output) == []


def test_no_object_that_is_passed_around_shows_words(gate: Gate) -> None:
    """What is logged by mistake shows kinds and places, never what was said."""
    held = gate.judge(Transcript(SAID, confidence=0.9))
    cleared = gate.judge(Transcript(PLAIN, confidence=0.9))
    found = corpus([{"id": "a", "label": "NAME", "text": SAID, "span": [11, 18]}], [])
    (judged,) = judge_rows(gate, found.rows)
    passed = (
        Transcript(SAID, confidence=0.9),
        held,
        held.items,
        cleared,
        normalise(SAID),
        EscalationRequest(turn_id="t", query=SAID),
        Prompt(system="s", user=SAID),
        ChatRequest(model="m", messages=(ChatMessage(role="user", content=SAID),), max_tokens=1),
        TurnRecord("t", woke=True, heard=SAID, verdict=held, route="room"),
        found,
        judged,
        Twice(judged.row, held, held, SAID),
    )
    for one in passed:
        assert leaked(repr(one)) == [], type(one)
        assert leaked(f"{one} {[one]}") == [], type(one)


def test_a_malformed_request_is_refused_without_its_words() -> None:
    """What validation says of a query that is too long or of another type repeats none of it."""
    for query in (SAID * 40, [SAID], {"text": SAID}):
        with pytest.raises(ValidationError) as caught:
            EscalationRequest.model_validate({"turn_id": "t", "query": query})
        assert leaked("".join(traceback.format_exception(caught.value))) == []


def test_the_search_would_find_a_word(net: Any) -> None:
    """The net these tests hang out catches words in messages, arguments and tracebacks."""
    log = logging.getLogger("voiceassist.test")
    try:
        raise RuntimeError(SAID)  # noqa: TRY301 - the fault itself
    except RuntimeError:
        log.exception("failed")
    log.debug("heard %s", PLAIN)
    assert set(leaked(net.caught)) >= {"zebulon", "amoxicillin"}
