from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from voiceassist.contract.signing import KeyRing, Signer
from voiceassist.engines.bundle import Bundle, write_bundle
from voiceassist.engines.fetch import pull
from voiceassist.engines.store import ModelStore
from voiceassist.errors import Unavailable, Unverified, WrongUse

RIGHT = b"the first half, and the second."


def nothing(fraction: float) -> None:
    assert 0.0 <= fraction <= 1.0


@pytest.fixture
def signer() -> Signer:
    return Signer(Ed25519PrivateKey.generate())


@pytest.fixture
def written(filled: ModelStore, signer: Signer, tmp_path: Path) -> Path:
    out = tmp_path / "site.bundle"
    write_bundle(filled, ["small"], out, signer, nothing)
    return out


def test_a_bundle_fills_an_empty_store(
    written: Path, filled: ModelStore, signer: Signer, tmp_path: Path
) -> None:
    """A machine without a network gets from the signed file exactly what was put in."""
    empty = ModelStore(tmp_path / "elsewhere", filled.manifest)
    with Bundle(written, KeyRing([signer.public])) as bundle:
        assert bundle.names(empty.manifest) == ("small",)
        assert pull(empty, "small", [bundle], nothing)
    assert empty.file("small", "model.bin").read_bytes() == RIGHT


def test_a_bundle_of_another_signer_is_refused(written: Path) -> None:
    """With a trusted key given, a bundle that it did not sign is not opened."""
    other = Signer(Ed25519PrivateKey.generate())
    with pytest.raises(Unverified, match="not trusted"):
        Bundle(written, KeyRing([other.public]))


def test_a_tampered_weight_in_a_bundle_is_refused(
    written: Path, filled: ModelStore, signer: Signer, tmp_path: Path
) -> None:
    """A byte changed inside the bundle is found before the weight reaches the store."""
    written.write_bytes(written.read_bytes().replace(b"second.", b"zecond."))
    empty = ModelStore(tmp_path / "elsewhere", filled.manifest)
    with Bundle(written, KeyRing([signer.public])) as bundle, pytest.raises(Unverified):
        pull(empty, "small", [bundle], nothing)
    assert not empty.holds("small")


def test_a_tampered_list_in_a_bundle_is_refused(written: Path, signer: Signer) -> None:
    """The list of contents can't be changed without its signature failing."""
    data = written.read_bytes()
    start = data.index(b'"payload":"') + len(b'"payload":"') + 8
    written.write_bytes(
        data[:start] + (b"A" if data[start : start + 1] != b"A" else b"B") + data[start + 1 :]
    )
    with pytest.raises(Unverified):
        Bundle(written, KeyRing([signer.public]))


@pytest.mark.parametrize("keep", [0, 100, 512, 1500])
def test_a_bundle_cut_short_is_refused(written: Path, keep: int) -> None:
    """A bundle whose copy broke off is refused with one line."""
    written.write_bytes(written.read_bytes()[:keep])
    with pytest.raises(Unverified):
        Bundle(written, None)


def test_no_bundle_is_wrong_use(tmp_path: Path) -> None:
    """A bundle that is not there is named."""
    with pytest.raises(WrongUse, match=r"gone\.bundle"):
        Bundle(tmp_path / "gone.bundle", None)


def test_a_bundle_of_another_release_names_both_hashes(written: Path, filled: ModelStore) -> None:
    """A bundle with other weights than this release's is refused, both hashes named."""
    model = filled.manifest.models["small"]
    other = model.files[0].model_copy(update={"sha256": "0" * 64})
    changed = model.model_copy(update={"files": (other,)})
    manifest = filled.manifest.model_copy(update={"models": {"small": changed}})
    with Bundle(written, None) as bundle, pytest.raises(Unverified) as raised:
        bundle.names(manifest)
    assert "0" * 64 in str(raised.value)
    assert model.files[0].sha256 in str(raised.value)


def test_an_altered_weight_is_not_bundled(
    filled: ModelStore, signer: Signer, tmp_path: Path
) -> None:
    """A weight is hashed before it goes into a bundle, and a failure leaves no file."""
    (filled.folder_of("small") / "model.bin").write_bytes(b"x" * len(RIGHT))
    with pytest.raises((Unverified, Unavailable)):
        write_bundle(filled, ["small"], tmp_path / "out", signer, nothing)
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "out.part").exists()
