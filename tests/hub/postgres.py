"""A PostgreSQL server of the tests' own, on a socket in a folder, where Debian's is installed."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

from hub.storage.engine import Database
from hub.storage.migrate import migrate


def programs() -> Path | None:
    """Where `initdb` and `postgres` stand; None where they aren't installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


class Server:
    """A server; each database of it is a copy of one that has all tables."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._admin = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@/{name}?host={self._folder}"

    def execute(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(statement))

    def make_template(self) -> None:
        self.execute("CREATE DATABASE made")
        database = Database(self.url("made"))
        migrate(database)
        database.close()

    @contextmanager
    def database(self, template: str = "made") -> Iterator[str]:
        """A database's URL, as an administrator writes it."""
        name = f"t{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield self.url(name).replace("+psycopg", "")
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        self._admin.dispose()


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """A server in `folder`; PostgreSQL refuses to run as root, so it runs as its own user then."""
    bin_folder = programs()
    assert bin_folder is not None
    folder.mkdir(mode=0o755)
    user = None
    if os.geteuid() == 0:
        user = "postgres"
        shutil.chown(folder, user)
        for parent in folder.parents:
            if parent.stat().st_uid == 0 and parent != Path("/"):
                parent.chmod(parent.stat().st_mode | 0o011)
        pwd.getpwnam(user)
    data = folder / "data"
    initdb = [
        bin_folder / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "-A",
        "trust",
        "-N",
        "-E",
        "UTF8",
    ]
    subprocess.run(initdb, user=user, check=True, capture_output=True, cwd=folder)
    settings = ["listen_addresses=", f"unix_socket_directories={folder}", "fsync=off"]
    command = [bin_folder / "postgres", "-D", data, *(one for s in settings for one in ("-c", s))]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, user=user, stdout=log, stderr=log, cwd=folder)
    server = Server(folder)
    try:
        _wait(bin_folder, folder)
        server.make_template()
        yield server
    finally:
        server.close()
        process.terminate()
        process.wait(30)


def _wait(bin_folder: Path, folder: Path) -> None:
    ready = [bin_folder / "pg_isready", "-q", "-h", folder]
    for _ in range(100):
        if subprocess.run(ready, check=False).returncode == 0:
            return
        subprocess.run(["/bin/sleep", "0.1"], check=True)
    raise RuntimeError((folder / "log").read_text())
