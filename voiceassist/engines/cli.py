"""`voiceassist models`: the weights of this machine, and bundles of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from voiceassist.console import err, out, print_json
from voiceassist.contract.signing import Signer
from voiceassist.engines.bundle import Bundle, read_signer, read_trusted, write_bundle
from voiceassist.engines.fetch import Report, Shipped, Source, Upstream, pull
from voiceassist.engines.packages import Packages
from voiceassist.engines.profile import load_profile
from voiceassist.engines.store import ModelStore, default_store
from voiceassist.errors import Unavailable, Unverified, WrongUse

DEFAULT_PROFILE = "generic-x86"

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)

_Names = Annotated[list[str] | None, typer.Argument(help="Models by name; else the profile's.")]
_ProfileName = Annotated[str, typer.Option("--profile", help="The board whose models are meant.")]
_All = Annotated[bool, typer.Option("--all", help="Every model of the manifest.")]
_Json = Annotated[bool, typer.Option("--json", help="Report as JSON.")]


@app.callback()
def models() -> None:
    """The weights of this machine, each checked by its hash before use."""


@app.command("list")
def list_models(*, as_json: _Json = False) -> None:
    """Every model: what it is for, its licence, and whether it is here."""
    store = default_store()
    rows = [
        {
            "name": name,
            "task": model.task,
            "tier": model.tier,
            "about": model.about,
            "licence": model.licence,
            "size": model.size,
            "here": store.holds(name),
        }
        for name, model in store.manifest.models.items()
    ]
    if as_json:
        print_json({"root": str(store.root), "models": rows})
        return
    table = Table("model", "task", "tier", "MB", "licence", "here")
    for row in rows:
        size = f"{int(str(row['size'])) / 1e6:,.0f}"
        here = "yes" if row["here"] else "no"
        table.add_row(
            *(str(row[key]) for key in ("name", "task", "tier")), size, str(row["licence"]), here
        )
    out.print(table)


@app.command("pull")
def pull_models(
    names: _Names = None,
    *,
    profile: _ProfileName = "",
    every: _All = False,
    source: Annotated[
        Path | None, typer.Option("--from", help="A bundle, in place of a network.")
    ] = None,
    trusted: Annotated[
        list[Path] | None, typer.Option(help="A public key (PEM) that must have signed the bundle.")
    ] = None,
    upstream: Annotated[
        bool | None,
        typer.Option("--upstream/--packages", help="Only from there; else upstream first."),
    ] = None,
    as_json: _Json = False,
) -> None:
    """Fetch what is missing or altered. Repeated, it only checks what is here."""
    store = default_store()
    with store.pulling():
        if source is None:
            wanted = _chosen(store, names, profile, every=every)
            packages = Packages(store.manifest, store.root / ".downloads")
            fetched = _pull_all(store, wanted, _sources(packages, upstream=upstream))
            packages.discard()
        else:
            with Bundle(source, read_trusted(trusted or [])) as bundle:
                inside = bundle.names(store.manifest)
                wanted = _chosen(store, names, profile, every=every) if names or profile else inside
                fetched = _pull_all(store, wanted, [bundle])
    if as_json:
        print_json({"root": str(store.root), "checked": list(wanted), "fetched": fetched})
    else:
        err.print(f"weights: {len(wanted)} models checked, {len(fetched)} fetched ({store.root})")


@app.command()
def verify(
    names: _Names = None, *, profile: _ProfileName = "", every: _All = False, as_json: _Json = False
) -> None:
    """Hash what is here. Exit status 1 where a wanted model is missing or altered."""
    store = default_store()
    problems: list[Unavailable | Unverified] = []
    wanted = _chosen(store, names, profile, every=every)
    for name in wanted:
        try:
            store.folder(name)
        except (Unavailable, Unverified) as error:
            problems.append(error)
    if as_json:
        print_json({"models": list(wanted), "problems": [str(problem) for problem in problems]})
    elif not problems:
        out.print(f"{len(wanted)} models hold their hashes")
    if problems:
        for problem in problems[1:] if not as_json else ():
            err.print(str(problem), markup=False, soft_wrap=True)
        raise problems[0]


@app.command()
def bundle(
    names: _Names = None,
    *,
    target: Annotated[Path, typer.Option("--out", help="The file to write.")],
    profile: _ProfileName = "",
    every: _All = False,
    key: Annotated[
        Path | None,
        typer.Option(
            help="Ed25519 private key (PEM); without, one is made and OUT.pem is its public half."
        ),
    ] = None,
    as_json: _Json = False,
) -> None:
    """Write models and a signed list of them into one file, for sites without a network."""
    store = default_store()
    wanted = _chosen(store, names, profile, every=every)
    if not target.parent.is_dir():
        raise WrongUse(f"there is no folder {target.parent}; make it first")
    signer = read_signer(key) if key else Signer(Ed25519PrivateKey.generate())
    size = sum(store.manifest.model(name).size for name in wanted)
    with _progress() as progress:
        report = _reporter(progress, target.name, size)
        contents = write_bundle(store, wanted, target, signer, report)
    if key is None:
        target.with_name(f"{target.name}.pem").write_text(signer.public_pem)
    if as_json:
        print_json({"bundle": str(target), "key": signer.keyid, "models": list(contents.models)})
    else:
        out.print(f"{target}: {len(contents.models)} models, signed by key {signer.keyid}")


def _chosen(
    store: ModelStore, names: Sequence[str] | None, profile: str, *, every: bool
) -> tuple[str, ...]:
    if every:
        return tuple(store.manifest.models)
    chosen = tuple(dict.fromkeys(names or ()))
    if profile or not chosen:
        chosen = tuple(dict.fromkeys((*chosen, *load_profile(profile or DEFAULT_PROFILE).models)))
    for name in chosen:
        store.manifest.model(name)  # an unknown one is named before anything is fetched
    return chosen


def _sources(packages: Packages, *, upstream: bool | None) -> list[Source]:
    if upstream is None:
        return [Shipped(), Upstream(), packages]
    return [Shipped(), Upstream() if upstream else packages]


def _pull_all(store: ModelStore, names: Sequence[str], sources: list[Source]) -> list[str]:
    fetched = []
    with _progress() as progress:
        for name in names:
            report = _reporter(progress, name, store.manifest.model(name).size)
            if pull(store, name, sources, report):
                fetched.append(name)
    return fetched


def _reporter(progress: Progress, name: str, size: int) -> Report:
    task = progress.add_task(name, total=size)

    def report(fraction: float) -> None:
        progress.update(task, completed=fraction * size)

    return report


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, disable=not err.is_terminal)
