"""What counts as a policy that protects less, and what it takes to use one."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from voiceassist.errors import StoreFull, WrongUse
from voiceassist.phi.policy import (
    KINDS,
    LOWERED,
    Override,
    PhiPolicy,
    check_policy,
    fingerprint,
    lowered,
    record_override,
)
from voiceassist.phi.settings import load_policy

ANSWERED = Override(by="j.doe@clinic.example", reason="the old microphone mumbles")
LESS: dict[str, dict[str, Any]] = {
    "thresholds.NAME": {"thresholds": {"NAME": 0.51}},
    "thresholds.SSN": {"thresholds": {"SSN": math.nan}},
    "thresholds.NEW": {"thresholds": {"NEW": 0.1}},
    "min_confidence": {"min_confidence": 0.3},
    "max_no_speech": {"max_no_speech": 0.7},
    "languages": {"languages": ("en", "es")},
}
NO_LESS: list[dict[str, Any]] = [
    {},
    {"thresholds": dict.fromkeys(KINDS, 0.2)},
    {"thresholds": {}},
    {"min_confidence": 0.9, "max_no_speech": 0.1, "languages": ()},
    {"timeout_s": 60, "max_characters": 1_000_000},
    {"lists": Path("lists")},
    {"override": ANSWERED},
]
IDENTIFYING = [
    "Margaret O\u2019Connor", "okafor", "Margaret", "rose", "jones", "will long", "Dr. Iqbal",
    "boston", "Riverside Clinic", "441296", "march 3rd 1950", "j.doe@clinic.example",
]  # fmt: skip
HARMLESS = [
    "metformin", "Eliquis", "insulin lispro", "vitamin b12", "covid 19", "cook", "wilson's disease",
    "mallory weiss", "st john's wort", "california", "pain clinic", "zzyx",
]  # fmt: skip


@pytest.mark.parametrize("field", LESS)
def test_less_protection_is_named(field: str) -> None:
    """Each field by which a policy protects less is named, and it alone."""
    assert lowered(PhiPolicy(**LESS[field])) == (field,)


@pytest.mark.parametrize("fields", NO_LESS)
def test_more_protection_needs_no_one(fields: dict[str, Any]) -> None:
    """The shipped policy, a stricter one, more time and longer texts lower nothing."""
    assert lowered(PhiPolicy(**fields)) == ()


@pytest.mark.parametrize("field", ["allow", "drug_names"])
@pytest.mark.parametrize("entry", IDENTIFYING)
def test_a_name_to_allow_is_less_protection(field: str, entry: str) -> None:
    """An allow list with a person, a place or somebody's number on it lowers."""
    assert lowered(PhiPolicy(**{field: ("aspirin", entry)})) == (field,)


@pytest.mark.parametrize("entry", HARMLESS)
def test_words_of_medicine_may_be_allowed(entry: str) -> None:
    """Drugs, diseases, eponyms and everyday words lower nothing."""
    assert lowered(PhiPolicy(allow=(entry,), drug_names=(entry,))) == ()


def test_every_field_was_thought_of() -> None:
    """A new field of the policy has to be judged here: does it lower, or can it not?"""
    judged = {name.partition(".")[0] for name in LESS} | {"allow", "drug_names"}
    never = {"lists", "timeout_s", "max_characters", "override"}
    assert set(PhiPolicy.model_fields) == judged | never


@given(st.dictionaries(st.sampled_from(KINDS), st.floats(0, 1)))
def test_thresholds_lower_where_something_shipped_would_be_freed(
    thresholds: dict[str, float],
) -> None:
    """No threshold is named unless some score holds by the shipped policy and not by this one."""
    policy, shipped = PhiPolicy(thresholds=thresholds), PhiPolicy()
    for kind in KINDS:
        named = f"thresholds.{kind}" in lowered(policy)
        assert named == (policy.threshold(kind) > shipped.threshold(kind))


def test_less_needs_somebody_who_answers() -> None:
    """Without an override it is wrong use, in one line with the fields and what to do."""
    policy = PhiPolicy(min_confidence=0.1, thresholds={"NAME": 1})
    with pytest.raises(WrongUse, match="override") as caught:
        check_policy(policy)
    assert "thresholds.NAME, min_confidence" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert check_policy(policy.model_copy(update={"override": ANSWERED})) == lowered(policy)


@pytest.mark.parametrize(
    ("by", "reason"),
    [("", "x"), ("j.doe", ""), ("j.doe", "  "), ("a word on Ann", "x"), ("a" * 65, "x")],
)
def test_an_override_says_who_and_why(by: str, reason: str) -> None:
    """Both are there, and who is an id and no free text, since it goes into the audit trail."""
    with pytest.raises(ValidationError):
        Override(by=by, reason=reason)


class Trail:
    """An audit trail in memory."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []

    def append(self, **entry: Any) -> None:
        self.entries.append(entry)


def test_an_override_in_force_is_recorded() -> None:
    """The entry has who, the fields and the policy's digest; neither reason nor allowed names."""
    policy = PhiPolicy(allow=("Margaret O'Connor",), min_confidence=0, override=ANSWERED)
    trail = Trail()
    record_override(policy, trail.append)
    (entry,) = trail.entries
    assert entry == {
        "action": LOWERED,
        "outcome": "overridden",
        "subject": "phi",
        "actor": "j.doe@clinic.example",
        "detail": {"fields": ["allow", "min_confidence"], "policy": fingerprint(policy)},
    }
    assert ANSWERED.reason not in repr(policy)


def test_nothing_is_recorded_where_nothing_is_lowered() -> None:
    """A policy that protects as shipped leaves no entry, even with an override at hand."""
    trail = Trail()
    record_override(PhiPolicy(override=ANSWERED), trail.append)
    assert trail.entries == []


def test_what_cannot_be_recorded_is_not_in_force() -> None:
    """A trail that refuses refuses the policy; without an override it is not even asked."""

    def full(**_: Any) -> None:
        raise StoreFull("no room; free some")

    with pytest.raises(StoreFull):
        record_override(PhiPolicy(min_confidence=0, override=ANSWERED), full)
    with pytest.raises(WrongUse):
        record_override(PhiPolicy(min_confidence=0), full)


def test_the_fingerprint_tells_policies_apart() -> None:
    """The same policy has the same digest, any other field another."""
    one = PhiPolicy(min_confidence=0.1, override=ANSWERED)
    assert fingerprint(one) == fingerprint(one.model_copy())
    others = [PhiPolicy(min_confidence=0.1), PhiPolicy(), PhiPolicy(allow=("x",))]
    assert len({fingerprint(policy) for policy in (one, *others)}) == 4


def test_a_policy_file_that_lowers_needs_its_override(tmp_path: Path) -> None:
    """The commands' policy file is held to the same."""
    path = tmp_path / "policy.toml"
    path.write_text("min_confidence = 0.1\n")
    with pytest.raises(WrongUse, match="min_confidence"):
        load_policy(path)
    path.write_text('min_confidence = 0.1\noverride = {by = "j.doe", reason = "a test"}\n')
    assert load_policy(path).min_confidence == 0.1
