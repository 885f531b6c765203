"""`/api/v1/documents`: intake."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, File, Query, Response, UploadFile, status

from hub.documents.schemas import Added, Description, DocumentView, Review
from hub.documents.service import DocumentService
from hub.envelope import Answer, ok
from hub.http import Administrator, Member, Paged, provided

router = APIRouter(prefix="/documents", tags=["documents"])

Documents = Annotated[DocumentService, Depends(provided(DocumentService))]


@router.post("", status_code=status.HTTP_202_ACCEPTED)
def add(
    person: Administrator,
    documents: Documents,
    file: Annotated[UploadFile, File(description="PDF, DOCX, HTML, Markdown or text")],
    response: Response,
) -> Answer[Added]:
    """Take in a file; 202 while it is indexed, 200 where the hub had exactly this content."""
    data = file.file.read(documents.most_bytes + 1)
    added = documents.add(file.filename or "", data, person.id)
    if not added.new:
        response.status_code = status.HTTP_200_OK
    return ok(added)


@router.get("")
def list_documents(
    _person: Member, documents: Documents, page: Paged
) -> Answer[list[DocumentView]]:
    """Documents by title, each with the state of its indexing."""
    return ok(documents.listing(page.offset, page.size), page.of(documents.count()))


@router.get("/{document}")
def get(document: str, _person: Member, documents: Documents) -> Answer[DocumentView]:
    """One document with the state of its indexing."""
    return ok(documents.get(document))


@router.patch("/{document}")
def describe(
    document: str, said: Description, person: Administrator, documents: Documents
) -> Answer[DocumentView]:
    """Say what the file does not; a field left out stays, null takes back to the file's word.

    A change is indexed as a new version of the document.
    """
    given = said.model_dump(exclude_unset=True)
    return ok(documents.describe(document, given, person.id))


@router.get("/{document}/findings")
def findings(document: str, _person: Administrator, documents: Documents) -> Answer[Review]:
    """What the PHI gate found in the version that is held, with some words around."""
    return ok(documents.reviews.of(document))


@router.post("/{document}/release")
def release(
    document: str,
    person: Administrator,
    documents: Documents,
    version: Annotated[
        int | None, Query(ge=1, le=2**31 - 1, description="The version that was read")
    ] = None,
) -> Answer[DocumentView]:
    """Let the version that is held into later editions; 409 where another is held by now."""
    documents.reviews.release(document, person.id, version)
    return ok(documents.get(document))


@router.delete("/{document}")
def remove(document: str, person: Administrator, documents: Documents) -> Answer[None]:
    """Leave a document out of all later editions."""
    documents.remove(document, person.id)
    return ok(None)
