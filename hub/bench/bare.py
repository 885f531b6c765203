"""A bare FastAPI route on the hub's server settings: what the hub's answers are held against."""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from hub.serve import listen

app = FastAPI()


@app.get("/bare")
async def bare() -> dict[str, str]:
    """The least that a route can do."""
    return {"status": "ok"}


def main(port: str, certificate: str, key: str) -> None:
    """Serve until ended."""
    config = uvicorn.Config(
        app, ssl_certfile=Path(certificate), ssl_keyfile=Path(key), log_config=None,
        access_log=False, server_header=False, proxy_headers=False,
    )  # fmt: skip
    with listen("127.0.0.1", int(port)) as listener:
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
