"""Recordings that the box itself can't read: sealed for the key of who asked for them.

Law: nothing is kept unless an administrator has named who consented, until when, and a key; nothing
outlives its hours or exceeds its room, and the journal tells when it began, what was kept and what
was removed. A file is whole or is not there.

Sealed in the manner of RFC 9180 (HPKE): an ephemeral X25519 key, HKDF-SHA256, ChaCha20-Poly1305;
the file's name is bound into it.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from voiceassist.contract.canonical import Json
from voiceassist.errors import BadInput, StoreFull, WrongUse

log = logging.getLogger(__name__)

SUFFIX = ".sealed"
_MAGIC = b"voiceassist-recording-1\n"
_KEY_BYTES, _NONCE = 32, b"\0" * 12  # each key seals one file
_NAME = re.compile(r"(\d{13})-[0-9a-f]{8,64}\.sealed")

Enter = Callable[[str, dict[str, Json]], None]


def seal(data: bytes, name: str, key: X25519PublicKey) -> bytes:
    """`data` for who holds the private half of `key`, under `name`."""
    ours = X25519PrivateKey.generate()
    public = ours.public_key().public_bytes_raw()
    cipher = ChaCha20Poly1305(_derived(ours.exchange(key), public, key.public_bytes_raw()))
    return _MAGIC + public + cipher.encrypt(_NONCE, data, name.encode())


def unseal(sealed: bytes, name: str, key: X25519PrivateKey) -> bytes:
    """What was sealed; raises `BadInput` for another key, another name or a damaged file."""
    if not sealed.startswith(_MAGIC) or len(sealed) < len(_MAGIC) + _KEY_BYTES:
        raise BadInput(f"{name}: no recording of a room; name a {SUFFIX} file")
    public = sealed[len(_MAGIC) :][:_KEY_BYTES]
    shared = key.exchange(X25519PublicKey.from_public_bytes(public))
    cipher = ChaCha20Poly1305(_derived(shared, public, key.public_key().public_bytes_raw()))
    try:
        return cipher.decrypt(_NONCE, sealed[len(_MAGIC) + _KEY_BYTES :], name.encode())
    except InvalidTag as error:
        raise BadInput(
            f"{name}: sealed for another key, renamed or damaged; use the key that was named "
            "in recording.key, and the file as the room wrote it"
        ) from error


def public_key(path: Path) -> X25519PublicKey:
    """The key to seal for; raises `WrongUse`."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise WrongUse(f"recording.key {path} can't be read as a public key in PEM") from error
    if not isinstance(key, X25519PublicKey):
        raise WrongUse(f"recording.key {path} is no X25519 key; make one with openssl genpkey")
    return key


def private_key(path: Path) -> X25519PrivateKey:
    """The key to open with; raises `WrongUse`."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise WrongUse(
            f"{path} can't be read as a private key in PEM without a password"
        ) from error
    if not isinstance(key, X25519PrivateKey):
        raise WrongUse(f"{path} is no X25519 key")
    return key


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most that is kept: bytes of all files, and for how many hours."""

    most_bytes: int
    hours: float


class Recordings:
    """The sealed files of one folder. `enter` makes an entry in the journal, which may refuse."""

    def __init__(
        self,
        folder: Path,
        key: X25519PublicKey,
        bounds: Bounds,
        enter: Enter,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._key = key
        self._bounds = bounds
        self._enter = enter
        self._now = now

    def keep(self, turn_id: str, data: bytes) -> Path:
        """Seal and write one recording, whole; raises `StoreFull`. Entered before it is written."""
        name = f"{round(self._now() * 1000):013d}-{turn_id}{SUFFIX}"
        sealed = seal(data, name, self._key)
        self._enter("recording.kept", {"turn": turn_id, "bytes": len(sealed)})
        path = self._folder / name
        part = path.with_suffix(".part")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(
                os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb"
            ) as file:
                file.write(sealed)
            part.replace(path)
        except OSError as error:
            raise StoreFull(f"{path} can't be written ({error.strerror}); make room") from error
        self.tidy()
        return path

    def tidy(self) -> None:
        """Remove what is past its hours or beyond its room, and what a crash left half."""
        removed = remove_past(self._folder, self._bounds, self._now())
        if removed:
            self._enter("recording.removed", {"files": removed})


def remove_past(folder: Path, bounds: Bounds, now: float) -> int:
    """Remove what may not be kept any longer; how many files."""
    if not folder.is_dir():
        return 0
    gone = list(folder.glob("*.part"))
    files = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    oldest_ms = (now - bounds.hours * 3600) * 1000
    kept: list[Path] = []
    for path in files:
        fresh = int(path.name[:13]) >= oldest_ms
        (kept if fresh else gone).append(path)
    size = sum(path.stat().st_size for path in kept)
    while kept and size > bounds.most_bytes:
        size -= kept[0].stat().st_size
        gone.append(kept.pop(0))
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def _derived(shared: bytes, ours: bytes, theirs: bytes) -> bytes:
    info = _MAGIC + ours + theirs
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(shared)
