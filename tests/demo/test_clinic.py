from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from rich.console import Console

from demo.clinic import Provider, check_weights, open_clinic
from demo.layout import PROFILE, Ports, make_layout
from demo.processes import Crew, free_ports
from demo.show import examine, play, reached, read_rows
from demo.view import View
from voiceassist.engines.profile import load_profile
from voiceassist.engines.store import default_store
from voiceassist.errors import Unavailable

PLAYED = ("00-library.flac", "04-phi.flac", "07-outside.flac", "11-command.flac")


@pytest.fixture(autouse=True)
def _able() -> None:
    if shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin") is None:
        pytest.skip("mosquitto is not installed")
    try:
        check_weights(load_profile(PROFILE), default_store())
    except Unavailable as error:
        pytest.skip(str(error))


@pytest.mark.broker
@pytest.mark.weights
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_clinic_answers_holds_records_and_leaks_nothing(tmp_path: Path) -> None:
    """Real processes, real speech: quoted, held, recorded at the hub, and nothing held got out."""
    place = make_layout(tmp_path / "demo")
    rows = [row for row in read_rows() if row.file in PLAYED]
    with View(Console(), as_json=False) as view, Crew(place.logs) as crew:
        clinic = open_clinic(place, Ports(*free_ports(4)), crew, view, Provider(), feed=True)
        shown = list(play(rows, place, crew, view))
        findings = examine(shown, place, clinic, crew, view)
        told = clinic.administrator.rooms
        crew.wait_for(lambda: told()[0]["state"]["edition"] == 1, "the hub sees no edition", 10.0)
        clinic.administrator.close()
    outcomes = dict(zip(PLAYED, (outcome for _, outcome in shown), strict=True))
    asked = outcomes["00-library.flac"]
    assert asked.route == "hub"
    assert asked.sources[0].document == "back-pain"
    assert (place.spool / "00-library.answer.wav").stat().st_size > 10_000
    assert outcomes["04-phi.flac"].verdict.held
    assert outcomes["04-phi.flac"].route == "room"
    assert not outcomes["07-outside.flac"].sources
    assert outcomes["11-command.flac"].route == "command"
    assert findings.ok
    # the search for leaks looked at something: a cleared question did reach the provider
    assert any("red flags in back pain" in body.lower() for body in reached(place.cloud_log))
