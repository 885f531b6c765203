"""What is reported on was never tuned on."""

from __future__ import annotations

import pytest

from voiceassist.phi.split import group, is_reported, only

QUERY = {"id": "asq-12", "text": "is it safe for Ann S.", "spans": [{"start": 15, "end": 21}]}
ITEM = {"id": "asq-12-3", "text": "is it safe for the patient on May 3", "label": "DATE"}


def test_a_query_and_its_items_stay_together() -> None:
    """The rows that were made of one query have one group, whatever their words."""
    assert group(QUERY) == group(ITEM) == "asq-12"


@pytest.mark.parametrize(
    "texts",
    [
        ("What is Paget's Disease ?", "What are the treatments for Paget's Disease ?"),
        ("how is gout treated in adults", "How is gout treated in adults?"),
    ],
)
def test_questions_on_one_topic_stay_together(texts: tuple[str, str]) -> None:
    """Two questions that differ in their frame only are of one group."""
    assert group({"id": "a", "text": texts[0]}) == group({"id": "b", "text": texts[1]})


def test_a_hard_negative_is_known_by_its_words_in_every_file() -> None:
    """The same text under another id falls on the same side, recognised from speech, too."""
    text = "Management of gout in a 60-year-old male?"
    ids = [{"id": "asq-5", "spans": []}, {"id": "neg-9", "src": "asq-phi-hardneg"}]
    assert len({group({**one, "text": text}) for one in ids}) == 1
    said = {"id": "neg-9", "text": "Management, a gout", "said": text.lower().rstrip("?")}
    assert group(said) == group({"id": "asq-5", "text": text})


def test_the_parts_are_whole_and_apart() -> None:
    """Every row is in one part, a quarter or so of the groups in the one to report on."""
    rows = [{"id": f"asq-{n}", "label": "NAME", "text": ""} for n in range(400)]
    reported = list(only(rows, "report"))
    assert list(only(rows, "all")) == rows
    assert [row for row in rows if row not in reported] == list(only(rows, "tune"))
    assert all(map(is_reported, reported))
    assert 60 < len(reported) < 140
