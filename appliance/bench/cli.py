"""`voiceassist bench`: what a room does, and how fast, on recorded turns and spoken rows."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress, track

from appliance.adapters.hearing import Ear
from appliance.adapters.judging import Judge
from appliance.adapters.speakers import NullSpeaker
from appliance.bench import library_speech as spoken_questions
from appliance.bench import phi_speech
from appliance.bench.doubts import doubts
from appliance.bench.editions_cli import editions
from appliance.bench.faults.cli import faults
from appliance.bench.idle_cli import idle
from appliance.bench.measure import Result, Row, report
from appliance.bench.peers import peers
from appliance.bench.processes import usage
from appliance.bench.room_cli import room as live_room
from appliance.bench.silence_cli import silence
from appliance.bench.turns import read_rows, take_turns
from appliance.bench.wake_cli import wake
from appliance.settings import without_file
from appliance.wiring import Room, build_room, clock
from voiceassist.console import err, out, print_json
from voiceassist.contract.edition import MANIFEST_TYPE
from voiceassist.engines.profile import load_profile
from voiceassist.engines.registry import Engines
from voiceassist.engines.store import default_root, default_store
from voiceassist.errors import WrongUse
from voiceassist.knowledge.editions import folder
from voiceassist.phi.labelled import Labelled, corpus
from voiceassist.phi.labelled import read_rows as read_labelled
from voiceassist.phi.split import Part

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
app.command()(doubts)
app.command()(editions)
app.command()(faults)
app.command()(idle)
app.command()(peers)
app.command("room")(live_room)
app.command()(silence)
app.command()(wake)


@app.callback()
def bench() -> None:
    """Measure the room on this machine."""


@app.command()
def turn(
    turns: Annotated[Path, typer.Option(help="Recordings, and a manifest.jsonl about them.")],
    *,
    edition: Annotated[Path | None, typer.Option(help="A folder of `knowledge build`.")] = None,
    library: Annotated[
        Path | None, typer.Option(help="Documents to make an edition of, once.")
    ] = None,
    profile: Annotated[str, typer.Option(help="The board.")] = "generic-x86",
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many.")] = None,
    details: Annotated[
        bool, typer.Option("--details", help="Every turn, with the words that were heard.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Wake recall, word errors, routes, and the time from the end of speech to the first sound."""
    rows = read_rows(turns)[:limit]
    if library is not None and edition is None:
        edition = _edition_of(library, profile)
    with tempfile.TemporaryDirectory(prefix="voiceassist-") as scratch:
        began = time.perf_counter()
        with err.status("loading") as status:
            settings = without_file(Path(scratch), profile)
            room = build_room(settings, NullSpeaker(clock), status.update, edition)
        loaded_s = time.perf_counter() - began
        try:
            figures = _measured(room, turns, rows, details=details)
        finally:
            room.close()
    figures["loading_s"] = round(loaded_s, 1)
    if as_json:
        print_json(figures)
        return
    for name, value in figures.items():
        out.print(f"{name:32} {value}", markup=False, soft_wrap=True)


@app.command()
def phi(
    positive: Annotated[Path, typer.Option(help="JSON lines that hold PHI.")],
    negative: Annotated[Path, typer.Option(help="JSON lines free of it.")],
    rows: Annotated[int, typer.Option(min=1, help="So many with PHI, so many without.")] = 200,
    seed: Annotated[int, typer.Option(help="Which rows are drawn.")] = 0,
    part: Annotated[Part, typer.Option(help="The part to tune on, or to report on.")] = "all",
    *,
    library: Annotated[
        Path | None, typer.Option(help="Documents whose drug names are expected.")
    ] = None,
    profile: Annotated[str, typer.Option(help="The board.")] = "generic-x86",
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Speak labelled rows (their `stt`), recognise them, and judge what came of it."""
    found = corpus(read_labelled(positive), read_labelled(negative), field="stt", part=part)
    drawn = phi_speech.draw(found.rows, rows, seed)
    if not drawn:
        raise WrongUse("no row is left to speak; name files with rows of this --part")
    load = round(os.getloadavg()[0], 1)
    figures = phi_speech.compare(_spoken(drawn, _drug_names(library, profile), profile))
    figures |= {"seed": seed, "part": part, "load_average": load, "cores": os.cpu_count()}
    if as_json:
        print_json(figures)
    else:
        out.print(phi_speech.as_table(figures))


@app.command("library-speech")
def library_speech(
    library: Annotated[Path, typer.Option(help="A folder of documents.")],
    questions: Annotated[Path, typer.Option(help="JSONL: question, file.")],
    rows: Annotated[int, typer.Option(min=1, help="So many questions.")] = 150,
    seed: Annotated[int, typer.Option(help="Which questions are drawn.")] = 0,
    *,
    profile: Annotated[str, typer.Option(help="The board.")] = "generic-x86",
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Speak questions on a library, recognise them, and search with what was heard."""
    drawn = spoken_questions.draw(questions, rows, seed)
    with err.status("loading"):
        edition = _edition_of(library, profile)
        engines = Engines(load_profile(profile), default_store())
        opened = folder.open_folder(edition, engines.embedder(), now_s=int(time.time()))
        ear, voice = Ear(engines.stt()), engines.tts()
    ear.expect(opened.drug_names)
    with contextlib.closing(voice), contextlib.closing(ear), contextlib.closing(opened):
        heard = spoken_questions.hear(drawn, voice, ear)
        told = list(track(heard, "speaking and hearing", len(drawn), console=err, transient=True))
        figures = spoken_questions.compare(opened, drawn, told) | {"seed": seed}
    if as_json:
        print_json(figures)
        return
    for name, value in figures.items():
        out.print(f"{name:32} {value}", markup=False, soft_wrap=True)


def _spoken(drawn: list[Labelled], names: tuple[str, ...], profile: str) -> list[phi_speech.Twice]:
    with err.status("loading"):
        engines = Engines(load_profile(profile), default_store())
        judge = _gate(profile, engines, names)
        ear, voice = Ear(engines.stt()), engines.tts()
    ear.expect(names)
    try:
        taken = phi_speech.take(drawn, voice, ear, judge)
        return list(track(taken, "speaking and hearing", len(drawn), console=err, transient=True))
    finally:
        voice.close()
        ear.close()


def _gate(profile: str, engines: Engines, drug_names: tuple[str, ...]) -> Judge:
    """The room's gate, as it is with a library that names these drugs."""
    from voiceassist.phi.build import build_gate  # noqa: PLC0415 - Presidio: not for `bench turn`

    with tempfile.TemporaryDirectory(prefix="voiceassist-") as scratch:
        policy = without_file(Path(scratch), profile).phi
    names = tuple(dict.fromkeys((*policy.drug_names, *drug_names)))
    return build_gate(policy.model_copy(update={"drug_names": names}), engines.phi_classifier())


def _drug_names(library: Path | None, profile: str) -> tuple[str, ...]:
    if library is None:
        return ()
    embedder = Engines(load_profile(profile), default_store()).embedder()
    opened = folder.open_folder(_edition_of(library, profile), embedder, now_s=int(time.time()))
    try:
        return opened.drug_names
    finally:
        opened.close()


def _measured(room: Room, turns: Path, rows: list[Row], *, details: bool) -> dict[str, Any]:
    before, load = usage(), os.getloadavg()
    results = asyncio.run(_results(room, turns, rows))
    after = usage()
    figures = report(results)
    figures["cpu_s"] = {
        name: round(used["cpu_s"] - before.get(name, {"cpu_s": 0.0})["cpu_s"], 2)
        for name, used in after.items()
    }
    figures["peak_mb"] = {name: used["peak_mb"] for name, used in after.items()}
    figures["load_average"] = [round(one, 1) for one in (load[0], os.getloadavg()[0])]
    figures["cores"] = os.cpu_count()
    if details:
        figures["details"] = [_detail(one) for one in results]
    return figures


async def _results(room: Room, turns: Path, rows: list[Row]) -> list[Result]:
    results = []
    with Progress(console=err, transient=True) as progress:
        bar = progress.add_task("hearing turns", total=len(rows))
        async for result in take_turns(room, turns, rows):
            results.append(result)
            progress.advance(bar)
    return results


def _detail(one: Result) -> dict[str, Any]:
    told = one.record.to_json()
    kept = ("heard", "verdict", "route", "why", "found", "timings")
    return {"file": one.row.file, "woke": one.woke, "first_audio_ms": one.first_audio_ms} | {
        name: told[name] for name in kept
    }


def _edition_of(library: Path, profile: str) -> Path:
    """An edition of the folder, made once for each content of it."""
    digest = hashlib.sha256(f"{profile} {MANIFEST_TYPE}".encode())
    for path in folder.files_in(library):
        digest.update(str(path.relative_to(library)).encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    target = default_root().parent / "editions" / digest.hexdigest()[:16]
    if not (target / "edition.json").exists():
        folder.build(
            library,
            target,
            Engines(load_profile(profile), default_store()).embedder(),
            folder.load_signer(None, target),
            now_s=int(time.time()),
            track=lambda files: track(files, "embedding documents", console=err),
        )
    return target
