"""Shows a person what `voiceassist phi eval` measured."""

from __future__ import annotations

from rich.table import Table

from voiceassist.phi.evaluate import Report, Share


def as_table(report: Report) -> Table:
    """The figures, for a terminal."""
    table = Table("what", "count", "of", "share")

    def row(name: str, share: Share) -> None:
        table.add_row(name, str(share.count), str(share.total), f"{share.share:.2%}")

    def group(name: str, whole: Share, parts: dict[str, Share]) -> None:
        row(name, whole)
        for part, share in parts.items():
            row(f"  {part}", share)

    group("queries held", report.held, report.held_by_kind)
    row("  for the right reason", report.right_reason)
    row("  every item found", report.every_item)
    group("items found", report.items_found, report.by_kind)
    group("false alarms", report.false_alarms, report.by_source)
    table.add_section()
    wall, cpu = (report.p50_ms, report.p95_ms, report.p99_ms), (
        report.cpu_p50_ms, report.cpu_p95_ms, report.cpu_p99_ms,
    )  # fmt: skip
    for name, times in (("wall clock", wall), ("CPU", cpu)):
        shown = " / ".join(f"{one:.1f}" for one in times)
        table.add_row(f"{name} p50 / p95 / p99 ms", shown, str(report.timed), "")
    machine = report.machine
    table.add_row("load average at the start", f"{machine.load_average}", f"{machine.cores}", "")
    table.add_row("peak memory MB", f"{machine.peak_mb}", "", "")
    table.add_section()
    if report.unaligned.count:
        named = " ".join(report.unaligned.ids)
        table.add_row("items without a known place", str(report.unaligned.count), "", named)
    for reason, rows in report.left_out.items():
        table.add_row(f"left out: {reason}", str(rows.count), "", " ".join(rows.ids[:3]))
    return table
