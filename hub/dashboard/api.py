"""The administrator's pages: overview, documents, editions, audit trail."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal, cast

from fastapi import APIRouter, Depends, File, Form, Query, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from hub.dashboard.ports import Desk
from hub.dashboard.session import Actor, Door, Seen, Visitor
from hub.dashboard.view import View
from hub.http import Person, Role
from voiceassist.errors import BadInput, VoiceAssistError

router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

PAGE = 50
_DONE = {
    "released": "The document is in the next edition.",
    "described": "Noted. The document is indexed with it now.",
    "removed": "The document is left out of the next edition.",
    "published": "Published. The rooms fetch and verify it now.",
}


def _desk(request: Request) -> Desk:
    return cast("Desk", request.app.state.desk)


Counter = Annotated[Desk, Depends(_desk)]
Line = Annotated[str, Form(max_length=500)]
Done = Annotated[str, Query(max_length=20)]
Administrator = Annotated[Person, Depends(Seen(Role.ADMINISTRATOR))]
Examiner = Annotated[Person, Depends(Seen(Role.ADMINISTRATOR, Role.AUDITOR))]


def show(request: Request, template: str, status: int = 200, **values: object) -> HTMLResponse:
    """A page; `values` are what its template names."""
    view = cast("View", request.app.state.view)
    common: dict[str, object] = {"path": request.url.path, "notice": "", "failure": "", "csrf": ""}
    return HTMLResponse(view.page(template, **(common | values)), status_code=status)


@router.get("/")
def overview(request: Request, person: Visitor, door: Door, desk: Counter) -> Response:
    """Rooms, library, routes and the audit trail at a glance; a clinician is led to the talk."""
    if person.role is Role.CLINICIAN:
        return RedirectResponse("/talk", HTTPStatus.SEE_OTHER)
    return show(
        request,
        "overview.html",
        person=person,
        csrf=door.csrf(person),
        rooms=desk.rooms(),
        library=desk.library(),
        routes=desk.routes(),
        trail=desk.trail_state(),
        alarms=desk.alarms(),
    )


@router.get("/documents")
def documents(
    request: Request, person: Administrator, door: Door, desk: Counter, done: Done = ""
) -> Response:
    """The documents and their indexing."""
    return _documents(request, person, door, desk, notice=_DONE.get(done, ""))


@router.post("/documents")
def add_documents(
    request: Request,
    person: Actor,
    door: Door,
    desk: Counter,
    files: Annotated[list[UploadFile], File()],
) -> Response:
    """Take in the chosen files; those that can't be are named with the reason."""
    added, known, refused = 0, 0, []
    for file in files:
        try:
            _, new = desk.add_document(file.filename or "", file.file.read(), person.id)
            added, known = added + new, known + (not new)
        except BadInput as error:
            refused.append(str(error))
    parts = [f"{added} taken in" if added else "", f"{known} already here" if known else ""]
    notice = ", ".join(part for part in parts if part)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK
    return _documents(
        request, person, door, desk, status=status, notice=notice, failure="\n".join(refused)
    )


@router.post("/documents/{document}/remove")
def remove_document(document: str, person: Actor, desk: Counter) -> Response:
    """Leave a document out of later editions."""
    desk.remove_document(document, person.id)
    return RedirectResponse("/documents?done=removed", HTTPStatus.SEE_OTHER)


@router.get("/documents/{document}/review")
def review_document(
    request: Request, document: str, person: Administrator, door: Door, desk: Counter
) -> Response:
    """What the PHI gate found in a document that is held."""
    sheet = desk.review(document)
    csrf = door.csrf(person)
    return show(request, "review.html", person=person, csrf=csrf, sheet=sheet)


@router.post("/documents/{document}/release")
def release_document(
    document: str, person: Actor, desk: Counter, version: Annotated[int, Form(ge=1, le=2**31 - 1)]
) -> Response:
    """Let a held document into later editions."""
    desk.release_document(document, version, person.id)
    return RedirectResponse("/documents?done=released", HTTPStatus.SEE_OTHER)


@router.get("/documents/{document}/describe")
def description(
    request: Request, document: str, person: Administrator, door: Door, desk: Counter
) -> Response:
    """What is said of a document."""
    return _description(request, document, person, door, desk)


@router.post("/documents/{document}/describe")
def describe_document(
    request: Request,
    document: str,
    person: Actor,
    door: Door,
    desk: Counter,
    title: Line = "",
    source: Line = "",
    specialty: Line = "",
    effective: Line = "",
    review: Line = "",
    superseded_by: Line = "",
) -> Response:
    """Say of a document what its file does not."""
    said = {
        "title": title, "source": source, "specialty": specialty, "effective": effective,
        "review": review, "superseded_by": superseded_by,
    }  # fmt: skip
    try:
        desk.describe_document(document, said, person.id)
    except BadInput as error:
        return _description(request, document, person, door, desk, failure=str(error))
    return RedirectResponse("/documents?done=described", HTTPStatus.SEE_OTHER)


@router.get("/editions")
def editions(
    request: Request, person: Administrator, door: Door, desk: Counter, done: Done = ""
) -> Response:
    """What was published."""
    return _editions(request, person, door, desk, notice=_DONE.get(done, ""))


@router.post("/editions")
def publish(request: Request, person: Actor, door: Door, desk: Counter) -> Response:
    """Publish all that is indexed."""
    try:
        desk.publish(person.id)
    except VoiceAssistError as error:
        return _editions(
            request, person, door, desk, status=HTTPStatus.CONFLICT, failure=str(error)
        )
    return RedirectResponse("/editions?done=published", HTTPStatus.SEE_OTHER)


@router.get("/audit")
def audit(
    request: Request,
    person: Examiner,
    door: Door,
    desk: Counter,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    only: Literal["", "alarms"] = "",
) -> Response:
    """The newest entries of the audit trail, all or only alarms, and whether it holds."""
    lines = desk.trail((page - 1) * PAGE, PAGE + 1, alarms=only == "alarms")
    return show(
        request,
        "audit.html",
        person=person,
        csrf=door.csrf(person),
        trail=desk.trail_state(),
        lines=lines[:PAGE],
        page=page,
        only=only,
        more=len(lines) > PAGE,
    )


def _description(
    request: Request, document: str, person: Person, door: Door, desk: Desk, *, failure: str = ""
) -> Response:
    return show(
        request,
        "describe.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if failure else HTTPStatus.OK,
        person=person,
        csrf=door.csrf(person),
        document=desk.document(document),
        failure=failure,
    )


def _documents(
    request: Request,
    person: Person,
    door: Door,
    desk: Counter,
    *,
    status: int = 200,
    notice: str = "",
    failure: str = "",
) -> Response:
    return show(
        request,
        "documents.html",
        status,
        person=person,
        csrf=door.csrf(person),
        documents=desk.documents(),
        library=desk.library(),
        notice=notice,
        failure=failure,
    )


def _editions(
    request: Request,
    person: Person,
    door: Door,
    desk: Counter,
    *,
    status: int = 200,
    notice: str = "",
    failure: str = "",
) -> Response:
    return show(
        request,
        "editions.html",
        status,
        person=person,
        csrf=door.csrf(person),
        editions=desk.editions(),
        library=desk.library(),
        notice=notice,
        failure=failure,
    )
