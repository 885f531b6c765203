"""What a search may find: by specialty, by a day, and whether superseded documents count."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voiceassist.knowledge.documents.model import Info
from voiceassist.knowledge.search.vectors import Mask


@dataclass(frozen=True, slots=True)
class Filters:
    """Filters apply inside the search, so the best of what is allowed is found.

    `specialty` is compared without case. On the day `on`, what takes effect later is not found;
    documents without a date always are. What another document supersedes is found only where
    `superseded` says so.
    """

    specialty: str = ""
    on: dt.date | None = None
    superseded: bool = False

    def allow(self, info: Info) -> bool:
        """Whether a document of which `info` is known may be found."""
        specialty = self.specialty.strip().casefold()
        return (
            (self.superseded or not info.superseded_by)
            and (not specialty or info.specialty.strip().casefold() == specialty)
            and (self.on is None or info.effective is None or info.effective <= self.on)
        )


def mask(
    filters: Filters, infos: Sequence[Info], document_of: npt.NDArray[np.int32]
) -> Mask | None:
    """Which passages may be found, by number; None where all may.

    `document_of` gives for each passage's number the place of its document in `infos`.
    """
    allowed = np.array([filters.allow(info) for info in infos], dtype=np.bool_)
    return None if allowed.all() else allowed[document_of]
