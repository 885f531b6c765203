"""`/api/v1/users`: everyone's own profile and settings, and all accounts for administrators."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path

from hub.envelope import Answer, ok
from hub.http import Administrator, Member, Overseer, Paged, provided
from hub.users.schemas import NewUser, Opened, Preferences, Profile, Standing, UserView
from hub.users.service import Users

router = APIRouter(prefix="/users", tags=["users"])

People = Annotated[Users, Depends(provided(Users))]
UserId = Annotated[str, Path(max_length=64)]


@router.get("/me")
def me(person: Member, users: People) -> Answer[UserView]:
    """One's own profile."""
    return ok(users.get(person.id))


@router.patch("/me")
def change_me(body: Profile, person: Member, users: People) -> Answer[UserView]:
    """Change one's own name."""
    return ok(users.rename(person, body))


@router.get("/me/settings")
def preferences(person: Member, users: People) -> Answer[Preferences]:
    """One's own settings."""
    return ok(users.preferences(person))


@router.put("/me/settings")
def prefer(body: Preferences, person: Member, users: People) -> Answer[Preferences]:
    """Replace one's own settings."""
    return ok(users.prefer(person, body))


@router.get("")
def list_users(_person: Overseer, users: People, page: Paged) -> Answer[list[UserView]]:
    """Everyone by e-mail address."""
    found, total = users.listing(page.offset, page.size)
    return ok(found, page.of(total))


@router.post("", status_code=HTTPStatus.CREATED)
def create(body: NewUser, person: Administrator, users: People) -> Answer[Opened]:
    """Make an account. Hand its code to its owner, who sets a password: POST /auth/redeem."""
    return ok(users.create(body, person))


@router.get("/{user}")
def get(user: UserId, _person: Overseer, users: People) -> Answer[UserView]:
    """One person."""
    return ok(users.get(user))


@router.patch("/{user}")
def change(user: UserId, body: Standing, person: Administrator, users: People) -> Answer[UserView]:
    """Change name, role or state; a new role or state signs the person out at once."""
    return ok(users.change(user, body, person))


@router.post("/{user}/reset")
def reset(user: UserId, person: Administrator, users: People) -> Answer[Opened]:
    """Forget a person's password and second factor; the code in the answer opens it again."""
    return ok(users.reset(user, person))
