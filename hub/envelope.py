"""The one form of every JSON answer, and how each error becomes it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Generic, TypeVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from hub import request_id
from voiceassist import __version__
from voiceassist.errors import VoiceAssistError

T = TypeVar("T")

_STATUS = {
    "VALIDATION_ERROR": HTTPStatus.UNPROCESSABLE_ENTITY,
    "NOT_FOUND": HTTPStatus.NOT_FOUND,
    "METHOD_NOT_ALLOWED": HTTPStatus.METHOD_NOT_ALLOWED,
    "CONFLICT": HTTPStatus.CONFLICT,
    "WEAK_PASSWORD": HTTPStatus.UNPROCESSABLE_ENTITY,
    "UNAUTHORIZED": HTTPStatus.UNAUTHORIZED,
    "INVALID_CREDENTIALS": HTTPStatus.UNAUTHORIZED,
    "TOKEN_EXPIRED": HTTPStatus.UNAUTHORIZED,
    "TOKEN_REVOKED": HTTPStatus.UNAUTHORIZED,
    "FORBIDDEN": HTTPStatus.FORBIDDEN,
    "PHI_HELD": HTTPStatus.FORBIDDEN,
    "RATE_LIMITED": HTTPStatus.TOO_MANY_REQUESTS,
    "PAYLOAD_TOO_LARGE": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "RANGE_NOT_SATISFIABLE": HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    "UNAVAILABLE": HTTPStatus.SERVICE_UNAVAILABLE,
    "INTERNAL_ERROR": HTTPStatus.INTERNAL_SERVER_ERROR,
}
_CODE = {status.value: code for code, status in reversed(_STATUS.items())}  # the first of each
_RETRY_AFTER_S = 30
_PLACES = {"body", "query", "path", "header", "cookie"}  # FastAPI's, before the field's name


class Failure(BaseModel):
    """What went wrong: a code for programs, a line for people, the field at fault if one is."""

    code: str
    message: str
    details: list[dict[str, str]] = Field(default_factory=list)
    field: str | None = None


class Pagination(BaseModel):
    """Which part of a longer list this is; pages count from 1."""

    page: int
    size: int
    total: int


class Metadata(BaseModel):
    """The release that answered, and the request that it answered."""

    version: str
    request_id: str
    pagination: Pagination | None = None


class Answer(BaseModel, Generic[T]):
    """Every JSON answer of the hub."""

    success: bool
    data: T | None = None
    error: Failure | None = None
    metadata: Metadata
    timestamp: str

    def error_line(self) -> str:
        """What went wrong, for a person."""
        return self.error.message if self.error else ""


def ok(data: T, pagination: Pagination | None = None) -> Answer[T]:
    """Wrap what was asked for."""
    return Answer[T](
        success=True, data=data, metadata=_metadata(pagination), timestamp=_timestamp()
    )


def failed(failure: Failure) -> Answer[None]:
    """Wrap what went wrong."""
    return Answer[None](
        success=False, error=failure, metadata=_metadata(None), timestamp=_timestamp()
    )


def error_answer(
    failure: Failure, status: int, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The answer to a request that failed."""
    body = failed(failure).model_dump(mode="json")
    return JSONResponse(body, status_code=status, headers=dict(headers or {}))


def status_of(error: VoiceAssistError) -> int:
    """The HTTP status of an error."""
    return int(_STATUS.get(error.code, HTTPStatus.INTERNAL_SERVER_ERROR))


def failure_of(error: VoiceAssistError) -> Failure:
    """The envelope's part for an error."""
    return Failure(
        code=error.code,
        message=str(error),
        details=getattr(error, "details", []),
        field=getattr(error, "field", None),
    )


def message_of(answer: JSONResponse) -> str:
    """The line for a person in an error's answer."""
    return Answer[None].model_validate_json(bytes(answer.body)).error_line()


def internal_failure() -> Failure:
    """What a caller is told of an unforeseen error: where to look, not what it was."""
    return Failure(
        code="INTERNAL_ERROR",
        message="the hub failed at this; its log has the request's id, tell IT",
    )


def install(app: FastAPI) -> None:
    """Make every error of `app` an envelope."""
    app.add_exception_handler(VoiceAssistError, _on_known)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_invalid)


def _on_known(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, VoiceAssistError)  # noqa: S101 - registered for it
    headers = {}
    if error.retryable:
        headers["Retry-After"] = str(getattr(error, "retry_after_s", _RETRY_AFTER_S))
    status = status_of(error)
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return error_answer(failure_of(error), status, headers)


def _on_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    code = _CODE.get(error.status_code, "VALIDATION_ERROR")
    message = {
        HTTPStatus.NOT_FOUND: f"there is nothing at {_printable(request.url.path)}",
        HTTPStatus.METHOD_NOT_ALLOWED: f"{request.method} is not possible here",
    }.get(HTTPStatus(error.status_code), str(error.detail))
    return error_answer(Failure(code=code, message=message), error.status_code, error.headers)


def _on_invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    details = [_detail(one) for one in error.errors()]
    first = details[0] if details else {"field": "", "message": "the request is malformed"}
    failure = Failure(
        code="VALIDATION_ERROR",
        message=f"{first['field'] or 'the request'}: {first['message']}",
        details=details,
        field=first["field"] or None,
    )
    return error_answer(failure, HTTPStatus.UNPROCESSABLE_ENTITY)


def _detail(error: Mapping[str, Any]) -> dict[str, str]:
    # pydantic repeats the input in its errors; what a person wrote is not echoed
    place: Sequence[object] = error.get("loc", ())
    named = place[1:] if place and place[0] in _PLACES else place
    field = ".".join(map(str, named))
    return {"field": field, "message": str(error.get("msg", ""))}


def _printable(path: str) -> str:
    return re.sub(r"[^\x21-\x7e]", "?", path)[:200]


def _metadata(pagination: Pagination | None) -> Metadata:
    return Metadata(version=__version__, request_id=request_id.current(), pagination=pagination)


def _timestamp() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
