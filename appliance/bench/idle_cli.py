"""`voiceassist bench idle`."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from appliance.bench import idle as measured
from voiceassist.console import err, out, print_json


def idle(
    seconds: Annotated[float, typer.Option(min=5, help="So long each room is watched.")] = 60,
    *,
    edition: Annotated[
        Path | None, typer.Option(help="A folder of `knowledge build` that the room holds.")
    ] = None,
    profile: Annotated[str, typer.Option(help="The board.")] = "generic-x86",
    whole_only: Annotated[
        bool, typer.Option("--whole-only", help="Leave out the room without a language model.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """The real room on a virtual sound card, hearing a quiet room: CPU of one core, and memory.

    Memory is the proportional set size: what processes share is counted once.
    """
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="voiceassist-") as scratch:
        root = Path(scratch)
        with err.status("the whole room"):
            (root / "whole").mkdir()
            figures["whole"] = measured.measure(root / "whole", profile, edition, seconds)
        if not whole_only:
            with err.status("the room without its language model"):
                (root / "quotes").mkdir()
                quotes = str(measured.without_language_model(profile, root))
                figures["without_language_model"] = measured.measure(
                    root / "quotes", quotes, edition, seconds
                )
    figures["cores"] = os.cpu_count()
    if as_json:
        print_json(figures)
        return
    for name, value in figures.items():
        out.print(f"{name:24} {value}", markup=False, soft_wrap=True)
