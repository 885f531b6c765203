"""The PHI gate: judges what was heard, and alone makes a `Cleared` (law 1).

Law: a query is cleared only when every recogniser looked at both its forms, in time and
without an error, and found nothing above its threshold. Everything else is held.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Protocol

from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Cleared, GateSeal, Held, Item, Verdict
from voiceassist.phi.normalise import Normalised, normalise
from voiceassist.phi.policy import PhiPolicy
from voiceassist.phi.screen import reasons_to_hold

_SEAL = GateSeal()
_MOST_HUNG = 4


class Finder(Protocol):
    """Finds items in one form of a text."""

    def items(self, text: str) -> Iterable[Item]:
        """Items at places in `text`."""


class Gate:
    """Judges transcripts. Thread-safe; never raises, never takes longer than its time-out.

    Args:
        policy: thresholds and limits.
        heard: looks at the text as it was recognised.
        spoken: looks at its canonical form.
        free: whether a found stretch (lower case) is on a list of what is free.
    """

    def __init__(
        self,
        policy: PhiPolicy,
        heard: Finder,
        spoken: Finder,
        free: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._policy = policy
        self._heard = heard
        self._spoken = spoken
        self._free = free
        self._hung: list[threading.Thread] = []

    def judge(self, transcript: Transcript, *, previous: Verdict | None = None) -> Verdict:
        """`Cleared` or `Held`; `previous` is the verdict on the turn before."""
        try:
            reasons = reasons_to_hold(transcript, previous, self._policy)
            if "empty" in reasons or "too_long" in reasons:
                return Held(transcript.text, reasons=reasons)
            found = self._in_time(transcript.text)
        except Exception:  # noqa: BLE001 - whatever goes wrong holds (law 1)
            return Held(_text_of(transcript), reasons=("error",))
        if isinstance(found, str):
            return Held(transcript.text, reasons=(*reasons, found))
        if found:
            return Held(transcript.text, items=found, reasons=("items", *reasons))
        if reasons:
            return Held(transcript.text, reasons=reasons)
        return Cleared(transcript.text, _SEAL)

    def _in_time(self, text: str) -> tuple[Item, ...] | str:
        """The items, or the code of why there are none to be had.

        The work runs in a thread of its own, which is left behind when it hangs; with too
        many left behind nothing more is started.
        """
        self._hung = [thread for thread in self._hung if thread.is_alive()]
        if len(self._hung) >= _MOST_HUNG:
            return "time_out"
        result: list[tuple[Item, ...]] = []

        def work() -> None:
            with suppress(Exception):  # no result means "error" below; the words stay unlogged
                result.append(self._items(text))

        thread = threading.Thread(target=work, name="phi-gate", daemon=True)
        thread.start()
        thread.join(self._policy.timeout_s)
        if thread.is_alive():
            self._hung.append(thread)
            return "time_out"
        return result[0] if result else "error"

    def _items(self, text: str) -> tuple[Item, ...]:
        form = normalise(text)
        found = list(self._heard.items(text))
        found += [_placed(item, form) for item in self._spoken.items(form.text)]
        kept = {
            (item.kind, item.start, item.end): item
            for item in sorted(found, key=lambda item: item.score)
            if item.score >= self._policy.threshold(item.kind)
            and not self._free(text[item.start : item.end].lower().strip(" .,?!"))
        }
        return tuple(sorted(kept.values(), key=lambda item: (item.start, item.end, item.kind)))


def _placed(item: Item, form: Normalised) -> Item:
    start, end = form.place(item.start, item.end)
    return Item(item.kind, start, end, item.score, item.by)


def _text_of(transcript: object) -> str:
    text = getattr(transcript, "text", "")
    return text if isinstance(text, str) else ""
