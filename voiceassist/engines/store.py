"""The weights on this machine.

Law (5): no file leaves this module before its SHA-256 was found to be the manifest's, in this
process. Hashing runs at some 1.5 GB/s, so the largest model costs under a second at its load
and nothing has to be remembered between runs.

Layout: `<root>/<model>/<sha256 of the model>/<file>`. A model's folder appears whole, by one
rename; a crash before it leaves only `<root>/.staging`, which the next pull goes on from.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from voiceassist.engines.manifest import Model, ModelFile, ModelManifest, load_manifest
from voiceassist.errors import Unavailable, Unverified
from voiceassist.files import full_disk_named, sync_folder


class ModelStore:
    """The models below `root`, as `manifest` describes them. Thread-safe."""

    def __init__(self, root: Path, manifest: ModelManifest) -> None:
        self.root = root
        self.manifest = manifest
        self._checked: set[Path] = set()
        self._lock = threading.Lock()

    def file(self, model: str, name: str) -> Path:
        """The path of a checked file.

        Raises `Unavailable` when it is not on this machine, `Unverified` when it was altered,
        `WrongUse` when the manifest has no such model or file.
        """
        described = self.manifest.model(model)
        return self._check(model, self.folder_of(model), described.file(name))

    def folder(self, model: str) -> Path:
        """The folder of a model with all its files checked; raises as `file` does."""
        folder = self.folder_of(model)
        for file in self.manifest.model(model).files:
            self._check(model, folder, file)
        return folder

    def folder_of(self, model: str) -> Path:
        """Where the model belongs, whether it is there or not."""
        return self.root / model / self.manifest.model(model).sha256

    def holds(self, model: str) -> bool:
        """Whether every file is there in its full size: quick, and no proof."""
        folder = self.folder_of(model)
        return all(_size(folder / f.name) == f.size for f in self.manifest.model(model).files)

    def staging(self, model: str) -> Path:
        """The folder in which a model's files are gathered before `install`."""
        folder = self.root / ".staging" / f"{model}-{self.manifest.model(model).sha256[:16]}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def install(self, model: str) -> Path:
        """Check what `staging` gathered and put it in place; raises `Unverified`."""
        described: Model = self.manifest.model(model)
        source, target = self.staging(model), self.folder_of(model)
        with full_disk_named(f"the model {model}"):
            for file in described.files:
                path = source / file.name
                verify_file(path, file, model)
                with path.open("rb") as handle:
                    os.fsync(handle.fileno())
            sync_folder(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():  # it was altered: what is checked takes its place
                shutil.rmtree(target)
            source.rename(target)
            sync_folder(target.parent)
        return target

    @contextmanager
    def pulling(self) -> Iterator[None]:
        """Inside, no other process pulls into this store."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            handle = (self.root / ".lock").open("wb")
        except OSError as error:
            raise Unavailable(
                f"can't write to {self.root}: {error.strerror}; "
                "set VOICEASSIST_MODELS to a folder that this user may write"
            ) from error
        with handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def _check(self, model: str, folder: Path, file: ModelFile) -> Path:
        path = folder / file.name
        with self._lock:
            if path not in self._checked:
                verify_file(path, file, model)
                self._checked.add(path)
        return path


def verify_file(path: Path, file: ModelFile, model: str) -> None:
    """Raise `Unavailable` when `path` is missing, `Unverified` when it is not `file`'s bytes."""
    again = f"run `voiceassist models pull {model}`"
    try:
        with path.open("rb") as handle:
            found = hashlib.file_digest(handle, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise Unavailable(f"{model}/{file.name} is not on this machine; {again}") from error
    except OSError as error:
        raise Unavailable(f"can't read {path}: {error.strerror}; {again}") from error
    if found != file.sha256:
        raise Unverified(
            f"{model}/{file.name} was altered or cut short: sha256 {found}, "
            f"the manifest says {file.sha256}; {again}"
        )


def default_store() -> ModelStore:
    """The store that `VOICEASSIST_MODELS` names, or the one in this user's cache."""
    return ModelStore(default_root(), load_manifest())


def default_root() -> Path:
    """Where the weights of this machine stand, whether any are there or not."""
    if named := os.environ.get("VOICEASSIST_MODELS"):
        return Path(named)
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "voiceassist" / "models"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
