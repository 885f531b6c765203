"""The gate over whole documents, made at first use."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from typing import Protocol

from voiceassist.contract.verdict import Item
from voiceassist.errors import WrongUse
from voiceassist.phi.policy import PhiPolicy, fingerprint

VERSION = 1  # raise it when the rules on documents change: all are then judged anew


class Judge(Protocol):
    """Finds what in a document is a patient's."""

    def items(self, text: str) -> Sequence[Item]:
        """By place; raises whatever goes wrong."""


class DocumentInspector:
    """Judges documents by a site's policy and lists. Thread-safe."""

    def __init__(self, policy: PhiPolicy) -> None:
        self._policy = policy
        self._judge: Judge | None = None
        self._lock = threading.Lock()

    def name(self) -> str:
        """SHA-256 of the rules' version, the policy and the lists."""
        return hashlib.sha256(
            f"{VERSION}\0{fingerprint(self._policy)}\0".encode() + self._lists()
        ).hexdigest()

    def inspect(self, text: str) -> Sequence[Item]:
        """What in `text` tells of a patient; raises whatever goes wrong."""
        with self._lock:
            if self._judge is None:
                from voiceassist.phi.build import (  # noqa: PLC0415 - loads the lexicon and Presidio
                    build_document_judge,
                )

                self._judge = build_document_judge(self._policy)
        return self._judge.items(text)

    def _lists(self) -> bytes:
        if self._policy.lists is None:
            return b""
        try:
            return self._policy.lists.read_bytes()
        except OSError as error:
            raise WrongUse(
                f"the lists {self._policy.lists} can't be read ({error.strerror}); put them back"
            ) from error
