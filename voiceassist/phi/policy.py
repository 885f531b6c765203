"""What the gate holds back: thresholds by kind, what is free, and its limits.

Law: a policy that protects less than the shipped one is used only with an `override` that says
who took that on, and only once the audit trail has it (law 3).
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Protocol

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from voiceassist.contract.canonical import Json
from voiceassist.errors import WrongUse
from voiceassist.phi.lexicon import Lexicon, WordKind, load_lexicon
from voiceassist.phi.recognisers.vocabulary import FREE_EPONYMS, HEADS
from voiceassist.phi.tokens import plain

KINDS = (
    "NAME", "LOCATION", "ADDRESS", "DATE", "AGE", "PHONE", "FAX", "EMAIL", "SSN", "MRN", "PLAN",
    "ACCOUNT", "LICENCE", "VEHICLE", "DEVICE", "URL", "IP", "BIOMETRIC", "UNIQUE_ID", "ID",
)  # fmt: skip
LOWERED = "policy.lowered"  # the action of the entry that an override in force leaves
_DEFAULTS = MappingProxyType(dict.fromkeys(KINDS, 0.5))
_PEOPLE = WordKind.GIVEN | WordKind.TOP_GIVEN | WordKind.SURNAME | WordKind.RARE_SURNAME
_ORDINARY = WordKind.COMMON | WordKind.MEDICAL
_CODE_DIGITS = 4  # "b12" and "covid 19" are words; a longer number may be somebody's


class Override(BaseModel):
    """Who answers for a policy that protects less, and why.

    `by` is an account's id or an address: it becomes the actor of an audit entry, so it is no
    free text. `reason` is for whoever reads the settings; it is free text, so no entry has it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: Annotated[str, StringConstraints(pattern=r"^[\w.+@-]{1,64}$")]
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)] = Field(
        repr=False
    )


class PhiPolicy(BaseModel):
    """A site's settings of the gate. What is found below its kind's threshold is free.

    `allow` and `drug_names` free a found stretch that equals one of them; `lists` is a file of
    `voiceassist phi lists make`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    thresholds: dict[str, float] = Field(default_factory=lambda: dict(_DEFAULTS))
    allow: tuple[str, ...] = ()
    drug_names: tuple[str, ...] = ()
    lists: Path | None = None
    min_confidence: float = Field(default=0.35, ge=0, le=1)
    max_no_speech: float = Field(default=0.6, ge=0, le=1)
    languages: tuple[str, ...] = ("en",)
    timeout_s: float = Field(default=1.0, gt=0)
    max_characters: int = Field(default=2000, gt=0)
    override: Override | None = None

    def threshold(self, kind: str) -> float:
        """The least score at which a finding of `kind` holds; an unknown kind always does."""
        return self.thresholds.get(kind, 0.0)


class Append(Protocol):
    """Appends to an audit trail; durable on return, raises where it can't be."""

    def __call__(
        self, *, action: str, outcome: str, subject: str, actor: str, detail: dict[str, Json]
    ) -> object:
        """Append an entry."""


def lowered(policy: PhiPolicy) -> tuple[str, ...]:
    """The fields by which `policy` protects less than the shipped one; empty for none. Pure.

    More time or longer text is not less protection: all of it is judged.
    """
    shipped = PhiPolicy()
    fields = [
        f"thresholds.{kind}"
        for kind, score in policy.thresholds.items()
        if not score <= shipped.threshold(kind)  # a NaN holds nothing, so it counts, too
    ]
    lexicon = load_lexicon()
    lists = {"allow": policy.allow, "drug_names": policy.drug_names}
    fields += [
        name
        for name, entries in lists.items()
        if any(reads_as_identifying(entry, lexicon) for entry in entries)
    ]
    if policy.min_confidence < shipped.min_confidence:
        fields.append("min_confidence")
    if policy.max_no_speech > shipped.max_no_speech:
        fields.append("max_no_speech")
    if not set(policy.languages) <= set(shipped.languages):
        fields.append("languages")
    return tuple(fields)


def reads_as_identifying(entry: str, lexicon: Lexicon) -> bool:
    """Whether to free `entry` would free a person, a place or a number of somebody's.

    Everyday and medical words that are names as well ("cook") don't count alone, very common
    given names ("rose") do; nor do terms named after somebody ("wilson's disease").
    """
    if "@" in entry or sum(map(str.isdigit, entry)) >= _CODE_DIGITS:
        return True
    words = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)*", plain(entry.replace("\u2019", "'")))
    if any(word in HEADS for word in words) or lexicon.is_any(" ".join(words), _ORDINARY):
        return len(words) == 1 and lexicon.is_any(words[0], WordKind.TOP_GIVEN)
    kinds = [lexicon.bits(word) for word in words if word not in FREE_EPONYMS]
    if any(_names_only(bits) for bits in kinds):
        return True
    return len(kinds) > 1 and all(
        bits & WordKind.SURNAME or bits & WordKind.GIVEN for bits in kinds
    )


def _names_only(bits: int) -> bool:
    named = bits & (_PEOPLE | WordKind.PLACE)
    return bool(named) and not bits & (_ORDINARY | WordKind.STATE)


def check_policy(policy: PhiPolicy) -> tuple[str, ...]:
    """What `policy` lowers with an override; raises `WrongUse` where it lowers without one."""
    fields = lowered(policy)
    if fields and policy.override is None:
        raise WrongUse(
            f"the PHI policy protects less than the shipped one ({', '.join(fields)}); take that "
            'out, or answer for it with override = {by = "you@clinic.example", reason = "…"}'
        )
    return fields


def record_override(policy: PhiPolicy, append: Append) -> None:
    """Record that an override is in force, if one is; raises `WrongUse`, and what `append` does.

    The entry names the fields and the policy's digest. It holds no entry of an allow list.
    """
    fields = check_policy(policy)
    if not fields or policy.override is None:
        return
    append(
        action=LOWERED,
        outcome="overridden",
        subject="phi",
        actor=policy.override.by,
        detail={"fields": list(fields), "policy": fingerprint(policy)},
    )


def fingerprint(policy: PhiPolicy) -> str:
    """SHA-256 of the whole policy: tells whether two machines, or two days, had the same one."""
    text = json.dumps(policy.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
