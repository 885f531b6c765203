"""The hub's signed words: on its log, and to a room on what it has taken."""

from __future__ import annotations

from hub.audit.intake import Batch
from hub.audit.store import LogWriter
from voiceassist.contract.ledger import Ack, Clock, Growth, Head, sign_ack
from voiceassist.contract.merkle import consistency, inclusion
from voiceassist.contract.note import LogHead, sign_note
from voiceassist.contract.signing import Envelope, Signer


class Notary:
    """Signs for the log of `clinic`."""

    def __init__(self, clinic: str, signer: Signer, clock: Clock) -> None:
        self._clinic = clinic
        self._signer = signer
        self._clock = clock
        self._acked: dict[str, int] = {}  # the size of the log that each room was told last

    def seal(self, writer: LogWriter) -> LogHead:
        """Sign the log as the transaction leaves it, where that is new; where it stands."""
        size = writer.size()
        head = LogHead(self._clinic, self._number(writer), size, writer.tree.root(size))
        newest = writer.words.newest()
        if newest is None or (newest.number, newest.size) != (head.number, size):
            note = sign_note(head, self._signer)
            writer.words.keep(head, note, self._signer.public_pem, self._clock.wall_ms())
        return head

    def begin_anew(self, writer: LogWriter) -> int:
        """Begin a new log behind what the hub has; its number."""
        now_s = self._clock.wall_ms() // 1000
        number = max(now_s, (writer.words.number() or 0) + 1)
        writer.words.begin(number, writer.size())
        return number

    def rewound(self, writer: LogWriter, batch: Batch) -> bool:
        """Whether the box was told of a longer log than the hub has, or of a later one."""
        told, number = batch.message, self._number(writer)
        return told.log > number or (told.log == number and told.seen > writer.size())

    def ack(
        self, writer: LogWriter, head: Head, batch: Batch, log: LogHead, wait_s: float
    ) -> Envelope:
        """The word on how far a journal is in the log, with the proofs of it."""
        place = writer.place(head) if head.seq else 0
        node, message = writer.tree.node, batch.message
        known = {self._acked.get(head.box, 0)}
        if message.log == log.number:
            known.add(message.seen)
        growth = tuple(
            Growth(since=since, path=tuple(one.hex() for one in consistency(node, since, log.size)))
            for since in sorted(known)
            if 0 < since < log.size
        )
        path = inclusion(node, place, log.size) if head.seq else []
        newest = writer.words.newest()
        assert newest is not None  # noqa: S101 - `seal` has kept one
        ack = Ack(
            box=head.box, epoch=head.epoch, seq=head.seq, head=head.hash, log=newest.note,
            index=place, inclusion=tuple(one.hex() for one in path), growth=growth,
            wait_ms=int(wait_s * 1000), asked_log=message.log, asked_size=message.seen,
        )  # fmt: skip
        return sign_ack(ack, self._signer)

    def acked(self, room: str, log: LogHead) -> None:
        """A room was told of the log; only once that is on the disk."""
        self._acked[room] = log.size

    def _number(self, writer: LogWriter) -> int:
        number = writer.words.number()
        if number is None:
            return self.begin_anew(writer)
        return number
