"""The command `voiceassist bench editions`."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from appliance.bench.clinic import Clinic
from appliance.bench.editions import Bench, measure, texts_of
from appliance.bench.fleet import BenchRoom
from voiceassist.console import err, out, print_json
from voiceassist.engines.profile import load_profile
from voiceassist.engines.registry import Engines
from voiceassist.engines.store import default_store

_ENROLLED = 3


def editions(
    library: Annotated[Path, typer.Option(help="Documents; Markdown and text among them change.")],
    *,
    installs: Annotated[int, typer.Option(min=1, help="Swaps under questions.")] = 20,
    publishes: Annotated[int, typer.Option(min=1, help="Publishes until found.")] = 30,
    rooms: Annotated[int, typer.Option(min=1, help="Rooms without a database.")] = 500,
    whole_rooms: Annotated[int, typer.Option(min=1, help="Rooms with their databases.")] = 20,
    profile: Annotated[str, typer.Option(help="The board.")] = "generic-x86",
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Bytes synchronised, publish to searchable, convergence, and questions while editions swap.

    Starts a hub and a broker of its own; 542 documents take some minutes to be indexed.
    """
    with tempfile.TemporaryDirectory(prefix="voiceassist-") as folder:
        scratch = Path(folder)
        with err.status("setting up a clinic and indexing its documents"):
            clinic = Clinic(scratch, profile, library)
        with clinic, err.status("measuring"):
            figures = _measured(clinic, scratch, library, profile, {
                "installs": installs, "publishes": publishes,
                "rooms": rooms, "whole_rooms": whole_rooms,
            })  # fmt: skip
    if as_json:
        print_json(figures)
        return
    for name, value in figures.items():
        out.print(f"{name:24} {value}", markup=False, soft_wrap=True)


def _measured(
    clinic: Clinic, scratch: Path, library: Path, profile: str, wanted: dict[str, int]
) -> dict[str, Any]:
    names = clinic.names()
    identities = [clinic.enrol(f"room-{number}") for number in range(_ENROLLED)]
    embedder = Engines(load_profile(profile), default_store()).embedder()
    room = BenchRoom(identities[0], scratch / "room", embedder)
    share = max(1, round(len(names) / 100))
    texts = texts_of(library, names)
    bench = Bench(clinic, texts, identities, room, embedder, scratch, share=share)
    try:
        figures = measure(bench, **wanted)
    finally:
        room.close()
    return {
        "documents": len(names),
        "one_percent": share,
        "indexing_s": round(clinic.indexing_s, 1),
        "cores": os.cpu_count(),
        **figures,
    }
