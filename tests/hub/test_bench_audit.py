from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from hub.bench.cli import app


@pytest.mark.broker
@pytest.mark.slow
def test_the_ledger_is_measured() -> None:
    """A small run of all parts gives every figure, and none that is nothing."""
    answer = CliRunner().invoke(
        app,
        ["--entries", "2000", "--leaves", "2000", "--rows", "2000", "--json"],
        catch_exceptions=False,
    )
    figures = json.loads(answer.stdout)
    for name in ("ingest_per_s", "end_to_end_per_s", "verified_per_cpu_s", "bare_sqlite_per_s"):
        assert figures[name] > 0
    assert figures["search_p95_ms"] > 0
    assert figures["inclusion_p99_ms"] > 0
