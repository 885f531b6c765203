"""The administrator's side, over the hub's own HTTP interface."""

from __future__ import annotations

import secrets
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from voiceassist.errors import Unavailable

EMAIL = "administrator@demo.clinic"


@dataclass(frozen=True, slots=True)
class SignIn:
    """What the administrator signs in with."""

    email: str
    password: str = field(repr=False)


class Administrator:
    """One signed-in person. Raises `Unavailable` with the hub's own words when it refuses."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def set_up(self, code: str) -> SignIn:
        """Redeem the one-time code and sign in with a fresh password."""
        account = SignIn(EMAIL, secrets.token_urlsafe(12))
        who = {"email": account.email, "password": account.password}
        self._call("POST", "/auth/setup", {"code": code, "name": "Demo Administrator", **who})
        token = self._call("POST", "/auth/login", who)["access_token"]
        self._client.headers["Authorization"] = f"Bearer {token}"
        return account

    def rooms(self) -> list[dict[str, Any]]:
        """The fleet, each with the state it showed last."""
        return list(self._call("GET", "/rooms"))

    def audit(self) -> dict[str, Any]:
        """The whole trail, verified now."""
        return dict(self._call("GET", "/audit/verify"))

    def ready(self) -> bool:
        """Whether the hub answers."""
        try:
            return self._client.get("/health").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _call(self, method: str, path: str, body: dict[str, str] | None = None) -> Any:
        try:
            answer = self._client.request(method, path, json=body)
            value = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable(f"the hub does not answer at {path}; see its log") from error
        if not value.get("success"):
            raise Unavailable(f"the hub refused {path}: {value.get('error', {}).get('message')}")
        return value["data"]


def administrator(url: str, ca: Path) -> Administrator:
    """At the hub `url`, trusting the clinic's authority in `ca` and no other."""
    return Administrator(
        httpx.Client(
            base_url=f"{url}/api/v1",
            verify=ssl.create_default_context(cafile=str(ca)),
            trust_env=False,
            timeout=10.0,
        )
    )
