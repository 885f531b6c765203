"""What sign-in takes and gives."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

_Email = Annotated[str, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]


class SetupRequest(BaseModel):
    """Makes the first administrator. The password's rule is `service.check_password`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(max_length=64, repr=False)
    email: _Email
    password: str = Field(max_length=1024, repr=False)
    name: str = Field(min_length=1, max_length=120)


class LoginRequest(BaseModel):
    """Signs an administrator in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    email: str = Field(max_length=254)
    password: str = Field(max_length=1024, repr=False)


class TokenReply(BaseModel):
    """A token for `Authorization: Bearer`, with its life in seconds."""

    access_token: str = Field(repr=False)
    token_type: str = "Bearer"  # noqa: S105 - the name of the scheme
    expires_in: int


class PersonReply(BaseModel):
    """Who is signed in."""

    id: str
    email: str
    name: str
