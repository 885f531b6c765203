"""A hub's log in memory, for tests of what a box believes of it."""

from __future__ import annotations

from voiceassist.contract.ledger import Ack, Growth, Head, sign_ack
from voiceassist.contract.merkle import Nodes, consistency, inclusion, root
from voiceassist.contract.note import LogHead, sign_note
from voiceassist.contract.signing import Envelope, Signer


def nodes_of(leaves: list[bytes]) -> Nodes:
    """The stored nodes of a tree that is kept as its leaves alone."""
    return lambda height, index: root(leaves[index << height : (index + 1) << height])


class HubLog:
    """Grows by what it acknowledges."""

    def __init__(self, signer: Signer, clinic: str = "north", number: int = 1) -> None:
        self.signer = signer
        self.clinic = clinic
        self.number = number
        self.leaves: list[bytes] = []
        self.places: dict[str, int] = {}

    def add(self, hashed: str) -> None:
        """Take an entry in, by its hash."""
        if hashed not in self.places:
            self.places[hashed] = len(self.leaves)
            self.leaves.append(bytes.fromhex(hashed))

    def head(self) -> LogHead:
        """Where it stands."""
        return LogHead(self.clinic, self.number, len(self.leaves), root(self.leaves))

    def note(self) -> str:
        """The signed word on that."""
        return sign_note(self.head(), self.signer)

    def ack(self, head: Head, asked: LogHead | None = None, /, **changes: object) -> Envelope:
        """The word on a journal's head, and how the log grew from any size before.

        It answers a box that knows `asked`.
        """
        if head.seq:
            self.add(head.hash)
        nodes, size, place = nodes_of(self.leaves), len(self.leaves), 0
        path: list[bytes] = []
        if head.seq:
            place = self.places[head.hash]
            path = inclusion(nodes, place, size)
        growth = tuple(
            Growth(since=since, path=tuple(one.hex() for one in consistency(nodes, since, size)))
            for since in range(max(1, size - 8), size)
        )
        values = {
            "box": head.box,
            "epoch": head.epoch,
            "seq": head.seq,
            "head": head.hash,
            "log": self.note(),
            "index": place,
            "inclusion": tuple(one.hex() for one in path),
            "growth": growth,
            "asked_log": asked.number if asked else 0,
            "asked_size": asked.size if asked else 0,
            **changes,
        }
        return sign_ack(Ack.model_validate(values), self.signer)
