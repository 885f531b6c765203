"""All the weights that a site needs in one signed file, for machines without a network.

A tar: first the DSSE envelope over the list of contents, then the files, `<model>/<name>`. The
list says what is inside and who put it there; whether a file is the right one, the manifest of
the installed release says, as for every other source.
"""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Literal, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)
from pydantic import BaseModel, ConfigDict, ValidationError

from voiceassist.contract.canonical import canonical, parse
from voiceassist.contract.signing import Envelope, KeyRing, Signer
from voiceassist.engines.fetch import Report
from voiceassist.engines.manifest import Model, ModelFile, ModelManifest
from voiceassist.engines.store import ModelStore
from voiceassist.errors import Unavailable, Unverified, WrongUse
from voiceassist.files import full_disk_named, replace_durable

BUNDLE_TYPE = "application/vnd.voiceassist.models.v1+json"
_LIST = "bundle.dsse.json"
_LONGEST_LIST = 1 << 20
_CHUNK = 1 << 20


class Contents(BaseModel):
    """What a bundle says of itself: sha256 by file name, by model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    models: dict[str, dict[str, str]]


def write_bundle(
    store: ModelStore, names: Sequence[str], out: Path, signer: Signer, report: Report
) -> Contents:
    """Write the models `names`, each checked first, to `out`, whole or not at all."""
    models = {name: store.manifest.model(name) for name in names}
    listed = {name: {file.name: file.sha256 for file in m.files} for name, m in models.items()}
    contents = Contents(models=listed)
    envelope = signer.sign(BUNDLE_TYPE, canonical(contents.model_dump(mode="json"))).to_json()
    total, done = sum(model.size for model in models.values()) or 1, 0
    part = out.with_name(out.name + ".part")
    try:
        with full_disk_named(f"the bundle {out}"), part.open("wb") as file:
            with tarfile.open(fileobj=file, mode="w") as tar:
                tar.addfile(_entry(_LIST, len(envelope)), io.BytesIO(envelope))
                for name, model in models.items():
                    folder = store.folder(name)
                    for one in model.files:
                        with (folder / one.name).open("rb") as data:
                            tar.addfile(_entry(f"{name}/{one.name}", one.size), data)
                        done += one.size
                        report(done / total)
            file.flush()
            os.fsync(file.fileno())
        replace_durable(part, out)
    finally:
        part.unlink(missing_ok=True)
    return contents


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size = size
    return entry


class Bundle:
    """A bundle as a source of `fetch.pull`. Nothing in it names a path that is written to."""

    name = "bundle"

    def __init__(self, path: Path, trusted: KeyRing | None) -> None:
        """Read the list; with `trusted` keys, only one that they signed.

        Raises `Unverified` where the signature does not hold or the file is no whole bundle,
        `WrongUse` where there is no such file.
        """
        try:
            self._tar = tarfile.open(path, "r:")  # noqa: SIM115 - `close` closes it
        except FileNotFoundError as error:
            raise WrongUse(f"there is no bundle at {path}; name the file that was made") from error
        except (OSError, tarfile.TarError) as error:
            raise Unverified(f"{path} is no bundle of models, or was cut short") from error
        try:
            self._members = {member.name: member for member in self._tar if member.isfile()}
            self.contents = self._list(path, trusted)
        except tarfile.TarError as error:
            self.close()
            raise Unverified(f"{path} was cut short; copy it again") from error
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._tar.close()

    def names(self, manifest: ModelManifest) -> tuple[str, ...]:
        """The models inside; raises `Unverified` where one is not the manifest's."""
        for name, files in self.contents.models.items():
            for one in manifest.model(name).files:
                found = files.get(one.name, "missing")
                if found != one.sha256:
                    raise Unverified(
                        f"the bundle's {name}/{one.name} has sha256 {found}, the manifest says "
                        f"{one.sha256}; make the bundle with this release"
                    )
        return tuple(self.contents.models)

    def has(self, _model: Model, file: ModelFile, /) -> bool:
        """Whether a file with this hash is listed."""
        return self._named(file) is not None

    def fetch(self, _model: Model, file: ModelFile, target: Path, report: Report, /) -> None:
        """Copy the file out of the bundle."""
        name = self._named(file)
        data = self._tar.extractfile(self._members[name]) if name else None
        if data is None:
            raise Unavailable(f"the bundle does not hold {file.name}")
        with target.open("wb") as out:
            _copy(data, out)
        report(1.0)

    def _named(self, file: ModelFile) -> str | None:
        for model, files in self.contents.models.items():
            if files.get(file.name) == file.sha256:
                return f"{model}/{file.name}"
        return None

    def _list(self, path: Path, trusted: KeyRing | None) -> Contents:
        member = self._members.get(_LIST)
        data = self._tar.extractfile(member) if member and member.size < _LONGEST_LIST else None
        if data is None:
            raise Unverified(f"{path} is no bundle of models: it has no list of contents")
        envelope = Envelope.from_json(data.read())
        payload = trusted.open(BUNDLE_TYPE, envelope) if trusted else envelope.raw()
        try:
            contents = Contents.model_validate(parse(payload))
        except (ValidationError, ValueError) as error:
            raise Unverified(f"the list of contents of {path} is malformed") from error
        for name, files in contents.models.items():
            if not {f"{name}/{file}" for file in files} <= self._members.keys():
                raise Unverified(f"{path} lists {name} but was cut short; copy it again")
        return contents


def _copy(data: IO[bytes], out: IO[bytes]) -> None:
    try:
        shutil.copyfileobj(data, out, _CHUNK)
    except tarfile.TarError as error:
        raise Unverified("the bundle was cut short; copy it again") from error


def read_signer(path: Path) -> Signer:
    """The Ed25519 private key in a PEM file; raises `WrongUse`."""
    key = _read_key(path, lambda pem: load_pem_private_key(pem, None))
    if not isinstance(key, Ed25519PrivateKey):
        raise WrongUse(f"{path} holds no Ed25519 private key")
    return Signer(key)


def read_trusted(paths: Sequence[Path]) -> KeyRing | None:
    """The Ed25519 public keys in PEM files; none given, none wanted. Raises `WrongUse`."""
    keys = []
    for path in paths:
        key = _read_key(path, load_pem_public_key)
        if not isinstance(key, Ed25519PublicKey):
            raise WrongUse(f"{path} holds no Ed25519 public key")
        keys.append(key)
    return KeyRing(keys) if keys else None


def _read_key(path: Path, load: Callable[[bytes], object]) -> object:
    try:
        return load(path.read_bytes())
    except OSError as error:
        raise WrongUse(f"can't read the key {path}: {error.strerror}") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise WrongUse(f"{path} is no PEM key that can be used here") from error
