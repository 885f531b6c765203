"""What sign-in asks of the rest of the hub."""

from __future__ import annotations

from typing import Protocol


class Site(Protocol):
    """What an administrator sets for the site, as it is now."""

    def registration_open(self) -> bool:
        """Whether people may ask for an account."""

    def password_kinds(self) -> bool:
        """Whether passwords must have four kinds of signs."""
