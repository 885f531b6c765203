"""The hub's part of `voiceassist bench`."""

from __future__ import annotations

import typer

from hub.bench.audit import audit

app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
app.command()(audit)
