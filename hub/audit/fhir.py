"""Entries as FHIR R4 AuditEvent resources, coded as IHE BALP (Basic Audit Log Patterns) does.

One resource a line (`application/fhir+ndjson`). It says who did what, when, where, with which
outcome, and carries the entry's place and hash in the log, so that it can be proved. None claims
one of BALP's profiles: that of a query wants the query's text, which is never recorded.
Source: FHIR R4 4.0.1 AuditEvent; IHE ITI BALP 1.1.3; DICOM PS3.15 A.5 event identifiers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from hub.audit.export import utc
from hub.audit.schemas import ALARM, HUB, EntryView

_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_ROLE = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_ENTITY = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_SOURCE = "http://terminology.hl7.org/CodeSystem/security-source-type"
_OURS = "urn:voiceassist:audit"
_FAILED = {"failed", "refused", "denied", "error", "unsupported"}
# the first word of an action: DICOM's event, FHIR's letter for what it does
_KINDS: dict[str, tuple[str, str, str]] = {
    "auth": ("110114", "User Authentication", "E"),
    "audit": ("110101", "Audit Log Used", "R"),
    "turn": ("110112", "Query", "E"),
    "escalation": ("110106", "Export", "R"),
    "document": ("110107", "Import", "U"),
    "edition": ("110106", "Export", "C"),
    "keys": ("110137", "User Security Attributes Changed", "U"),
    "policy": ("110129", "Security Configuration", "U"),
    "room": ("110137", "User Security Attributes Changed", "U"),
}
_OTHER = ("110100", "Application Activity", "E")


def audit_events(clinic: str, entries: Iterable[EntryView]) -> Iterator[str]:
    """One AuditEvent a line."""
    for entry in entries:
        yield json.dumps(audit_event(clinic, entry), ensure_ascii=False) + "\n"


def audit_event(clinic: str, entry: EntryView) -> dict[str, Any]:
    """An entry as the JSON form of an AuditEvent."""
    code, display, letter = _KINDS.get(entry.action.split(".")[0], _OTHER)
    return {
        "resourceType": "AuditEvent",
        "id": entry.hash,
        "type": _coding(_DCM, code, display),
        "subtype": [_coding(f"{_OURS}:action", entry.action, entry.action)],
        "action": letter,
        "recorded": utc(entry.wall_ms),
        "outcome": "8" if entry.action == ALARM else "4" if entry.outcome in _FAILED else "0",
        "outcomeDesc": entry.outcome or "none",
        "agent": list(_agents(entry)),
        "source": {
            "site": clinic,
            "observer": {"identifier": _identifier("box", entry.box), "display": entry.box},
            "type": [_coding(_SOURCE, "4" if entry.box == HUB else "1", _observer(entry.box))],
        },
        "entity": [
            {
                "what": {"identifier": _identifier("subject", entry.subject or "none")},
                "type": _coding(_ENTITY, "2", "System Object"),
                "detail": list(_details(entry)),
            }
        ],
    }


def _agents(entry: EntryView) -> Iterator[dict[str, Any]]:
    machine = {
        "type": {"coding": [_coding(_DCM, "110153", "Source Role ID")]},
        "who": {"identifier": _identifier("box", entry.box)},
    }
    if entry.actor == entry.box:
        yield machine | {"requestor": True}
        return
    yield {
        "type": {"coding": [_coding(_ROLE, "IRCP", "information recipient")]},
        "who": {"identifier": _identifier("actor", entry.actor or "none")},
        "requestor": True,
    }
    yield machine | {"requestor": False}


def _details(entry: EntryView) -> Iterator[dict[str, str]]:
    known = {"position": entry.position, "hash": entry.hash, "epoch": entry.epoch, "seq": entry.seq}
    for name, value in {**known, "received": utc(entry.received_ms), **entry.detail}.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        yield {"type": name, "valueString": text or "none"}


def _coding(system: str, code: str, display: str) -> dict[str, str]:
    return {"system": system, "code": code, "display": display}


def _identifier(kind: str, value: str) -> dict[str, str]:
    return {"system": f"{_OURS}:{kind}", "value": value}


def _observer(box: str) -> str:
    return "Application Server" if box == HUB else "User Device"
