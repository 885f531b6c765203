"""`voiceassist demo`: a whole clinic on this machine, shown with a dozen spoken turns."""

from __future__ import annotations

import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from demo.clinic import Clinic, Provider, open_clinic
from demo.layout import Layout, Ports, make_layout
from demo.processes import Crew, Died, free_ports
from demo.show import Findings, Logged, examine, play, read_rows
from demo.view import View
from voiceassist.console import err, out
from voiceassist.errors import WrongUse

app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)

_LOOK_S = 0.2


@app.command()
def demo(
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Leave all of it running.")] = False,
    mic: Annotated[bool, typer.Option("--mic", help="Listen to the microphone, speak.")] = False,
    cloud_url: Annotated[
        str, typer.Option(help="An OpenAI-compatible provider in the local model's place.")
    ] = "",
    cloud_key: Annotated[
        str, typer.Option(envvar="VOICEASSIST_CLOUD_KEY", help="Its key.", show_default=False)
    ] = "",
    cloud_model: Annotated[str, typer.Option(help="Its model.")] = "gpt-4o-mini",
    folder: Annotated[
        Path | None, typer.Option("--dir", help="A new directory for everything.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON line a turn, and one.")] = False,
) -> None:
    """Start broker, hub, room and a stand-in for the cloud; play the turns; check the end.

    Exit status 1 where something that was held reached the cloud or the audit trail does not
    hold. Ctrl-C stops everything.
    """
    if cloud_key and not cloud_url:
        raise WrongUse("--cloud-key needs --cloud-url, the provider that it is for")
    provider = Provider(cloud_url, cloud_key, cloud_model if cloud_url else "")
    place = make_layout(folder or Path(tempfile.mkdtemp(prefix="voiceassist-demo-")))
    console = err if as_json else out
    with _told_to_stop(), View(console, as_json=as_json) as view, Crew(place.logs) as crew:
        try:
            findings = _perform(place, crew, view, provider, keep=keep, mic=mic)
        except Died as error:
            for line in error.lines:
                view.say(line, "bad")
            raise
        except KeyboardInterrupt:
            view.say("stopping; everything is kept in " + str(place.root))
            raise
        finally:
            view.now("stopping")
    if not findings.ok:
        raise typer.Exit(1)


def _perform(
    place: Layout, crew: Crew, view: View, provider: Provider, *, keep: bool, mic: bool
) -> Findings:
    ports = Ports(*free_ports(4))
    view.heading("A clinic on this machine")
    view.say(f"in {place.root}")
    clinic = open_clinic(place, ports, crew, view, provider, feed=not mic)
    if mic:
        view.heading('Say "hey Jarvis" and ask. Ctrl-C ends it.')
        turns = Logged(place.logs / "room.log")
        _until_stopped(crew, view, "listening", lambda: turns.show(view))
        shown = []
    else:
        view.heading("Spoken turns, in real time")
        shown = list(play(read_rows(), place, crew, view))
    view.heading("What is checked at the end")
    findings = examine(shown, place, clinic, crew, view)
    tell(findings, place, view)
    clinic.administrator.close()
    summary = findings.as_json() | {"dir": str(place.root)}
    if keep:
        _tell_addresses(clinic, place, view)
        summary |= {"hub": clinic.hub_url, "panel": clinic.panel_url}
        summary |= {"email": clinic.account.email, "password": clinic.account.password}
    view.result(summary)
    if keep:
        _until_stopped(crew, view, "running; Ctrl-C stops everything")
    return findings


def tell(findings: Findings, place: Layout, view: View) -> None:
    """The findings, a line each."""
    audit = findings.audit
    fine = audit["ok"] and findings.recorded >= findings.turns
    chains = len(audit.get("chains", ()))
    view.say(
        f"audit trail: {audit['entries']} entries in {chains} journals, "
        + ("received and verified" if fine else f"does NOT hold: {audit.get('problem')}"),
        "ok" if fine else "bad",
    )
    if findings.turns:
        leaked = len({leak.turn_id for leak in findings.leaks})
        view.say(
            f"cloud: {findings.requests} requests reached it; of the {findings.held} turns that "
            f"were held, {leaked or 'nothing'} did",
            "bad" if leaked else "ok",
        )
    for leak in findings.leaks:
        view.say(f"LEAK: {leak.what} of turn {leak.turn_id} in request {leak.request}", "bad")
    for name in findings.missed:
        view.say(f"{name} holds PHI and was not held", "bad")
    for name in findings.unheard:
        view.say(f"{name}: the wake word was not heard", "bad")
    view.say(f"spoken answers: {place.spool}/*.wav; all that reached the cloud: {place.cloud_log}")


def _tell_addresses(clinic: Clinic, place: Layout, view: View) -> None:
    view.heading("Still running")
    view.say(f"hub          {clinic.hub_url}")
    view.say(f"  sign in    {clinic.account.email}  {clinic.account.password}")
    view.say(f"  its authority, for the browser: {place.authority}")
    view.say(f"room's panel {clinic.panel_url}/health")
    view.say(f"recordings laid into {place.spool} are heard")


def _until_stopped(
    crew: Crew, view: View, text: str, look: Callable[[], None] = lambda: None
) -> None:
    """Wait for Ctrl-C, watching the processes; `look` is called again and again."""
    view.now(text)
    try:
        while True:
            crew.check()
            look()
            time.sleep(_LOOK_S)
    except KeyboardInterrupt:
        view.now("")


@contextmanager
def _told_to_stop() -> Iterator[None]:
    """SIGTERM ends the demonstration as Ctrl-C does."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
