"""What the people's room asks of the rest of the hub."""

from __future__ import annotations

from typing import Protocol

from hub.http import Role
from hub.users.schemas import Opened, State, UserView


class Directory(Protocol):
    """Accounts. Raises `NotFound` for an unknown one, `Conflict` for what can't be."""

    def listing(self, offset: int, limit: int) -> tuple[list[UserView], int]:
        """People by e-mail address, and how many there are."""

    def get(self, user: str) -> UserView:
        """One person."""

    def create(self, email: str, name: str, role: Role) -> Opened:
        """A new account with its code; raises `BadField` for a malformed address."""

    def rename(self, user: str, name: str) -> UserView:
        """Change the name that others see."""

    def set_standing(self, user: str, role: Role, state: State) -> UserView:
        """Change role and state, signing the person out."""

    def reset(self, user: str) -> Opened:
        """Sign the person out, forget password and second factor; a new code."""
