"""The hub's own verdicts: on what a room wants to send out, on what is typed here (law 1).

Law: words are cleared only by a judge that answered in time, about these very words; whatever
else becomes of it holds them. The room's verdict is not an argument: a room that errs, or lies,
changes nothing here.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from hub.phi.ports import Judge
from voiceassist.contract.speech import Transcript
from voiceassist.contract.verdict import Cleared, Held, Item, Verdict
from voiceassist.errors import Unavailable, VoiceAssistError

log = logging.getLogger(__name__)

_TIMEOUT_S = 5.0  # the gate's own time-out is a second; loading it takes a few
_MOST_HUNG = 4


class SecondJudge:
    """Judges words; thread-safe. `make` loads models, so it is called at first use."""

    def __init__(self, make: Callable[[], Judge], *, timeout_s: float = _TIMEOUT_S) -> None:
        self._make = make
        self._timeout_s = timeout_s
        self._judge: Judge | None = None
        self._loading = threading.Lock()
        self._lock = threading.Lock()
        self._hung: list[threading.Thread] = []
        self.problem = "the second PHI judge is not loaded yet; wait a moment"

    def judge(self, text: str) -> Verdict:
        """Cleared or Held, whatever the room said. Never raises, never hangs."""
        return self.judge_heard(Transcript(text=text, confidence=1.0))

    def judge_heard(self, heard: Transcript, *, previous: Verdict | None = None) -> Verdict:
        """As `judge`, by what recognition said of the words too, and by the turn before."""
        text = heard.text
        result: list[Verdict] = []
        thread = threading.Thread(
            target=lambda: result.append(self._verdict(heard, previous)), name="judge", daemon=True
        )
        if not self._has_room():
            return Held(text, reasons=("time_out",))
        thread.start()
        thread.join(self._timeout_s)
        if result:
            return result[0]
        with self._lock:
            self._hung.append(thread)
        return Held(text, reasons=("time_out",))

    def warm_up(self) -> None:
        """Load the judge now, so that no query waits for it; raises `Unavailable`."""
        self._loaded()

    def _has_room(self) -> bool:
        """Whether one more may start: those that hang are left behind, but not without end."""
        with self._lock:
            self._hung = [one for one in self._hung if one.is_alive()]
            return len(self._hung) < _MOST_HUNG

    def _verdict(self, heard: Transcript, previous: Verdict | None) -> Verdict:
        text = heard.text
        try:
            verdict: object = self._loaded().judge(heard, previous=previous)
        except Unavailable:
            return Held(text, reasons=("unavailable",))
        except Exception as error:  # noqa: BLE001 - whatever goes wrong holds (law 1)
            # the type alone: a library's message may repeat the words
            log.error("the second judge failed: %s", type(error).__name__)  # noqa: TRY400 - (likewise)
            return Held(text, reasons=("error",))
        if isinstance(verdict, Cleared) and verdict.text == text:
            return verdict
        if isinstance(verdict, Held) and all(isinstance(one, Item) for one in verdict.items):
            return verdict
        return Held(text, reasons=("error",))

    def _loaded(self) -> Judge:
        with self._loading:
            if self._judge is None:
                try:
                    self._judge = self._make()
                except Exception as error:
                    why = (
                        str(error) if isinstance(error, VoiceAssistError) else type(error).__name__
                    )
                    self.problem = (
                        f"the second PHI judge can't be loaded ({why}), so nothing is sent to the "
                        "cloud; reinstall voiceassist on the hub"
                    )
                    raise Unavailable(self.problem) from error
                self.problem = ""
            return self._judge
