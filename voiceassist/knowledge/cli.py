"""`voiceassist knowledge`: build a library, search it, ask it, measure it."""

from __future__ import annotations

import contextlib
import datetime as dt
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.progress import track

from voiceassist.console import err, out, print_json
from voiceassist.contract.knowledge import Passage
from voiceassist.engines.ports import Embedder, Generator, Reranker
from voiceassist.engines.profile import load_profile
from voiceassist.engines.registry import Engines
from voiceassist.engines.store import default_store
from voiceassist.errors import WrongUse
from voiceassist.knowledge.answers import joining
from voiceassist.knowledge.answers.answer import Answer, answer, compose_prompt
from voiceassist.knowledge.editions import folder, last
from voiceassist.knowledge.measuring import attack as attacking
from voiceassist.knowledge.measuring import bench as sizing
from voiceassist.knowledge.measuring import evaluating, measure
from voiceassist.knowledge.measuring.synthetic import PER_DOCUMENT
from voiceassist.knowledge.search.filters import Filters
from voiceassist.knowledge.search.library import Library

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)

T = TypeVar("T")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Profile = Annotated[str, typer.Option(help="The board's profile, which chooses the embedder.")]
Edition = Annotated[
    Path | None,
    typer.Option(
        help="A folder that `build` wrote; else $VOICEASSIST_EDITION, else the one built last."
    ),
]
Day = typer.Option(formats=["%Y-%m-%d"], help="Without what takes effect after this day.")
_SHOWN = 160


@app.callback()
def knowledge() -> None:
    """The library: documents in, signed editions out, answers with evidence."""


@app.command()
def build(
    source: Annotated[Path, typer.Argument(metavar="DIR", help="A folder of documents.")],
    out_dir: Annotated[Path, typer.Option("--out", help="Where the edition goes.")],
    key: Annotated[Path | None, typer.Option(help="Signing key, PEM (Ed25519).")] = None,
    profile: Profile = "generic-x86",
    *,
    as_json: AsJson = False,
) -> None:
    """Make a signed edition of a folder; unchanged documents keep their packs."""
    signer = folder.load_signer(key, out_dir)
    built = folder.build(
        source,
        out_dir,
        _embedder(profile),
        signer,
        now_s=int(time.time()),
        track=lambda files: _track(files, "Reading and embedding documents"),
    )
    last.note(out_dir)
    for line in built.refused:
        err.print(line, markup=False, soft_wrap=True)
    if as_json:
        print_json(
            {
                "edition": built.manifest.version,
                "documents": built.manifest.documents,
                "passages": built.manifest.passages,
                "new": built.new,
                "refused": list(built.refused),
                "drug_names": len(built.drug_names),
            }
        )
    else:
        out.print(f"Edition {built.manifest.version}: {built.manifest.documents} documents,")
        out.print(f"{built.new} of them new or changed, {len(built.refused)} refused.")
    if built.refused:
        raise typer.Exit(1)


@app.command()
def search(
    query: str,
    edition: Edition = None,
    limit: int = 5,
    profile: Profile = "generic-x86",
    specialty: Annotated[str, typer.Option(help="Of one specialty only.")] = "",
    on: Annotated[dt.datetime | None, Day] = None,
    *,
    superseded: Annotated[bool, typer.Option(help="Superseded documents too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the best passages for a question."""
    filters = Filters(specialty, on.date() if on else None, superseded)
    found = _open(edition, profile).find(query, limit, filters)
    if as_json:
        print_json([passage.model_dump(mode="json") for passage in found])
        return
    for passage in found:
        out.print(f"[bold]{passage.title}[/] {passage.place}  strength {passage.strength:.2f}")
        out.print(_start_of(passage), markup=False)


@app.command()
def ask(
    query: str,
    edition: Edition = None,
    profile: Profile = "generic-x86",
    *,
    compose: Annotated[bool, typer.Option(help="Let the local model join and shorten.")] = False,
    as_json: AsJson = False,
) -> None:
    """Answer a question with quotations; exit status 1 where the library has nothing."""
    opened = _open(edition, profile)
    passages = opened.find(query)
    said = answer(query, passages)
    if compose and said.found:
        said = _compose(query, said, _generator(profile))
    if as_json:
        print_json({"edition": opened.version} | joining.report(query, said, passages))
    else:
        for sentence in said.sentences:
            out.print(sentence.text, markup=False)
    if not said.found:
        raise typer.Exit(1)


def _compose(query: str, said: Answer, generator: Generator | None) -> Answer:
    if generator is None:
        raise WrongUse("this profile has no language model; leave out --compose")
    with contextlib.closing(generator):
        return joining.join(said, "".join(generator.generate(compose_prompt(query, said.sources))))


@app.command()
def attack(
    source: Annotated[Path, typer.Argument(metavar="DIR", help="A folder of documents.")],
    seed: int = 0,
    *,
    as_json: AsJson = False,
) -> None:
    """Make sentences of documents false, or say them otherwise, and tell which pass as supported.

    Exit status 1 where a false number, unit, drug or negation passes.
    """
    documents = attacking.readable(_track(folder.files_in(source), "Reading and attacking"))
    figures = attacking.attack(documents, seed)
    if as_json:
        print_json(figures)
    else:
        for kind, counted in figures.items():
            passed, tried = counted["passed"], counted["tried"]
            out.print(f"{kind:40} {passed:6} of {tried:6} passed", markup=False)
    if any(figures.get(kind, {}).get("passed") for kind in attacking.NEVER):
        raise typer.Exit(1)


@app.command("eval")
def evaluate(
    library: Annotated[Path | None, typer.Option(help="A folder of documents.")] = None,
    questions: Annotated[Path | None, typer.Option(help="JSONL: question, file.")] = None,
    corpus: Annotated[Path | None, typer.Option(help="BEIR's corpus.jsonl.")] = None,
    queries: Annotated[Path | None, typer.Option(help="BEIR's queries.jsonl.")] = None,
    qrels: Annotated[Path | None, typer.Option(help="BEIR's qrels, TSV.")] = None,
    work: Annotated[Path | None, typer.Option(help="Keep the edition here.")] = None,
    profile: Profile = "generic-x86",
    word_errors: Annotated[
        float, typer.Option(min=0, max=0.5, help="Mishear this share of the questions' words.")
    ] = 0,
    seed: int = 7,
    *,
    rerank: Annotated[bool, typer.Option(help="With the profile's reranker.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure search and answers; a question whose file is null should be refused."""
    reranker = _reranker(profile) if rerank else None
    if rerank and reranker is None:
        raise WrongUse(
            "this profile has no reranker; name one under [rerank], or leave out --rerank"
        )
    with tempfile.TemporaryDirectory() as scratch:
        at = work or Path(scratch)
        if library and questions:
            opened = _built(library, at, profile, reranker)
            asked = list(evaluating.questions(questions))
            figures = (
                measure.misheard(opened, asked, word_errors, seed)
                if word_errors
                else measure.ask_all(opened, _track(asked, "Asking"))
            )
        elif corpus and queries and qrels:
            evaluating.write_corpus(corpus, at / "documents")
            opened = _built(at / "documents", at / "edition", profile, reranker)
            texts, relevant = evaluating.judgements(queries, qrels)
            figures = measure.rank_all(opened, texts, relevant)
        else:
            raise WrongUse("give --library and --questions, or --corpus, --queries and --qrels")
    if as_json:
        print_json(figures)
    else:
        for name, value in figures.items():
            out.print(f"{name:28} {value}")


@app.command()
def bench(
    library: Annotated[Path, typer.Option(help="A folder of documents to make larger ones of.")],
    sizes: Annotated[str, typer.Option(help="Passages, parted by commas.")] = "10000,100000",
    work: Annotated[Path | None, typer.Option(help="Keep the edition of --library here.")] = None,
    seed: int = 7,
    profile: Profile = "generic-x86",
    *,
    as_json: AsJson = False,
) -> None:
    """Measure search in made libraries of several sizes; a million passages take minutes."""
    try:
        counts = [int(size) for size in sizes.split(",")]
    except ValueError as error:
        raise WrongUse(f"--sizes {sizes}: give numbers, such as 10000,100000") from error
    if min(counts) < PER_DOCUMENT:
        raise WrongUse(f"--sizes {sizes}: give {PER_DOCUMENT} passages or more")
    embedder = _embedder(profile)
    figures: dict[str, Any] = {"sizes": []}
    with tempfile.TemporaryDirectory() as scratch:
        at = work or Path(scratch) / "edition"
        _build(library, at, embedder)
        model = sizing.model(folder.open_folder(at, embedder, now_s=int(time.time())))
        asked = sizing.questions_of(model, counts[0], seed)
        figures["embedding"] = sizing.embedding_ms(embedder, asked, time.perf_counter)
        for size in _track(counts, "Making libraries"):
            path = Path(scratch) / f"{size}.sqlite"
            measured = sizing.measure(model, embedder, size, seed, path, time.perf_counter)
            figures["sizes"].append(measured)
            path.unlink()
    if as_json:
        print_json(figures)
        return
    for one in [{"embedding": figures["embedding"]}, *figures["sizes"]]:
        out.print("  ".join(f"{name} {value}" for name, value in one.items()))


def _built(source: Path, at: Path, profile: str, reranker: Reranker | None) -> Library:
    embedder = _embedder(profile)
    _build(source, at, embedder)
    return folder.open_folder(at, embedder, now_s=int(time.time()), reranker=reranker)


def _build(source: Path, out_dir: Path, embedder: Embedder) -> None:
    folder.build(
        source,
        out_dir,
        embedder,
        folder.load_signer(None, out_dir),
        now_s=int(time.time()),
        track=lambda files: _track(files, "Reading and embedding documents"),
    )


def _track(items: list[T], what: str) -> Iterable[T]:
    return track(items, description=what, console=err, transient=True)


def _reranker(profile: str) -> Reranker | None:
    return Engines(load_profile(profile), default_store()).reranker()


def _generator(profile: str) -> Generator | None:
    return Engines(load_profile(profile), default_store()).generator()


def _embedder(profile: str) -> Embedder:
    return Engines(load_profile(profile), default_store()).embedder()


def _open(edition: Path | None, profile: str) -> Any:
    at = last.edition(edition)
    now_s = int(time.time())
    return folder.open_folder(at, _embedder(profile), now_s=now_s, reranker=_reranker(profile))


def _start_of(passage: Passage) -> str:
    text = " ".join(passage.text.split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
