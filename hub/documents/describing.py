"""What is said of documents beside their files: rules, pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import yaml
from pydantic import ValidationError

from hub.documents.schemas import Description, DocumentView
from hub.errors import BadField
from voiceassist.errors import BadInput

_MOST_SIDECAR = 20_000
SIDECARS = (".yaml", ".yml")


def check_description(
    document: str, given: Mapping[str, object], successors: Mapping[str, str]
) -> None:
    """Raises `BadField` for a field that can't be, or a successor that is not there or leads back.

    `successors` are all documents, each with the one that supersedes it.
    """
    try:
        said = Description.model_validate({**given})
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0])
        raise BadField(field, f"{field} can't be that; {_FORMS.get(field, _LINE)}") from error
    wanted = said.superseded_by
    if not wanted:
        return
    if wanted not in successors:
        raise BadField("superseded_by", f"there is no document {wanted}; name one by its id")
    seen = document
    while wanted:
        if wanted == seen:
            raise BadField(
                "superseded_by",
                f"{said.superseded_by} is itself superseded by {document}; take that back first",
            )
        # a loop that files made elsewhere must not hold us
        wanted, successors = (
            successors.get(wanted, ""),
            {one: after for one, after in successors.items() if one != wanted},
        )


_LINE = "give one line of text"
_FORMS = {
    "effective": "give a date as 2026-01-31",
    "review": "give a date as 2026-01-31",
    "title": "give a line of text, not an empty one",
}


def read_sidecar(name: str, data: bytes) -> Description:
    """What the YAML file beside `name` says; raises `BadInput`."""
    if len(data) > _MOST_SIDECAR:
        raise BadInput(f"{name}.yaml: too large for a description; keep to its few fields")
    try:
        fields = yaml.safe_load(data.decode("utf-8-sig")) or {}
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise BadInput(f"{name}.yaml: not valid YAML; mend it and add the file again") from error
    if not isinstance(fields, dict):
        raise BadInput(f"{name}.yaml: no `key: value` lines; mend it and add the file again")
    try:
        return Description.model_validate({str(k): v for k, v in fields.items()})
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"])
        known = ", ".join(Description.model_fields)
        raise BadInput(
            f"{name}.yaml: {field!r} has no valid value, or is none of {known}; mend it"
        ) from error


def noted(view: DocumentView, successors: Mapping[str, str], today: dt.date) -> DocumentView:
    """The view with lines on what an administrator should see to."""
    notes = []
    if view.review is not None and view.review < today:
        notes.append(f"its review was due on {view.review.isoformat()}")
    if view.superseded_by and view.superseded_by not in successors:
        notes.append(f"superseded by {view.superseded_by}, which the library does not have")
    if view.unread:
        pages = "1 page is a picture" if view.unread == 1 else f"{view.unread} pages are pictures"
        notes.append(f"{pages} that nothing was read from; ocr.enabled reads scans")
    return view.model_copy(update={"notes": tuple(notes)}) if notes else view
