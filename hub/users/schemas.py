"""People, as they and their administrators see them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from hub.http import Role

Name = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")]
State = Literal["pending", "active", "inactive"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class UserView(_Value):
    """A person. `state`: "pending" waits for an administrator, "inactive" can't sign in."""

    id: str
    email: str
    name: str
    role: Role
    state: State
    second_factor: bool
    created_ms: int


class NewUser(_Value):
    """Makes an account; its owner sets the password with the code in the answer."""

    email: Annotated[str, Field(max_length=254)]
    name: Name
    role: Role


class Opened(_Value):
    """An account and the one-time code by which its owner sets a password, good for three days."""

    user: UserView
    code: str = Field(repr=False)


class Standing(_Value):
    """What an administrator changes of an account; what is left out stays."""

    name: Name | None = None
    role: Role | None = None
    state: Literal["active", "inactive"] | None = None


class Profile(_Value):
    """What a person changes of their own account."""

    name: Name


class Preferences(_Value):
    """How a person likes it: answers read aloud by the page, and the microphone's mode."""

    speak_answers: bool = True
    microphone: Literal["push-to-talk", "hands-free"] = "push-to-talk"
