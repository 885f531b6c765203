"""`/api/v1/editions` for administrators, `/api/v1/library` for rooms."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException

from hub.editions.schemas import EditionView, PublishRequest
from hub.editions.service import EditionService
from hub.envelope import Answer, ok
from hub.http import Administrator, Overseer, Paged, RoomCaller, provided
from hub.storage.blobs import Blobs

router = APIRouter(tags=["editions"])

Editions = Annotated[EditionService, Depends(provided(EditionService))]
Packs = Annotated[Blobs, Depends(provided(Blobs))]
_SHA256 = r"^[0-9a-f]{64}$"
_FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}
_RANGE = re.compile(r"bytes=(\d*)-(\d*)\Z")


@router.post("/editions", status_code=HTTPStatus.CREATED)
def publish(
    person: Administrator, editions: Editions, wanted: PublishRequest | None = None
) -> Answer[EditionView]:
    """Publish all that is indexed as the next edition, or again what edition `like` held."""
    return ok(editions.publish(person.id, like=wanted.like if wanted else None))


@router.get("/editions")
def list_editions(_person: Overseer, editions: Editions, page: Paged) -> Answer[list[EditionView]]:
    """Editions, newest first."""
    return ok(editions.listing(page.offset, page.size), page.of(editions.count()))


@router.get("/library/edition", response_class=Response)
def current(_room: RoomCaller, editions: Editions, request: Request) -> Response:
    """The signed manifest of the newest edition, as the signing envelope itself."""
    published = editions.current()
    etag = f'"{published.etag}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    offered = request.headers.get("If-None-Match", "")
    if etag in {tag.strip().removeprefix("W/") for tag in offered.split(",")}:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(published.envelope.to_json(), media_type="application/json", headers=headers)


@router.get("/library/lists/{root}", response_class=Response)
def pack_list(
    _room: RoomCaller,
    editions: Editions,
    root: Annotated[str, Path(pattern=_SHA256)],
    held: Annotated[str, Query(alias="from", pattern=rf"{_SHA256}|^$")] = "",
) -> Response:
    """An edition's list of packs by its state root, as an update of the list `from`."""
    data = editions.pack_list(root, held)
    return Response(data, media_type="application/zstd", headers=_FOR_EVER)


@router.get("/library/keys", response_class=Response)
def keys(
    _room: RoomCaller, editions: Editions, after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0
) -> Response:
    """The signed statements of the keys that sign editions, after version `after`."""
    return Response(editions.key_chain(after), media_type="application/json")


@router.get("/library/patches/{sha256}", response_class=Response)
def patch(
    _room: RoomCaller,
    editions: Editions,
    sha256: Annotated[str, Path(pattern=_SHA256)],
    base: Annotated[str, Query(alias="from", pattern=_SHA256)],
) -> Response:
    """What turns the pack `from` into a newer one; 404 where it is to be fetched whole."""
    data = editions.patch(sha256, base)
    return Response(data, media_type="application/zstd", headers=_FOR_EVER)


@router.get("/library/packs/{sha256}", response_class=FileResponse)
def pack(
    _room: RoomCaller,
    packs: Packs,
    sha256: Annotated[str, Path(pattern=_SHA256)],
    request: Request,
) -> FileResponse:
    """A pack, whole or in part (`Range: bytes=…`)."""
    path = packs.path(sha256)
    check_range(request.headers.get("Range"), path.stat().st_size)
    headers = {"ETag": f'"{sha256}"', **_FOR_EVER}
    return FileResponse(path, media_type="application/octet-stream", headers=headers)


def check_range(header: str | None, size: int) -> None:
    """Raises the envelope's 416 for a range that `size` bytes don't have. One range a request."""
    if header is None:
        return
    match = _RANGE.match(header.replace(" ", ""))
    first, last = match.groups() if match else ("", "")
    start = int(first) if first else max(0, size - int(last or 0))
    if (first or last) and start < size and (not (first and last) or start <= int(last)):
        return
    raise HTTPException(
        HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
        f"the pack has {size} bytes; ask for one range within them",
        {"Content-Range": f"bytes */{size}"},
    )
