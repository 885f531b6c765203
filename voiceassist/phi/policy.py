"""What the gate holds back: thresholds by kind, what is free, and its limits."""

from __future__ import annotations

from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, Field

KINDS = (
    "NAME", "LOCATION", "ADDRESS", "DATE", "AGE", "PHONE", "FAX", "EMAIL", "SSN", "MRN", "PLAN",
    "ACCOUNT", "LICENCE", "VEHICLE", "DEVICE", "URL", "IP", "BIOMETRIC", "UNIQUE_ID", "ID",
)  # fmt: skip
_DEFAULTS = MappingProxyType(dict.fromkeys(KINDS, 0.5))


class PhiPolicy(BaseModel):
    """A site's settings of the gate. What is found below its kind's threshold is free."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    thresholds: dict[str, float] = Field(default_factory=lambda: dict(_DEFAULTS))
    allow: tuple[str, ...] = ()
    drug_names: tuple[str, ...] = ()
    min_confidence: float = Field(default=0.35, ge=0, le=1)
    max_no_speech: float = Field(default=0.6, ge=0, le=1)
    languages: tuple[str, ...] = ("en",)
    timeout_s: float = Field(default=1.0, gt=0)
    max_characters: int = Field(default=2000, gt=0)

    def threshold(self, kind: str) -> float:
        """The least score at which a finding of `kind` holds; an unknown kind always does."""
        return self.thresholds.get(kind, 0.0)
