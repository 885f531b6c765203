"""`voiceassist hub documents`: documents in, from files and folders."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from hub.commands.common import ACTOR, Config, Json, group, opened
from hub.documents.schemas import DocumentView
from hub.documents.watch import files_under, sidecar_of
from hub.settings import DEFAULT_CONFIG
from hub.wiring import Rooms
from voiceassist.console import err, out, print_json
from voiceassist.errors import BadInput, WrongUse
from voiceassist.knowledge.documents import SUFFIXES

app = group()
_LOOK_S = 0.2

Paths = Annotated[list[Path], typer.Argument(help="Files, or folders with all that is in them.")]
Said = Annotated[str | None, typer.Option()]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Leave the indexing to a running hub.")]


@app.callback()
def documents() -> None:
    """The documents that the clinic's library is made of."""


@dataclass
class _Outcome:
    added: list[DocumentView] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


@app.command()
def add(
    paths: Paths,
    *,
    config: Config = DEFAULT_CONFIG,
    no_wait: NoWait = False,
    as_json: Json = False,
) -> None:
    """Take in files and wait until they are indexed. The same file again does no work."""
    files = _files(paths)
    with opened(config) as rooms:
        outcome = _take_in(rooms, files)
        if outcome.added and not no_wait:
            _index(rooms, [view.id for view in outcome.added])
        new = {view.id for view in outcome.added}
        added = [view for view in rooms.documents.listing() if view.id in new]
    held = [v.id for v in added if v.held]
    failed = [f"{v.name}: {v.job.error}" for v in added if v.job.state == "failed"]
    if as_json:
        print_json(
            {
                "added": [view.model_dump(mode="json") for view in added],
                "known": outcome.known,
                "refused": outcome.refused,
                "failed": failed,
                "held": held,
            }
        )
    else:
        out.print(f"{len(added)} taken in, {len(outcome.known)} already here")
        if held:
            out.print(
                f"{len(held)} held, as they may name a patient: `voiceassist hub documents review`"
            )
    for line in (*outcome.refused, *failed):
        err.print(line, markup=False, soft_wrap=True)
    if outcome.refused or failed:
        count = len(outcome.refused) + len(failed)
        raise BadInput(f"{count} of {len(files)} files are not in the library; see the lines above")


@app.command(name="list")
def listing(*, config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """The documents, each with the state of its indexing."""
    with opened(config) as rooms:
        views = rooms.documents.listing()
    if as_json:
        print_json([view.model_dump(mode="json") for view in views])
        return
    table = Table("document", "title", "version", "passages", "indexing", "notes")
    for view in views:
        cells = (view.id, view.title, view.version, view.passages, _state(view))
        table.add_row(*(escape(str(cell)) for cell in cells), escape("; ".join(view.notes)))
    out.print(table)


@app.command()
def remove(document: str, *, config: Config = DEFAULT_CONFIG) -> None:
    """Leave a document out of all later editions."""
    with opened(config) as rooms:
        rooms.documents.remove(document, ACTOR)
    out.print(f"{document} is left out of the next edition", markup=False)


@app.command()
def describe(
    document: str,
    *,
    title: Said = None,
    source: Said = None,
    specialty: Said = None,
    effective: Annotated[str | None, typer.Option(help="A day: 2026-01-31.")] = None,
    review: Annotated[str | None, typer.Option(help="When it should be reviewed.")] = None,
    superseded_by: Annotated[
        str | None, typer.Option(help="The document that replaces it.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Say of a document what its file does not; an empty word takes back to what the file says."""
    said = {
        "title": title, "source": source, "specialty": specialty, "effective": effective,
        "review": review, "superseded_by": superseded_by,
    }  # fmt: skip
    given = {field: word or None for field, word in said.items() if word is not None}
    if not given:
        raise WrongUse("nothing to say; give --title, --review or another option")
    with opened(config) as rooms:
        view = rooms.documents.describe(document, given, ACTOR)
        if view.job.state == "queued":
            _index(rooms, [document])
        view = rooms.documents.get(document)
    if as_json:
        print_json(view.model_dump(mode="json"))
    else:
        out.print(f"{document}: {_state(view)}", markup=False)


@app.command()
def review(
    document: Annotated[str, typer.Argument()] = "",
    *,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """What the PHI gate found in documents that are held; release or remove them then."""
    with opened(config) as rooms:
        held = [document] if document else rooms.documents.reviews.waiting()
        reviews = [rooms.documents.reviews.of(one) for one in held]
    if as_json:
        print_json([one.model_dump(mode="json") for one in reviews])
        return
    for one in reviews:
        out.print(f"{one.document} version {one.version}: {one.title}", markup=False)
        if one.problem:
            out.print(f"  {one.problem}", markup=False)
        for found in one.findings:
            words = " ".join(f"{found.before}[{found.words}]{found.after}".split())
            out.print(f"  {found.kind} ({found.place}): …{words}…", markup=False)
    if not reviews:
        out.print("no document is held")


@app.command()
def release(document: str, *, config: Config = DEFAULT_CONFIG) -> None:
    """Let a held document into later editions, after `review`; the trail has who did."""
    with opened(config) as rooms:
        rooms.documents.reviews.release(document, ACTOR)
    out.print(f"{document} is in the next edition", markup=False)


def _state(view: DocumentView) -> str:
    if view.job.state in {"failed", "queued"} and view.job.error:
        return view.job.error
    if view.held and view.job.state == "done":
        return f"held for review: {view.findings or 'not judged'}"
    return view.job.state


def _files(paths: Iterable[Path]) -> dict[str, Path]:
    """Files by the name that they will have; a folder's by their place in it."""
    found: dict[str, Path] = {}
    for path in paths:
        if path.is_dir():
            inside = [one for one in files_under(path) if one.suffix.lower() in SUFFIXES]
            found |= {one.relative_to(path).as_posix(): one for one in inside}
        elif path.is_file():
            found[path.name] = path
        else:
            raise WrongUse(f"no file or folder {path}; name what to add")
    if not found:
        known = ", ".join(sorted(SUFFIXES))
        raise WrongUse(f"no documents there; the hub takes {known}")
    return found


def _take_in(rooms: Rooms, files: dict[str, Path]) -> _Outcome:
    outcome = _Outcome()
    with _bar() as bar:
        for name, path in bar.track(files.items(), description="reading"):
            try:
                added = rooms.documents.add(name, path.read_bytes(), ACTOR, sidecar_of(path))
            except BadInput as error:
                outcome.refused.append(str(error))
            except OSError as error:
                outcome.refused.append(f"{name}: can't be read ({error.strerror})")
            else:
                if added.new:
                    outcome.added.append(added.document)
                else:
                    outcome.known.append(name)
    return outcome


def _index(rooms: Rooms, documents: list[str]) -> None:
    """Wait for the jobs of `documents`; do them here where no hub runs."""
    try:
        with _bar() as bar:
            task = bar.add_task("indexing", total=100 * len(documents))
            mine = False
            while True:
                left = rooms.documents.unfinished()
                todo = [100 - left[document] for document in documents if document in left]
                bar.update(task, completed=100 * len(documents) - sum(todo))
                if not todo:
                    return
                if not mine and rooms.worker.begin():
                    mine = True
                    rooms.embedding.get()  # a missing model is told now, not after retries
                if not (mine and rooms.worker.step()):
                    time.sleep(_LOOK_S)
    finally:
        rooms.worker.release()


def _bar() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        console=err,
        transient=True,
    )
