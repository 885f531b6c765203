"""The keys that this machine trusts for editions, as they passed on since it was enrolled.

Law: trust only goes forward. A statement is kept, durably, before anything signed under it is
used; what lies here is verified anew from the enrolment on each time it is read. A crash
leaves the chain of before or the new one.
"""

from __future__ import annotations

from pathlib import Path

from voiceassist import files
from voiceassist.contract.signing import Envelope
from voiceassist.contract.trust import (
    Trust,
    claimed_version,
    follow,
    read_chain,
    write_chain,
)
from voiceassist.errors import Unverified


class TrustedKeys:
    """What `anchor`, the trust given at enrolment, has become; kept in the file `path`."""

    def __init__(self, path: Path, anchor: Trust) -> None:
        self._path = path
        self._anchor = anchor

    def now(self) -> Trust:
        """The newest statement; the enrolment's where none is kept, or none that holds."""
        return follow(self._anchor, self._kept())

    def extend(self, data: bytes) -> Trust:
        """Follow the chain in `data` and keep it; raises `Unverified` and changes nothing."""
        kept = self._kept()
        before = follow(self._anchor, kept)
        chain = read_chain(data)
        after = follow(before, chain)
        if after.version > before.version:
            new = [link for link in chain if claimed_version(link) > before.version]
            self._path.parent.mkdir(parents=True, exist_ok=True)
            files.write_durable(self._path, write_chain([*kept, *new]))
        return after

    def _kept(self) -> tuple[Envelope, ...]:
        """The chain as kept; none where it does not hold from the enrolment on (another hub's)."""
        try:
            chain = read_chain(self._path.read_bytes())
            follow(self._anchor, chain)
        except (FileNotFoundError, Unverified):
            return ()
        return chain
