"""The hub's part of `voiceassist bench`: a command each."""

from __future__ import annotations

import typer

from hub.bench.audit import audit
from hub.bench.load import hub

app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
app.command()(audit)

load = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
load.command()(hub)
