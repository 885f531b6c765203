"""Shows a person why a query is held. What it makes holds the words: for a screen, not a log."""

from __future__ import annotations

from rich.text import Text

from voiceassist.contract.verdict import Item, Verdict

REASONS = {
    "items": "something in it may identify a person",
    "empty": "nothing was heard",
    "too_long": "it is longer than the policy allows",
    "low_confidence": "speech recognition was not sure of it",
    "no_speech": "speech recognition doubts that anybody spoke",
    "language": "it may not be English",
    "characters": "it has invisible or look-alike characters",
    "follow_up": "it refers back to a turn that was held",
    "time_out": "judging it took too long",
    "error": "judging it failed",
}


def explain(verdict: Verdict) -> Text:
    """The verdict, the marked words and one line for each item, for a terminal."""
    shown = Text()
    outcome = "HELD: stays in the room" if verdict.held else "CLEARED: may leave the room"
    shown.append(outcome + "\n", style="bold red" if verdict.held else "bold green")
    for reason in verdict.reasons:
        shown.append(f"  because {REASONS.get(reason, reason)}\n")
    words = Text(verdict.text)
    for item in verdict.items:
        words.stylize("reverse", item.start, item.end)
    shown.append("\n  ").append_text(words).append("\n\n")
    for item in verdict.items:
        shown.append(_line(item, verdict.text))
    return shown


def _line(item: Item, text: str) -> str:
    place = f"{item.start}-{item.end}"
    return (
        f"  {item.kind:<10} {place:>9}  {item.score:.2f}  {item.by:<8} "
        f"{text[item.start : item.end]}\n"
    )
