"""What sign-in takes and gives."""

from __future__ import annotations

from typing import Annotated, Literal

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from hub.http import Role


def _email(text: str) -> str:
    """The address in one form; a clinic's own domain may be one that the internet doesn't know."""
    try:
        # a name such as clinic.local is reserved, and in use all the same
        host = text.lower().removesuffix(".local").removesuffix(".lan")
        validate_email(host, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        raise ValueError(f"give a whole e-mail address: {error}") from error
    return text.lower()


Email = Annotated[str, Field(max_length=254), AfterValidator(_email)]
Password = Annotated[str, Field(max_length=1024, repr=False)]  # its rules: `passwords.assess`
Name = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")]
Code = Annotated[str, Field(max_length=64, repr=False)]


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class _Reply(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SetupRequest(_Request):
    """Makes the first administrator."""

    code: Code
    email: Email
    password: Password
    name: Name


class RegisterRequest(_Request):
    """Asks for an account, where the site lets people ask."""

    email: Email
    password: Password
    name: Name


class RedeemRequest(_Request):
    """Sets a password with a code that an administrator handed over."""

    code: Code
    email: Annotated[str, Field(max_length=254)]
    password: Password


class LoginRequest(_Request):
    """Signs a person in; `code` is of the authenticator app, or a recovery code."""

    email: Annotated[str, Field(max_length=254)]
    password: Password
    code: Code = ""


class RefreshRequest(_Request):
    """Asks for the next tokens."""

    refresh_token: Annotated[str, Field(max_length=2000, repr=False)]


class PasswordChange(_Request):
    """A new password for the person who calls."""

    current_password: Password
    new_password: Password


class PasswordQuestion(_Request):
    """Asks how strong a password would be."""

    password: Password
    email: Annotated[str, Field(max_length=254)] = ""
    name: Annotated[str, Field(max_length=120)] = ""


class CodeRequest(_Request):
    """A code of the authenticator app."""

    code: Code


class FactorRemoval(_Request):
    """Takes the second factor off; both proofs again, since a stolen session must not."""

    password: Password
    code: Code


class TokenReply(_Reply):
    """Tokens, with their lives in seconds.

    `enrolling`: nothing but the second factor's set-up is allowed until it is done.
    """

    access_token: str = Field(repr=False)
    refresh_token: str = Field(repr=False)
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of the scheme
    expires_in: int
    refresh_expires_in: int
    enrolling: bool = False


class PersonReply(_Reply):
    """Who is signed in."""

    id: str
    email: str
    name: str
    role: Role
    enrolling: bool = False


class Accepted(_Reply):
    """What anyone who asks for an account is told, whether or not the address has one."""

    message: str


class Strength(_Reply):
    """How strong a password is, 0 to 100, and what speaks against it."""

    strength: int
    good: bool
    reasons: dict[str, str]


class FactorReply(_Reply):
    """What an authenticator app is given: `qr` is an SVG picture of `uri`."""

    secret: str = Field(repr=False)
    uri: str = Field(repr=False)
    qr: str = Field(repr=False)


class RecoveryReply(_Reply):
    """Codes that each stand in for the app once; shown now and never again."""

    recovery_codes: tuple[str, ...] = Field(repr=False)


class SessionReply(_Reply):
    """A session of one's own; times are Unix seconds, `current` is the one that asks."""

    id: str
    kind: Literal["token", "page"]
    created_s: int
    last_s: int
    expires_s: int
    address: str
    agent: str
    current: bool
