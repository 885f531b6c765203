"""The clinic set up by its own commands, in the order that IT would type them.

    hub init ─┬─ documents add ─ editions publish ──────────────────────┐
              └─ broker-config ─ mosquitto ─ hub run ─ enrol ─ appliance run
    cloud

The branches need nothing of each other, so they go at the same time; the room hears of the
edition when it is published.
"""

from __future__ import annotations

import getpass
import os
import secrets
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from demo import commands, layout
from demo.administrator import Administrator, SignIn, administrator
from demo.cloud import KEY_VARIABLE, PROVIDER_KEY_VARIABLE
from demo.layout import Layout, Ports
from demo.processes import Crew, listening
from demo.view import View
from voiceassist.engines.profile import Profile, load_profile
from voiceassist.engines.store import ModelStore, default_store
from voiceassist.errors import Unavailable

LIBRARY = Path(__file__).parent / "library"
_START_S = 90.0
_MODEL_S = 180.0


@dataclass(frozen=True, slots=True)
class Provider:
    """A real provider, or the local stand-in where `url` is empty."""

    url: str = ""
    key: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Clinic:
    """A clinic that runs."""

    administrator: Administrator
    account: SignIn
    hub_url: str
    panel_url: str


def open_clinic(
    place: Layout, ports: Ports, crew: Crew, view: View, provider: Provider, *, feed: bool
) -> Clinic:
    """Set up and start everything; raises `VoiceAssistError` for what can't be."""
    mosquitto = layout.find_mosquitto()
    check_weights(load_profile(layout.PROFILE), default_store())
    key = secrets.token_urlsafe(24)
    layout.write_private(place.cloud_key, key)
    model = provider.model or "local-model"
    place.hub_settings.write_text(layout.hub_settings(place, ports, model), encoding="utf-8")
    place.room_settings.write_text(layout.room_settings(place, ports), encoding="utf-8")
    _start_cloud(place, ports, crew, provider, key)
    with view.step("hub: authority, certificates, signing keys, database"):
        made = commands.report(crew, "hub", "init", "--config", place.hub_settings)
    person = administrator(str(made["url"]), place.authority)
    with ThreadPoolExecutor(max_workers=1) as beside, _stopped_on_failure(crew):
        library = beside.submit(_publish, place, crew)
        with view.step("broker: Mosquitto, mutual TLS, an identity and access list a machine"):
            _start_broker(place, ports, crew, mosquitto)
        with view.step("hub: running, the one-time code redeemed by its administrator"):
            account = _start_hub(place, crew, person, str(made["setup_code"]))
        with view.step("room: made its keys, asked to be enrolled, took the hub's kit"):
            _enrol(place, crew)
        _start_room(place, crew, feed=feed)
        with view.step("library: documents taken in, indexed, published as a signed edition"):
            published = _wait(library, crew)
    view.say(
        f"edition {published['version']}: {published['documents']} documents, "
        f"{published['passages']} passages",
        "ok",
    )
    cloud, panel = f"http://127.0.0.1:{ports.cloud}", f"http://127.0.0.1:{ports.panel}"
    with view.step("cloud: " + (provider.url or "a local model in the provider's place")):
        crew.wait_for(lambda: _answers(f"{cloud}/health"), "the cloud server is not up", _MODEL_S)
    with view.step("room: models loaded, edition fetched and verified, link up"):
        crew.wait_for(lambda: _room_ready(panel), "the room is not ready", _MODEL_S)
    return Clinic(person, account, str(made["url"]), panel)


def check_weights(profile: Profile, store: ModelStore) -> None:
    """Raise `Unavailable` for weights that are not there, before anything is started."""
    missing = [name for name in profile.models if not store.holds(name)]
    if missing:
        raise Unavailable(
            f"weights are missing: {', '.join(missing)}; run `voiceassist models pull`"
        )


def _start_cloud(place: Layout, ports: Ports, crew: Crew, provider: Provider, key: str) -> None:
    command = [sys.executable, "-m", "demo.cloud", "--port", str(ports.cloud)]
    command += ["--log", str(place.cloud_log), "--profile", layout.PROFILE]
    if provider.url:
        command += ["--forward", provider.url]
    crew.start("cloud", command, {KEY_VARIABLE: key, PROVIDER_KEY_VARIABLE: provider.key})


def _start_broker(place: Layout, ports: Ports, crew: Crew, mosquitto: str) -> None:
    # started by root it would become another user, who may not look into this directory
    user = ("--run-as", getpass.getuser()) if os.geteuid() == 0 else ()
    settings = place.hub_settings
    commands.run(crew, "hub", "broker-config", "--config", settings, "--out", place.broker, *user)
    crew.start("broker", [mosquitto, "-c", str(place.broker / "mosquitto.conf")])
    crew.wait_for(lambda: listening(ports.broker), "the broker is not up", _START_S)


def _start_hub(place: Layout, crew: Crew, person: Administrator, code: str) -> SignIn:
    crew.start("hub", commands.voiceassist("hub", "run", "--config", place.hub_settings))
    crew.wait_for(person.ready, "the hub is not up", _START_S)
    return person.set_up(code)


def _enrol(place: Layout, crew: Crew) -> None:
    identity = place.identity
    commands.run(crew, "appliance", "enrol", "request", "--room", layout.ROOM, "--dir", identity)
    request, settings = identity / "request.json", place.hub_settings
    commands.run(crew, "hub", "rooms", "enrol", request, "--config", settings, "--out", place.kit)
    commands.run(crew, "appliance", "enrol", "accept", place.kit, "--dir", identity)


def _publish(place: Layout, crew: Crew) -> dict[str, Any]:
    commands.run(crew, "hub", "documents", "add", LIBRARY, "--config", place.hub_settings)
    return commands.report(crew, "hub", "editions", "publish", "--config", place.hub_settings)


@contextmanager
def _stopped_on_failure(crew: Crew) -> Iterator[None]:
    """So that nobody waits for a command that runs beside what failed."""
    try:
        yield
    except BaseException:
        crew.stop()
        raise


def _wait(work: Future[dict[str, Any]], crew: Crew) -> dict[str, Any]:
    crew.wait_for(work.done, "the library is not published", _MODEL_S)
    return work.result()


def _start_room(place: Layout, crew: Crew, *, feed: bool) -> None:
    command = commands.voiceassist("appliance", "run", "--config", place.room_settings)
    crew.start("room", [*command, "--feed", str(place.spool)] if feed else command)


def _room_ready(panel: str) -> bool:
    """It holds an edition, and its link to the hub is up."""
    try:
        health = httpx.get(f"{panel}/health", trust_env=False).json()
    except (httpx.HTTPError, ValueError):
        return False
    return bool(health.get("edition")) and bool(health.get("link", {}).get("connected"))


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
