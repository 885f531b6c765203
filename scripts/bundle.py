#!/usr/bin/env python3
"""Gathers all that a site needs into one folder, for a copy over the network or a USB stick.

    .venv/bin/python scripts/bundle.py OUT [--debs] [--no-models] [--profile BOARD]…

OUT holds `bundle.json` (release, Python and processor it is for), `lock/` (what to install, each
with its hash), `wheels/`, `models.bundle` (the signed weights; `models.pem` checks them; the key
that signs stays beside OUT), `debs/` (with --debs: Debian's packages as a small repository) and
`SHA256SUMS`. Made again, it fetches only what is missing.
Make it on a machine like those it is for: their processor, and their Python (3.11 on Debian 12,
3.12 on Ubuntu 24.04).
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from shutil import copy2, which
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from voiceassist import __version__
from voiceassist.console import err, run_command
from voiceassist.engines.profile import load_profile
from voiceassist.errors import Unavailable, WrongUse

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = ("hub", "appliance")
DEBS = (
    "ca-certificates",
    "libgomp1",
    "libportaudio2",
    "mosquitto",
    "tesseract-ocr",  # brings English with it
    "python3-apt",
    "python3-venv",
)
_ENTRY = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)")


def entries(lock: str) -> dict[str, str]:
    """The entries of a lock file, hashes and all, by the line each begins with."""
    found: dict[str, str] = {}
    key = ""
    for line in lock.splitlines():
        if _ENTRY.match(line):
            key = line.removesuffix("\\").rstrip()
            found[key] = ""
        if key and not line.lstrip().startswith("#"):
            found[key] += line + "\n"
    return found


def built_wheel(requirement: str, wheels: Iterable[Path]) -> Path | None:
    """The wheel built on this machine for a package that its author gives as source only."""
    entry = _ENTRY.match(requirement)
    wanted = f"{entry['name']}-{entry['version']}".lower().replace("-", "_") if entry else ""
    for wheel in wheels:
        name, version, *_ = wheel.name.split("-")
        if f"{name}_{version}".lower() == wanted:
            return wheel
    return None


def pinned(requirement: str, wheel: Path) -> str:
    """The lock entry of a wheel that was built here."""
    return f"{requirement} --hash=sha256:{digest(wheel)}\n"


def describe(locks: Mapping[str, str]) -> dict[str, str]:
    """What `bundle.json` says; the release is named by version and by what it installs."""
    content = hashlib.sha256("".join(locks[extra] for extra in sorted(locks)).encode())
    return {
        "release": f"{__version__}-{content.hexdigest()[:8]}",
        "version": __version__,
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "machine": platform.machine(),
    }


def digest(path: Path) -> str:
    """A file's sha256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checksums(folder: Path) -> str:
    """The lines of `sha256sum` for every file below `folder` but the list itself."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return "".join(
        f"{digest(path)}  {path.relative_to(folder)}\n"
        for path in files
        if path.name != "SHA256SUMS"
    )


def make(
    out: Annotated[Path, typer.Argument(help="the folder to fill")],
    *,
    debs: Annotated[bool, typer.Option(help="Debian's packages too")] = False,
    models: Annotated[bool, typer.Option(help="the weights too")] = True,
    profile: Annotated[
        list[str] | None, typer.Option(help="a board whose weights are wanted (repeatable)")
    ] = None,
) -> None:
    """Gather wheels, weights and Debian's packages into OUT."""
    (out / "lock").mkdir(parents=True, exist_ok=True)
    locks = _wheels(out / "wheels")
    for extra, lock in locks.items():
        (out / "lock" / f"{extra}.txt").write_text(lock)
    if debs:
        err.print("packages: what Debian adds to a minimal machine")
        _debian(out / "debs")
    if models:
        _models(out, profile or ["generic-x86"])
    about = describe(locks)
    (out / "bundle.json").write_text(json.dumps(about, indent=1) + "\n")
    err.print("SHA256SUMS: so that a machine can check what it was given")
    (out / "SHA256SUMS").write_text(checksums(out))
    typer.echo(f"release {about['release']}")
    typer.echo(f"voiceassist_bundle_digest: {digest(out / 'SHA256SUMS')}")


def _wheels(folder: Path) -> dict[str, str]:
    """Fill `folder`; what to install for each extra, hashes of what was built here included."""
    folder.mkdir(exist_ok=True)
    built = list((_cache() / "wheels").glob("*.whl"))
    locks = dict.fromkeys(EXTRAS, "")
    fetched: dict[str, str] = {}
    for extra in EXTRAS:
        for requirement, entry in entries((ROOT / f"requirements/{extra}.txt").read_text()).items():
            wheel = built_wheel(requirement, built)
            if wheel is None:
                fetched[requirement] = entry
            elif not (folder / wheel.name).exists():
                copy2(wheel, folder)
            locks[extra] += pinned(requirement, wheel) if wheel else entry
    err.print(f"wheels: {len(fetched)} that the lock files name, and the project's own")
    _fetch("".join(fetched.values()), folder)
    own = _own_wheel(folder)
    return {
        extra: lock + pinned(f"voiceassist[{extra}]=={__version__}", own)
        for extra, lock in locks.items()
    }


def _fetch(lock: str, folder: Path) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(lock)
        file.flush()
        _pip(
            "download",
            "--require-hashes",
            "--only-binary=:all:",
            "-d",
            str(folder),
            "-r",
            file.name,
        )


def _own_wheel(folder: Path) -> Path:
    for old in folder.glob("voiceassist-*.whl"):
        old.unlink()
    _pip("wheel", "-w", str(folder), str(ROOT))
    return next(folder.glob("voiceassist-*.whl"))


def _pip(command: str, *arguments: str) -> None:
    _run(sys.executable, "-m", "pip", command, "--quiet", "--no-deps", *arguments)


def _models(out: Path, profiles: Iterable[str]) -> None:
    """Write the weights of all `profiles` into one file, signed by a key that is made once."""
    names = sorted({name for board in profiles for name in load_profile(board).models})
    key_file = out.with_name(f"{out.name}-models.key")
    if not key_file.exists():
        key_file.touch(mode=0o600)
        key_file.write_bytes(
            Ed25519PrivateKey.generate().private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
            )
        )
    key = load_pem_private_key(key_file.read_bytes(), password=None).public_key()
    (out / "models.pem").write_bytes(
        key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    command = (f"{sys.prefix}/bin/voiceassist", "models", "bundle", *names)
    _run(*command, "--out", str(out / "models.bundle"), "--key", str(key_file))


def _debian(folder: Path) -> None:
    """Download `DEBS` and all they need, and describe them as a repository that apt can read."""
    index = which("dpkg-scanpackages")
    if index is None:
        raise WrongUse("--debs needs dpkg-scanpackages; run: apt-get install dpkg-dev")
    (folder / "partial").mkdir(parents=True, exist_ok=True)
    # an empty status file: as if nothing were installed, so that nothing is left out
    options = ("Dir::State::status=/dev/null", f"Dir::Cache::archives={folder.resolve()}")
    _run(
        *("apt-get", "install", "--download-only", "--yes", "-qq", "--no-install-recommends"),
        *(f"-o{option}" for option in (*options, "Debug::NoLocking=1", "APT::Sandbox::User=root")),
        *DEBS,
    )
    (folder / "Packages").write_text(_run(index, ".", cwd=folder))


def _run(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 - fixed words and this script's own paths
    if done.returncode:
        raise Unavailable(
            f"{' '.join(command[:4])} … failed; see above, mend it and run this again"
        )
    return done.stdout


def _cache() -> Path:
    named = os.environ.get("VOICEASSIST_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(named) if named else Path(home) / "voiceassist"


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(make)
    sys.exit(run_command(lambda: app(standalone_mode=False)))
