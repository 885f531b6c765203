from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCK = """# a comment
first==1.0 ; python_full_version < '3.12' \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via second
llama-cpp-python==0.3.16 \\
    --hash=sha256:cc
"""


@pytest.fixture(scope="module")
def bundle() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bundle", ROOT / "scripts/bundle.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bundle"] = module
    spec.loader.exec_module(module)
    return module


def test_a_lock_file_is_read_entry_by_entry(bundle: ModuleType) -> None:
    """Each entry keeps its marker and all its hashes, and loses the comments."""
    assert bundle.entries(LOCK) == {
        "first==1.0 ; python_full_version < '3.12'": (
            "first==1.0 ; python_full_version < '3.12' \\\n"
            "    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
        ),
        "llama-cpp-python==0.3.16": "llama-cpp-python==0.3.16 \\\n    --hash=sha256:cc\n",
    }


def test_a_wheel_built_here_stands_for_its_source(bundle: ModuleType, tmp_path: Path) -> None:
    """The built wheel of exactly the locked version is found, and pinned by its own hash."""
    wheel = tmp_path / "llama_cpp_python-0.3.16-py3-none-linux_x86_64.whl"
    wheel.write_bytes(b"built")
    other = tmp_path / "llama_cpp_python-0.3.9-py3-none-linux_x86_64.whl"
    other.write_bytes(b"older")
    assert bundle.built_wheel("llama-cpp-python==0.3.16", [other, wheel]) == wheel
    assert bundle.built_wheel("llama-cpp-python==0.3.17", [other, wheel]) is None
    sha256 = hashlib.sha256(b"built").hexdigest()
    assert bundle.pinned("llama-cpp-python==0.3.16", wheel) == (
        f"llama-cpp-python==0.3.16 --hash=sha256:{sha256}\n"
    )


def test_a_release_is_named_by_what_it_installs(bundle: ModuleType) -> None:
    """The same lock files give the same release, another hash another one."""
    one = bundle.describe({"hub": "a", "appliance": "b"})
    assert one == bundle.describe({"appliance": "b", "hub": "a"})
    assert one["release"] != bundle.describe({"hub": "a", "appliance": "c"})["release"]


def test_the_list_of_checksums_is_what_sha256sum_reads(bundle: ModuleType, tmp_path: Path) -> None:
    """Every file of the bundle is in the list by its path, the list itself is not."""
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels/a.whl").write_bytes(b"a")
    (tmp_path / "SHA256SUMS").write_text("old")
    sha256 = hashlib.sha256(b"a").hexdigest()
    assert bundle.checksums(tmp_path) == f"{sha256}  wheels/a.whl\n"


@pytest.mark.parametrize("extra", ["hub", "appliance"])
def test_every_locked_package_can_be_installed_by_hash(bundle: ModuleType, extra: str) -> None:
    """No entry of the machines' lock files lacks a hash, and none names an address."""
    text = (ROOT / f"requirements/{extra}.txt").read_text()
    assert "://" not in text
    assert bundle.entries(text)
    assert all("--hash=sha256:" in entry for entry in bundle.entries(text).values())
