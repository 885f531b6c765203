from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from typer.testing import CliRunner

from appliance.bench.cli import app
from appliance.bench.editions import edited, word

LIBRARY = Path(__file__).parents[2] / "demo" / "library"
TEXT = "# Gout\n\nA paragraph of more than twelve words tells what gout is and does.\n\nShort.\n"


def test_an_edit_changes_little_and_can_be_asked_for() -> None:
    """An edited document keeps all its words and gains one that nothing else has."""
    text, question = edited(TEXT, 7, random.Random(1))
    assert word(7) in question
    assert word(7) not in edited(TEXT, 8, random.Random(1))[0]
    assert set(TEXT.split()) <= set(text.split())
    assert 0 < len(text) - len(TEXT) < 100
    assert word(7) in edited("# Only a heading\n", 7, random.Random(1))[0]


@pytest.mark.slow
@pytest.mark.weights
@pytest.mark.broker
@pytest.mark.timeout(300)
def test_the_bench_measures_a_clinic(tmp_path: Path) -> None:
    """From documents to figures: a hub, a broker and rooms of their own, gone afterwards."""
    for path in sorted(LIBRARY.rglob("*.md"))[:4]:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    few = ["--installs", "1", "--publishes", "2", "--rooms", "4", "--whole-rooms", "2"]
    done = CliRunner().invoke(app, ["editions", "--library", str(tmp_path), "--json", *few])
    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout)
    full, unchanged = (figures["synchronise"][name]["bytes"] for name in ("full", "unchanged"))
    assert 0 < unchanged < 2048 < full
    assert figures["converge"]["arrived"] == 4
    assert figures["converge_with_databases"]["arrived"] == 2
    assert figures["publish_to_searchable"]["from_publish_s"]["n"] == 2
