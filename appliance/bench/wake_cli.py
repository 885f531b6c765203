"""`voiceassist bench wake`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from appliance.bench import wake as measured
from voiceassist.console import err, out, print_json
from voiceassist.engines.profile import load_profile
from voiceassist.engines.registry import Engines
from voiceassist.engines.store import default_store
from voiceassist.errors import WrongUse

_Sound = Annotated[
    list[Path], typer.Option(help="Folders of recordings, .npz of clips, .npy of one long one.")
]


def wake(
    calls: _Sound = [],  # noqa: B006 - Typer's way to say none
    talk: _Sound = [],  # noqa: B006 - (likewise)
    *,
    profile: Annotated[str, typer.Option(help="The board.")] = "generic-x86",
    seed: Annotated[int, typer.Option(help="Of the noise.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Calls missed, clean and at 10 dB of noise, and false accepts in talk that holds no call."""
    if not (calls or talk):
        raise WrongUse("nothing to hear; name recordings with --calls, --talk or both")
    engines = Engines(load_profile(profile), default_store())
    figures: dict[str, Any] = {}
    with err.status("listening"):
        if calls:
            spoken = [clip for path in calls for clip in measured.clips(path)]
            figures["false_rejects"] = measured.false_rejects(engines.wake, spoken, seed)
        if talk:
            heard = [clip for path in talk for clip in measured.clips(path)]
            figures["false_accepts"] = measured.false_accepts(engines.wake, heard)
    figures["load_average"] = round(os.getloadavg()[0], 1)
    if as_json:
        print_json(figures)
        return
    for name, value in figures.items():
        out.print(f"{name:16} {value}", markup=False, soft_wrap=True)
