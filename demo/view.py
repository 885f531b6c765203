"""What a person sees: one live line while something goes on, and a card for each turn.

On a terminal the line moves; elsewhere each step is a plain line. With `--json` standard
output carries one JSON document a turn and one at the end, and nothing else.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator, Sequence
from typing import Literal, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from demo.outcome import Outcome, Row
from voiceassist.console import print_json

_BAR = 30
_COLOURS = ("cyan", "magenta", "yellow", "green", "blue", "red")
_WHYS = {
    "cleared": "the room answers, and the hub may add to it",
    "held": "the room answers alone",
    "policy": "the room answers alone, as its settings say",
    "offline": "the room answers alone, since the hub is away",
    "unrecorded": "it could not be recorded",
    "empty": "no words were understood",
}
Mark = Literal["ok", "bad", "note"]
_MARKS = {"ok": ("✓", "green"), "bad": ("✗", "bold red"), "note": ("·", "yellow")}


class View:
    """Draws on one console; `live` where that is a terminal."""

    def __init__(self, console: Console, *, as_json: bool) -> None:
        self._console = console
        self._json = as_json
        self._live: Live | None = None
        self._spinner = Spinner("dots", style="cyan")

    def __enter__(self) -> Self:
        """Begin the live line, on a terminal."""
        if self._console.is_terminal:
            self._live = Live(console=self._console, transient=True, refresh_per_second=10)
            self._live.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """End it."""
        if self._live:
            self._live.stop()

    def heading(self, text: str) -> None:
        """A new part begins."""
        self._console.print(f"\n[bold]{text}[/bold]")

    def say(self, text: str, mark: Mark = "note") -> None:
        """One finished line."""
        sign, style = _MARKS[mark]
        self._console.print(Text(f"  {sign} ", style).append(text, "default"), soft_wrap=True)

    def now(self, text: str) -> None:
        """What goes on this moment; shown only where the line can move."""
        if self._live:
            self._spinner.update(text=Text(text))
            self._live.update(self._spinner)

    @contextlib.contextmanager
    def step(self, text: str) -> Iterator[None]:
        """A step of the set-up: shown while it runs, and with its seconds once done."""
        start = time.monotonic()
        self.now(text)
        yield
        self.now("")
        self.say(f"{text}  ({time.monotonic() - start:.1f} s)", "ok")

    def turn(self, number: str, row: Row | None, outcome: Outcome) -> None:
        """One finished turn."""
        if self._json:
            print_json({**outcome.model_dump(mode="json"), "recording": row.file if row else None})
        self._console.print(card(number, row, outcome, bar=self._console.is_terminal))

    def result(self, summary: dict[str, object]) -> None:
        """The end, for a program."""
        if self._json:
            print_json(summary)


def card(number: str, row: Row | None, outcome: Outcome, *, bar: bool = True) -> RenderableType:
    """A turn as a person reads it: heard, verdict, route, sources, answer, time."""
    head = Text(f"\n{number} ", "bold").append(row.file if row else outcome.turn_id, "bold")
    if row and row.voice:
        head.append(f"  voice {row.voice}", "dim")
    lines = Table.grid(padding=(0, 1))
    lines.add_column(justify="right", style="dim", min_width=9)
    lines.add_column(overflow="fold")
    lines.add_row("heard", heard(outcome))
    lines.add_row("verdict", verdict(outcome))
    lines.add_row("route", route(outcome))
    for source in dict.fromkeys(f"{s.title}, {s.place} (v{s.version})" for s in outcome.sources):
        lines.add_row("source", Text(source))
    for sentence in outcome.sentences:
        lines.add_row("answer", Text(sentence, "bold"))
    lines.add_row("time", times(outcome, bar=bar))
    return Group(head, lines)


def heard(outcome: Outcome) -> Text:
    """What was said, with what the gate marked."""
    if not outcome.heard:
        return Text("nothing" if outcome.woke else "the wake word was not heard", "dim")
    text = Text(outcome.heard)
    for item in outcome.verdict.items:
        text.stylize("black on yellow", item.start, item.end)
    return text


def verdict(outcome: Outcome) -> Text:
    """Held or cleared, and why."""
    judged = outcome.verdict
    if not judged.held:
        return Text("cleared", "green").append(": nothing in it identifies a person", "dim")
    text = Text("held", "bold yellow").append(": it stays in this room", "dim")
    for item in judged.items:
        text.append(f"\n{item.kind.lower()} “{outcome.words_of(item)}” ", "yellow")
        text.append(f"{item.score:.2f} by {item.by}", "dim")
    others = [reason for reason in judged.reasons if reason != "items"]
    if others:
        text.append("\n" + ", ".join(reason.replace("_", " ") for reason in others), "yellow")
    return text


def route(outcome: Outcome) -> Text:
    """Who answered, and why."""
    why = _WHYS.get(outcome.why, outcome.why.replace("_", " "))
    return Text(outcome.route, "bold").append(f": {why}" if why else "", "dim")


def times(outcome: Outcome, *, bar: bool) -> Text:
    """Where the time went: the stages' names and seconds, behind a bar in their proportions."""
    text = Text()
    if outcome.speech_end_to_first_audio is not None:
        text.append(f"{outcome.speech_end_to_first_audio / 1000:.2f} s to the first sound  ")
    stages = [(name, ms) for name, ms in outcome.timings.items() if ms > 0]
    widths = shares([ms for _, ms in stages], _BAR if bar else 0)
    for at, width in enumerate(widths):
        text.append("█" * width, _COLOURS[at % len(_COLOURS)])
    for at, (name, ms) in enumerate(stages):
        text.append(f"  {name} ", _COLOURS[at % len(_COLOURS)]).append(f"{ms / 1000:.2f}", "dim")
    return text


def shares(amounts: Sequence[float], width: int) -> list[int]:
    """`width` cells split in proportion to `amounts`; they sum to `width` unless all are 0."""
    total = sum(amounts)
    if total <= 0:
        return [0 for _ in amounts]
    edges = [0.0]
    for amount in amounts:
        edges.append(edges[-1] + amount)
    cells = [round(edge / total * width) for edge in edges]
    return [b - a for a, b in itertools.pairwise(cells)]
