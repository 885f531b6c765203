"""The keys that sign editions: one in force, and the statements that led to it.

Law: version N is in force once `edition-keys-N.json`, signed by the key before, is on the
disk; its private key was there before it. A crash while rotating leaves the old key in force
(and a private key that no statement names, which the next rotation replaces), or the new key
in force (and the old private key, which the next start removes).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from hub.fleet.secrets import private_pem, write_secret
from voiceassist import files
from voiceassist.contract.signing import Envelope, Signer
from voiceassist.contract.trust import Trust, sign_trust, trust_in
from voiceassist.errors import Unverified


class EditionKeys:
    """The keys in `folder`. Reads them anew each time, so that a running hub sees a rotation."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def exist(self) -> bool:
        """Whether there is a key to sign with; raises `Unverified` where it was lost."""
        version = self._version()
        private = self._private(version)
        if version > 1 and not private.is_file():
            raise Unverified(f"{private} is gone, but the rooms trust its key; restore it")
        return private.is_file()

    def make(self) -> None:
        """Make the first key."""
        write_secret(self._private(1), private_pem(Ed25519PrivateKey.generate()))

    def now(self) -> tuple[int, Signer]:
        """The version in force and who signs; raises `Unverified` where the key is damaged."""
        version = self._version()
        try:
            return version, load_signer(self._private(version))
        except FileNotFoundError:
            version = self._version()  # rotated between the two looks
            return version, load_signer(self._private(version))

    def trust(self, clinic: str) -> Trust:
        """What a room enrolled now should trust."""
        version, signer = self.now()
        return trust_in(signer.public, clinic=clinic, version=version)

    def chain(self, after: int) -> tuple[Envelope, ...]:
        """The statements after version `after`, the oldest first."""
        versions = range(max(after, 1) + 1, self._version() + 1)
        return tuple(Envelope.from_json(self._statement(v).read_bytes()) for v in versions)

    def rotate(self, clinic: str, now_s: int) -> int:
        """Put a new key in force and forget the old one; returns the new version."""
        with self._alone():
            version, signer = self.now()
            following = Ed25519PrivateKey.generate()
            write_secret(self._private(version + 1), private_pem(following))
            files.sync_folder(self._folder)
            named = trust_in(following.public_key(), clinic=clinic, version=version + 1)
            statement = named.model_copy(update={"created_s": now_s})
            envelope = sign_trust(statement, signer)
            files.write_durable(self._statement(version + 1), envelope.to_json())
            self.forget_old()
            return version + 1

    def forget_old(self) -> None:
        """Remove the private keys that are no longer in force."""
        for version in range(1, self._version()):
            self._private(version).unlink(missing_ok=True)

    def _version(self) -> int:
        version = 1
        while self._statement(version + 1).is_file():
            version += 1
        return version

    def _private(self, version: int) -> Path:
        return self._folder / ("edition.pem" if version == 1 else f"edition-{version}.pem")

    def _statement(self, version: int) -> Path:
        return self._folder / f"edition-keys-{version}.json"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def load_signer(path: Path) -> Signer:
    """Read a signing key; raises `Unverified` where it is damaged."""
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise Unverified(f"{path} is damaged; restore it") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise Unverified(f"{path} is no Ed25519 key; restore it")
    return Signer(key)
