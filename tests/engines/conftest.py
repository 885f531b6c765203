from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from voiceassist.engines.manifest import Model, ModelFile, ModelManifest, Package, Part
from voiceassist.engines.profile import Profile, load_profile
from voiceassist.engines.registry import Engines
from voiceassist.engines.store import ModelStore, default_store

FIRST, SECOND = b"the first half, ", b"and the second."


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def write_wheel(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """Two small packages that carry the two halves of a model, as an index would give them."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for number, half in ((1, FIRST), (2, SECOND)):
        meta = f"halves_{number}-1.0.dist-info"
        write_wheel(
            folder / f"halves_{number}-1.0-py3-none-any.whl",
            {
                f"halves_{number}/half.bin": half,
                f"{meta}/METADATA": f"Metadata-Version: 2.1\nName: halves-{number}\n"
                f"Version: 1.0\n".encode(),
                f"{meta}/WHEEL": b"Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\n"
                b"Tag: py3-none-any\n",
                f"{meta}/RECORD": b"",
            },
        )
    return folder


@pytest.fixture
def manifest(wheels: Path) -> ModelManifest:
    whole = FIRST + SECOND
    packages = {}
    for number in (1, 2):
        wheel = (wheels / f"halves_{number}-1.0-py3-none-any.whl").read_bytes()
        packages[f"halves-{number}"] = Package(version="1.0", sha256=digest(wheel), size=len(wheel))
    parts = tuple(
        Part(package=f"halves-{number}", member=f"halves_{number}/half.bin") for number in (1, 2)
    )
    file = ModelFile(name="model.bin", sha256=digest(whole), size=len(whole), parts=parts)
    model = Model(task="stt", about="a test", licence="MIT", credit="nobody", files=(file,))
    return ModelManifest(models={"small": model}, packages=packages)


@pytest.fixture
def store(tmp_path: Path, manifest: ModelManifest) -> ModelStore:
    return ModelStore(tmp_path / "models", manifest)


@pytest.fixture
def filled(store: ModelStore) -> ModelStore:
    (store.staging("small") / "model.bin").write_bytes(FIRST + SECOND)
    store.install("small")
    return store


@pytest.fixture
def offline_pip(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """pip, without an index: it finds only the wheels of this test."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    return wheels


@pytest.fixture(scope="session")
def profile() -> Profile:
    return load_profile("generic-x86")


@pytest.fixture(scope="session")
def engines(profile: Profile) -> Engines:
    """The real engines; skips where the weights are not on this machine."""
    store = default_store()
    absent = [name for name in profile.models if not store.holds(name)]
    if absent:
        pytest.skip(f"no weights here ({', '.join(absent)}); run `voiceassist models pull`")
    return Engines(profile, store)


@pytest.fixture(scope="session")
def silence() -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """Three seconds of a quiet room: noise some 70 dB below full scale."""
    noise = np.random.default_rng(1).normal(0.0, 10.0, 48_000)
    return noise.astype(np.int16)
