"""`voiceassist bench hub`: how many read at once, and how a clinic's fifty people fare together."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.bench.people import Figures, crowd, rate, spoken
from hub.bench.site import Site, running
from hub.indexing import engines_of
from hub.voice.speech import EngineSpeech
from voiceassist.console import err, out, print_json

_ROUNDS, _ROUND_S = 5, 4.0
_READ = "/api/v1/auth/me"
_SETTLE_S = 30.0
_KINDS = ("search", "chat", "voice")


def hub(
    *,
    library: Annotated[Path, typer.Option(help="A folder of documents.")] = Path("demo/library"),
    people: Annotated[int, typer.Option(min=10, help="How many use it at once.")] = 50,
    minutes: Annotated[float, typer.Option(min=0.1, help="For how long.")] = 5.0,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Measure a real hub over TLS, beside a bare route on the same server and machine."""
    with tempfile.TemporaryDirectory(prefix="bench-hub-") as root:
        err.print("making a hub with its library and people", markup=False)
        speech = EngineSpeech(lambda: engines_of("generic-x86", None))
        question = spoken(speech)
        speech.close()
        with running(Path(root), library, people) as site:
            report = asyncio.run(_measure(site, question, minutes * 60))
    if as_json:
        print_json(report)
        return
    for name, value in report.items():
        out.print(f"{name:34} {value}", markup=False, highlight=False)


async def _measure(site: Site, question: bytes, seconds: float) -> dict[str, Any]:
    read, bare = [], []
    for number in range(_ROUNDS):
        err.print(f"reading, round {number + 1} of {_ROUNDS}", markup=False)
        token, tls = site.tokens[0], site.tls()
        bare.append(await rate(site.bare, "/bare", tls, token, _ROUND_S))
        read.append(await rate(site.hub, _READ, tls, token, _ROUND_S))
    err.print("people settle in", markup=False)
    await crowd(site, _SETTLE_S, question, Figures())
    before = site.resident_bytes()
    err.print(f"{len(site.tokens)} people for {seconds / 60:g} minutes", markup=False)
    figures = Figures()
    await crowd(site, seconds, question, figures)
    after = site.resident_bytes()
    shares = [one / other for one, other in zip(read, bare, strict=True)]
    return {
        "bare_requests_per_s": round(statistics.median(bare)),
        "authenticated_reads_per_s": round(statistics.median(read)),
        "share_of_bare": round(statistics.median(shares), 3),
        "people": len(site.tokens),
        "minutes": seconds / 60,
        **{name: value for kind in _KINDS for name, value in _of(kind, figures)},
        "errors": len(figures.errors),
        "first_errors": figures.errors[:3],
        "memory_before_mib": before >> 20,
        "memory_after_mib": after >> 20,
    }


def _of(kind: str, figures: Figures) -> list[tuple[str, float]]:
    seconds = figures.seconds[kind]
    if len(seconds) < 2:  # noqa: PLR2004 - quantiles want two
        return [(f"{kind}_done", len(seconds))]
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return [
        (f"{kind}_done", len(seconds)),
        *((f"{kind}_p{p}_ms", round(cuts[p - 1] * 1000, 1)) for p in (50, 95, 99)),
    ]
