"""`voiceassist hub init` and `broker-config`: everything that a clinic's hub is made of."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from urllib.parse import urlsplit

from hub.commands.common import opened
from hub.fleet.broker import BrokerPlace, access_list, bind_address, configuration
from hub.fleet.keys import load_keys, make_keys
from hub.settings import HubSettings, load
from voiceassist.errors import WrongUse

_ANYWHERE = {"0.0.0.0", "::", ""}  # noqa: S104 - compared with, not bound to


def initialise(config: Path, *, new_code: bool) -> dict[str, object]:
    """Make what lacks: keys, certificates, database, setup code; what was made, as JSON."""
    settings = load(config)
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = make_keys(
            settings.data_dir / "keys", settings.clinic, _hosts(settings), dt.datetime.now(dt.UTC)
        )
    except OSError as error:
        raise WrongUse(
            f"data_dir {settings.data_dir} can't be used ({error.strerror}); "
            "correct it, or run as the hub's user"
        ) from error
    with opened(config) as rooms:
        return {
            "clinic": settings.clinic,
            "url": settings.url,
            "ca": str(rooms.keys.file("ca.crt")),
            "made": made,
            "setup_code": rooms.auth.issue_code(anew=new_code),
            "needs_setup": rooms.auth.needs_setup(),
        }


def write_broker(
    config: Path, out: Path, *, at: Path | None, data: Path | None, run_as: str
) -> list[str]:
    """Write the broker's files into `out`; the names of those that changed.

    `at` is where the broker will read them, if they are moved; `data` where it keeps messages.
    """
    settings = load(config)
    keys = load_keys(settings.data_dir / "keys")
    home = (at or out).absolute()
    mqtt = settings.mqtt
    place = BrokerPlace(
        folder=home,
        data=(data or home / "data").absolute(),
        bind=bind_address(mqtt.host, mqtt.bind),
        port=mqtt.port,
        run_as=run_as,
    )
    files = {
        "mosquitto.conf": configuration(place).encode(),
        "acl": access_list(settings.clinic).encode(),
        **{name: keys.file(name).read_bytes() for name in ("ca.crt", "broker.crt", "broker.key")},
    }
    try:
        out.mkdir(parents=True, exist_ok=True, mode=0o750)
        if at is None and data is None:
            place.data.mkdir(exist_ok=True, mode=0o700)
        changed = [name for name, content in files.items() if _write(out / name, content)]
        if run_as and at is None:
            _hand_over(out, run_as)
    except (OSError, LookupError) as error:
        raise WrongUse(f"{out} can't be written ({error}); name another folder by --out") from error
    return changed


def _hosts(settings: HubSettings) -> list[str]:
    public = urlsplit(settings.url).hostname or ""
    named = [*settings.san, public, settings.host, settings.mqtt.host, "localhost", "127.0.0.1"]
    return [host for host in dict.fromkeys(named) if host not in _ANYWHERE]


def _write(path: Path, content: bytes) -> bool:
    if path.is_file() and path.read_bytes() == content:
        return False
    path.touch(mode=0o600)
    path.write_bytes(content)
    return True


def _hand_over(folder: Path, user: str) -> None:
    """The broker drops root before it reads its files."""
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, user)
