from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
MAP = (ROOT / "docs" / "security.md").read_text()


def test_every_test_that_the_map_names_is_there() -> None:
    """A requirement that a test once met is not claimed after the test is gone."""
    named = set(re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", MAP))
    assert len(named) > 80
    for file, test in sorted(named):
        if file.startswith("hub/"):
            assert (ROOT / file).is_file(), file
            continue
        path = ROOT / file if "/" in file else ROOT / "tests" / "hub" / file
        assert path.is_file(), file
        assert not test or re.search(rf"def {test}\b", path.read_text()), f"{file}::{test}"


def test_the_counts_are_those_of_the_rows() -> None:
    """What is not met at all is told at the top, and nothing else is."""
    rows = re.findall(r"^\| ([\d.]+) \| \d \| not met", MAP, re.MULTILINE)
    told = re.search(r"not at all \(([\d., ]+)\)", MAP)
    assert told is not None
    assert sorted(rows) == sorted(told.group(1).split(", "))
