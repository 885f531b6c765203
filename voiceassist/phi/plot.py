"""Draws what a policy trades: PHI let through against false alarms, as thresholds move.

One factor moves the thresholds of all kinds together; 1 is the policy itself. Rows are judged
once, with every finding reported, so each row has a last factor at which it is still held. Pure,
but for `write_plot`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from voiceassist.contract.verdict import Item
from voiceassist.errors import WrongUse
from voiceassist.phi.evaluate import Judged
from voiceassist.phi.policy import PhiPolicy

_FACTORS = tuple(step / 50 for step in range(101))  # 0 to 2: there, a usual threshold is 1
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#8a6d00")  # Okabe and Ito's
_DASHES = ("", "8 4", "3 3", "12 4 3 4", "2 5", "6 2")
_WIDTH, _LEFT, _RIGHT, _TOP, _TALL, _BETWEEN = 980, 80, 620, 96, 230, 86
_TICKS = (1, 2, 5, 10, 20, 50, 100)


@dataclass(frozen=True, slots=True)
class Curve:
    """A share of rows, in per cent, at each of the factors; `chosen` is that at 1."""

    name: str
    values: tuple[float, ...]
    chosen: float


@dataclass(frozen=True, slots=True)
class Panel:
    """Curves over the same axis."""

    title: str
    curves: tuple[Curve, ...]


def check_plot(path: Path, *, second: bool) -> None:
    """Raise `WrongUse` for what can't be drawn, before anything is measured."""
    if path.suffix != ".svg":
        raise WrongUse(f"{path} is no .svg file; name one for --plot")
    if second:
        raise WrongUse("--plot moves the room's thresholds; leave out --second")


def write_plot(path: Path, judged: Sequence[Judged], policy: PhiPolicy) -> None:
    """Draw rows judged under `every_finding(policy)`; raises `WrongUse` where it can't write."""
    try:
        path.write_text(draw(trade_off(judged, policy), len(judged)), "utf-8")
    except OSError as error:
        raise WrongUse(f"{path} can't be written ({error.strerror}); name another file") from error


def trade_off(judged: Iterable[Judged], policy: PhiPolicy) -> tuple[Panel, Panel]:
    """What is let through of PHI, and the false alarms by source."""
    queries, items = [], []
    sources: dict[str, list[float]] = {}
    for one in judged:
        last = math.inf if set(one.reasons) - {"items"} else _last_factor(one.items, policy)
        if not one.row.phi:
            sources.setdefault(one.row.source, []).append(last)
            continue
        queries.append(last)
        for span in one.row.spans:
            over = (item for item in one.items if item.start < span.end and item.end > span.start)
            items.append(_last_factor(over, policy))
    missed = {"whole questions cleared": queries, "single items not found": items}
    return (
        Panel(
            "Missed: share of questions and items with patient information",
            tuple(_curve(name, lasts, held=False) for name, lasts in missed.items() if lasts),
        ),
        Panel(
            "False alarms: share of questions without it that are held, by source",
            tuple(_curve(name, lasts, held=True) for name, lasts in sorted(sources.items())),
        ),
    )


def draw(panels: Sequence[Panel], rows: int) -> str:
    """The panels, one under the other, as an SVG document."""
    height = _TOP + len(panels) * (_TALL + _BETWEEN)
    middle = (_LEFT + _RIGHT) / 2
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" font-family="system-ui, sans-serif" font-size="14" '
        'fill="#17252a" role="img">'
    )
    parts = [
        opening,
        "<title>What the PHI gate misses and what it holds needlessly</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        _text(_LEFT, 34, "What the PHI gate misses, and what it holds needlessly", size=20),
        _text(_LEFT, 58, f"{rows:,} questions. Further left more is held, further right less."),
    ]
    for number, panel in enumerate(panels):
        parts += _panel(panel, _TOP + number * (_TALL + _BETWEEN))
    label = "factor on all thresholds (0: whatever is found holds; 1: this policy)"
    parts.append(_text(middle, height - 22, label, anchor="middle"))
    return "\n".join([*parts, "</svg>\n"])


def _panel(panel: Panel, top: int) -> list[str]:
    most = max((value for curve in panel.curves for value in curve.values), default=1.0)
    limit = next((tick for tick in _TICKS if tick >= most), 100)
    bottom = top + _TALL

    def place(factor: float, percent: float) -> tuple[float, float]:
        wide = (_RIGHT - _LEFT) * factor / _FACTORS[-1]
        return round(_LEFT + wide, 1), round(bottom - _TALL * percent / limit, 1)

    parts = [_text(_LEFT, top - 10, panel.title, size=15)]
    for quarter in range(5):
        percent = limit * quarter / 4
        _, y = place(0, percent)
        parts.append(f'<path d="M{_LEFT} {y}H{_RIGHT}" stroke="#dce3e3"/>')
        parts.append(_text(_LEFT - 8, y + 5, f"{percent:g}%", anchor="end"))
        x, _ = place(quarter / 2, 0)
        parts.append(_text(x, bottom + 20, f"{quarter / 2:g}", anchor="middle"))
    x, _ = place(1, 0)
    parts.append(f'<path d="M{x} {top}V{bottom}" stroke="#17252a" stroke-dasharray="4 4"/>')
    parts.append(_text(_RIGHT + 24, top + 8, "with this policy:"))
    parts.append(_text(x + 6, top + 14, "this policy"))
    for number, curve in enumerate(panel.curves):
        colour, dash = _COLOURS[number % len(_COLOURS)], _DASHES[number % len(_DASHES)]
        points = [place(*point) for point in zip(_FACTORS, curve.values, strict=True)]
        path = "M" + "L".join(f"{x} {y}" for x, y in points)
        style = f'stroke="{colour}" stroke-width="2.5" stroke-dasharray="{dash}" fill="none"'
        _, dot = place(1, curve.chosen)
        line = top + 36 + 26 * number
        parts += [
            f'<path d="{path}" {style}/>',
            f'<circle cx="{x}" cy="{dot}" r="5" fill="{colour}" stroke="#fff"/>',
            f'<path d="M{_RIGHT + 24} {line - 5}h34" {style}/>',
            _text(_RIGHT + 68, line, f"{curve.chosen:.1f}%  {curve.name}"),
        ]
    return parts


def _last_factor(items: Iterable[Item], policy: PhiPolicy) -> float:
    """The highest factor at which one of the items still holds; below 0 for none."""
    thresholds = ((item.score, policy.threshold(item.kind)) for item in items)
    return max((score / least if least else math.inf for score, least in thresholds), default=-1.0)


def _curve(name: str, lasts: Sequence[float], *, held: bool) -> Curve:
    def percent(factor: float) -> float:
        return 100 * sum((last >= factor) == held for last in lasts) / len(lasts)

    return Curve(f"{name} ({len(lasts):,})", tuple(map(percent, _FACTORS)), percent(1))


def _text(x: float, y: float, words: str, *, size: int = 14, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}">{escape(words)}</text>'
