"""Run by a machine's own Python: the first administrator signs in and publishes one document.

Arguments: the hub's address, its authority's certificate, the setup code.
"""

from __future__ import annotations

import ssl
import sys
import time
from typing import Any

import httpx
import pyotp

PERSON = {"email": "it@example.org", "password": "a long enough pass phrase"}
DOCUMENT = """# Sharps injury

Wash the wound with soap and water at once. Report the injury to the duty lead within one hour.
"""


def main(url: str, authority: str, code: str) -> None:
    """Set up, upload, wait for the index, publish; prints the edition's version."""
    tls = ssl.create_default_context(cafile=authority)
    with httpx.Client(base_url=f"{url}/api/v1", verify=tls, timeout=30, trust_env=False) as hub:
        hub.post("/auth/setup", json={"code": code, "name": "IT", **PERSON}).raise_for_status()
        token = data(hub.post("/auth/login", json=PERSON))["access_token"]
        hub.headers["Authorization"] = f"Bearer {token}"
        secret = data(hub.post("/auth/second-factor"))["secret"]
        code = {"code": pyotp.TOTP(secret).now()}
        data(hub.post("/auth/second-factor/confirm", json=code))
        files = {"file": ("sharps.md", DOCUMENT.encode(), "text/markdown")}
        added = data(hub.post("/documents", files=files))["document"]["id"]
        while data(hub.get(f"/documents/{added}"))["job"]["state"] != "done":
            time.sleep(0.5)
        print(data(hub.post("/editions"))["version"])  # noqa: T201 - the answer to the test


def data(response: httpx.Response) -> Any:
    """What an answer holds, or the error it is."""
    response.raise_for_status()
    return response.json()["data"]


if __name__ == "__main__":
    main(*sys.argv[1:])
