"""`voiceassist hub keys`: the keys that sign editions."""

from __future__ import annotations

from hub.commands.common import ACTOR, Config, Json, group, opened
from hub.settings import DEFAULT_CONFIG
from voiceassist.console import out, print_json

app = group()


@app.callback()
def keys() -> None:
    """The keys that sign editions."""


@app.command()
def rotate(*, config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Sign with a new key from now on; the newest edition is published again under it.

    Rooms follow by themselves. Back the hub up afterwards: an older backup holds the old key,
    which the rooms no longer trust.
    """
    with opened(config) as rooms:
        clinic, now_s = rooms.settings.clinic, rooms.clock.wall_ms() // 1000
        following = str(rooms.keys.edition.now()[0] + 1)
        rooms.audit.record(
            action="keys.rotated", outcome="begun", subject=following, actor=ACTOR, detail={}
        )
        version = rooms.keys.edition.rotate(clinic, now_s)
        rooms.audit.record(
            action="keys.rotated",
            outcome="done",
            subject=str(version),
            actor=ACTOR,
            detail={"key": rooms.keys.edition.now()[1].keyid},
        )
        view = rooms.editions.sign_anew(ACTOR)
    if as_json:
        print_json({"keys": version, "edition": view.version if view else None})
        return
    again = f"; edition {view.version} is signed with it" if view else ""
    out.print(f"keys {version} are in force{again}; back the hub up now")
