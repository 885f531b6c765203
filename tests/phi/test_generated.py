"""Queries made up without regard to the rules: identifiers are found, look-alikes mostly not."""

from __future__ import annotations

import pytest

from voiceassist.phi.kinds_cli import missed, places
from voiceassist.phi.synthetic import KINDS, negatives, rows

SEED = 2
EACH = 60
MOST_ALARMS = 0.01


@pytest.mark.parametrize("kind", KINDS)
def test_no_made_up_identifier_is_missed(kind: str) -> None:
    """Written, said, misheard or taken back, each identifier is found where it stands."""
    assert missed(kind, EACH, SEED) == ([], [])


def test_look_alikes_are_free() -> None:
    """Doses, values, genes, codes, scores and the like hold hardly a query."""
    held = [text for _, text in negatives(600, SEED) if places(text)]
    assert len(held) <= 600 * MOST_ALARMS, held


def test_rows_are_the_same_every_time_and_mark_their_identifier() -> None:
    """A seed stands for its rows, half of them written, and each says where its item stands."""
    first, again = (list(rows("mrn", 40, SEED)) for _ in range(2))
    assert first == again
    assert sum(row.style == "written" for row in first) == 20
    assert all(any(map(str.isalnum, row.text[row.start : row.end])) for row in first)
    assert first != list(rows("mrn", 40, SEED + 1))
