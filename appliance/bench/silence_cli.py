"""`voiceassist bench silence`."""

from __future__ import annotations

import os
from contextlib import closing
from typing import Annotated, Any

import typer

from appliance.adapters.hearing import Ear
from appliance.adapters.sound.echo import make_echo
from appliance.bench import silence as measured
from voiceassist.console import err, out, print_json
from voiceassist.engines.profile import load_profile
from voiceassist.engines.registry import Engines
from voiceassist.engines.store import default_store

_SAYS = (
    "The usual adult dose of ibuprofen is two hundred to four hundred milligrams every six hours.",
    "Red flags in back pain are fever, weight loss, weak legs, and trouble with the bladder.",
    "That is from the clinic's guide on acute asthma, section four.",
    "Give oxygen to keep the saturation between ninety four and ninety eight percent.",
    "Iron deficiency is confirmed by a ferritin below thirty micrograms per litre.",
    "I found nothing about that in the clinic's library.",
)


def silence(
    minutes: Annotated[float, typer.Option(min=0, help="Of noises.")] = 60,
    own: Annotated[float, typer.Option(min=0.5, help="Minutes of the room's own speech.")] = 20,
    seed: Annotated[int, typer.Option(help="Of noises and echo.")] = 1,
    *,
    profile: Annotated[str, typer.Option(help="The board.")] = "generic-x86",
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Calls, transcripts and interruptions where nobody speaks: noises, and the room's own echo."""
    board = load_profile(profile)
    with err.status("loading"):
        engines = Engines(board, default_store())
        voice, ear, vad = engines.tts(), Ear(engines.stt()), engines.vad()
    figures: dict[str, Any] = {}
    with closing(voice), closing(ear):
        with err.status("noises"):
            figures |= measured.listen(minutes, seed, vad, engines.wake, ear)
        with err.status("own speech"):
            echo = make_echo(board.audio)
            figures |= measured.overhear(_SAYS, own, voice, echo, vad, ear, seed)
    figures |= {"cores": os.cpu_count(), "load_average": round(os.getloadavg()[0], 1)}
    if as_json:
        print_json(figures)
        return
    for name, value in figures.items():
        out.print(f"{name:28} {value}", markup=False)
