"""Numbers and codes that identify: MRN, SSN, plan, account, licence, vehicle, device, others.

A cue before (or after) a code names its kind; a long number or mixed code without a cue is
still somebody's. Doses, counts and genes are told from them by what stands next to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from voiceassist.phi.recognisers.base import Finding, Recogniser, findings

_LINKS = (
    r"is|was|number|numbers|num|no|nos|code|id|i\s?d|of|the|reads?|it's|ending|ends|starts|in|"
    r"with|a|and|called|plate"
)
_LINK = rf"(?:\W+(?:{_LINKS})\b)*\W*"
_CODE = r"((?:[a-z]{1,6}[\s-]+)?(?=[a-z0-9-]*\d)[a-z0-9]+(?:[-./\s]?(?=[a-z]{0,2}\d)[a-z0-9]+)*)"
_CUES: dict[str, tuple[str, ...]] = {
    "SSN": (r"ss[nm]", r"s\.s\.n\.?", r"social(?:\s+security)?(?:\s+(?:number|no))?"),
    "MRN": (
        r"m\.?r\.?n\.?", r"mr\s?number", r"medical\s+records?(?:\s+show)?",
        r"med(?:ical)?\s+rec(?:ord)?", r"record\s+(?:number|no|id)",
        r"chart(?:\s+(?:number|no|id))?", r"hospital\s+(?:number|no|id)", "emr", "ehr",
    ),
    "PLAN": (
        r"insur(?:ance|er|ed)?", "ins", "policy", r"health\s+plan", "plan", r"member(?:ship)?",
        "subscriber", "beneficiary", "medicare", "medicaid", "hicn", "mbi",
        r"group\s+(?:number|no|id)", "hpn", "payer", "coverage",
    ),
    "ACCOUNT": (
        "account", "acct", "bank", "billing", r"credit\s+card", "card", "routing", "invoice",
        "claim",
    ),
    "LICENCE": (
        "licen[cs]e", "certificate", "cert", "dea", "npi", "passport", "permit", "registration",
        "credential", "badge", "driver'?s", "employee",
    ),
    "VEHICLE": (
        "vin", r"vehicle(?:\s+identification)?", r"licen[cs]e\s+plate", "plate", r"tag\s+number",
        r"car\s+registration",
    ),
    "DEVICE": (
        "serial", "device", "udi", "implant", "pacemaker", "pump", "imei", r"mac\s+address",
        r"model\s+number", r"lot\s+number", "asset", "defibrillator",
    ),
    "UNIQUE_ID": (
        "patient", "pt", "site", "case", "study", "subject", "visit", "encounter", "order",
        "accession", "reference", "ref", "specimen", "ticket", "file", "identifier",
        r"identified\s+as", r"i\s?d", r"user(?:\s?name)?", "login", "rx", "prescription",
        "confirmation", "tracking", "sample", "participant", "enrol?lee", "locker", "student",
    ),
    "BIOMETRIC": (
        r"finger\s?prints?", r"voice\s?prints?", "retina(?:l)?", "iris", "palm", "biometric",
        r"face\s?id",
    ),
}  # fmt: skip
_PATTERNS = tuple(
    (kind, re.compile(rf"\b(?:{'|'.join(cues)})(?=[\s\W\d]){_LINK}{_CODE}", re.IGNORECASE))
    for kind, cues in _CUES.items()
)
_GLUED = re.compile(r"\b(mrn?|ss[nm]|hicn|npi|dea)(?=\d)[a-z0-9-]*\d\b", re.IGNORECASE)
_SSN = re.compile(r"\b\d{3}[-.\s]\d{2}[-.\s]\d{4}\b")
_DIGITS = re.compile(r"(?<![\d.])\d(?:[-\s]?\d){5,}(?![\d])")
_MIXED = re.compile(
    r"\b(?=[a-z0-9-]*\d(?:[a-z-]?\d){3})(?=[a-z0-9-]*[a-z])[a-z0-9]+(?:[-.][a-z0-9]+)*\b",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"\s*(?:units?|iu|mg|mcg|milligrams?|micrograms?|grams?|g|ml|cells?|copies|people|patients|"
    r"cases|deaths|participants|subjects|women|men|children|births|per|percent|%|dollars|"
    r"steps|calories|leukocytes|platelets|adults|persons|individuals)\b",
    re.IGNORECASE,
)
_BAND = re.compile(r"(?:\d{1,2}|x|y)(?:[pq]\d+(?:\.\d+)?-?)+", re.IGNORECASE)  # of a chromosome
_YEARS = re.compile(r"(?:(?:18|19|20)\d\d[\s-]*)+")
_BIOMETRIC = re.compile(
    r"\b(?:his|her|their|patient'?s|my)\s+((?:full\s+)?(?:face\s+photo(?:graph)?|photo(?:graph)?|"
    r"finger\s?prints?|voice\s?prints?|retinal?\s+scan|iris\s+scan|palm\s+prints?|dna\s+profile|selfie|mugshot))\b",
    re.IGNORECASE,
)
_LEAST_DIGITS = {"UNIQUE_ID": 4, "DEVICE": 4, "ACCOUNT": 3, "BIOMETRIC": 4, "PLAN": 3}
_EVERYDAY_CUES = {"UNIQUE_ID", "DEVICE", "BIOMETRIC", "ACCOUNT"}


class IdRecogniser(Recogniser):
    """Identifying numbers and codes by their cues, and long ones without."""

    kinds = (*_CUES, "ID")
    label = "ids"

    def find(self, text: str) -> Iterator[Finding]:
        """Identifying numbers in `text`."""
        for kind, pattern in _PATTERNS:
            for found in findings(pattern, text, kind, 0.95, 1):
                if _identifies(text, found):
                    yield found
        yield from findings(_SSN, text, "SSN", 0.95)
        yield from findings(_GLUED, text, "MRN", 0.9)
        for pattern in (_DIGITS, _MIXED):
            for found in findings(pattern, text, "ID", 0.8):
                if not _is_amount(text, found):
                    yield found
        yield from findings(_BIOMETRIC, text, "BIOMETRIC", 0.9, 1)


def _digits(text: str) -> int:
    return sum(map(str.isdigit, text))


def _identifies(text: str, found: Finding) -> bool:
    code = text[found.start : found.end]
    if _YEARS.fullmatch(code) and found.kind in _EVERYDAY_CUES | {"PLAN"}:
        return False
    return _digits(code) >= _LEAST_DIGITS.get(found.kind, 3) and not _is_amount(text, found)


def _is_amount(text: str, found: Finding) -> bool:
    code = text[found.start : found.end]
    if found.kind == "ID" and _BAND.fullmatch(code):
        return True
    amount = _AMOUNT.match(text, found.end) is not None and found.score < 0.9  # noqa: PLR2004 - a cue outweighs a unit
    return amount or _YEARS.fullmatch(code) is not None
