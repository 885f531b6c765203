"""The room's figures for Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from appliance.turn import TurnRecord

_SECONDS = (0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 10.0)


class Metrics:
    """Counts turns and times their stages."""

    def __init__(self, owed: Callable[[], int], edition: Callable[[], int]) -> None:
        self.registry = CollectorRegistry()
        self._turns = Counter(
            "voiceassist_turns", "Turns by route", ["route", "held"], registry=self.registry
        )
        self._stages = Histogram(
            "voiceassist_stage_seconds", "Where a turn's time went", ["stage"],
            buckets=_SECONDS, registry=self.registry,
        )  # fmt: skip
        self._first = Histogram(
            "voiceassist_first_audio_seconds", "End of speech to the first sound",
            buckets=_SECONDS, registry=self.registry,
        )  # fmt: skip
        self._failures = Counter(
            "voiceassist_failed_turns", "Turns that failed, by error", ["error"],
            registry=self.registry,
        )  # fmt: skip
        self._deaf = Gauge(
            "voiceassist_deaf", "1 while the room does not hear", registry=self.registry
        )
        Gauge(
            "voiceassist_owed_entries", "Entries that the hub has not acknowledged",
            registry=self.registry,
        ).set_function(owed)  # fmt: skip
        Gauge("voiceassist_edition", "The library's edition", registry=self.registry).set_function(
            edition
        )

    def turn(self, record: TurnRecord) -> None:
        """A turn is over."""
        self._turns.labels(record.route, str(record.verdict.held).lower()).inc()
        for stage, milliseconds in record.timings.items():
            self._stages.labels(stage).observe(milliseconds / 1000)
        if record.speech_end_to_first_audio is not None:
            self._first.observe(record.speech_end_to_first_audio / 1000)

    def deaf(self, now: bool) -> None:  # noqa: FBT001 - a gauge's one value
        """Whether the room hears."""
        self._deaf.set(now)

    def failure(self, code: str) -> None:
        """A turn failed."""
        self._failures.labels(code).inc()
