from __future__ import annotations

import datetime as dt
import hashlib
import shutil
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher

from hub.app import create_app
from hub.fleet.keys import make_keys
from hub.fleet.schemas import EnrolRequest
from hub.http import Role
from hub.indexing import Embedding
from hub.settings import HubSettings, MqttSettings, SessionSettings
from hub.storage.engine import Database
from hub.storage.migrate import migrate
from hub.wiring import Container, Rooms, open_rooms
from voiceassist.contract.room_token import make_room_token
from voiceassist.contract.signing import as_pem
from voiceassist.engines.ports import Embedder, Vectors

EMAIL = "dana@clinic.example"
PASSWORD = "four quiet green words"
NOW = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)


class HashEmbedder:
    """Vectors from hashed words: the same text, the same vector."""

    def __init__(self, model: str = "hash", dimension: int = 32) -> None:
        self.model = model
        self.sha256 = hashlib.sha256(model.encode()).hexdigest()
        self.dimension = dimension

    def embed(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().split():
                row[hashlib.sha256(word.encode()).digest()[0] % self.dimension] += 1
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


class FakeEmbedding(Embedding):
    """Gives an embedder that needs no weights."""

    def __init__(self, embedder: Embedder | None = None) -> None:
        super().__init__("generic-x86", None)
        self._embedder = embedder or HashEmbedder()


@dataclass
class Box:
    """A room's box, as far as the hub meets it."""

    room: str
    machine: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    tls: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def request(self) -> EnrolRequest:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "anything")])
        csr = x509.CertificateSigningRequestBuilder().subject_name(name)
        signed = csr.sign(self.tls, hashes.SHA256())
        return EnrolRequest(
            room=self.room,
            machine_public_pem=as_pem(self.machine.public_key()),
            csr_pem=signed.public_bytes(Encoding.PEM).decode(),
        )

    def bearer(self, now_s: int, jti: str) -> dict[str, str]:
        token = make_room_token(self.machine, room=self.room, now_s=now_s, jti=jti)
        return {"Authorization": f"Bearer {token}"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hub's data as `hub init` leaves it, made once and copied for each test."""
    data = tmp_path_factory.mktemp("made") / "data"
    make_keys(data / "keys", "demo", ["localhost", "127.0.0.1"], dt.datetime.now(dt.UTC))
    database = Database(f"sqlite:///{data / 'hub.sqlite'}")
    migrate(database)
    database.close()
    return data


@pytest.fixture
def settings(tmp_path: Path, made: Path) -> HubSettings:
    shutil.copytree(made, tmp_path / "data")
    return HubSettings(
        clinic="demo",
        data_dir=tmp_path / "data",
        mqtt=MqttSettings(port=free_port()),
        session=SessionSettings(second_factor="off"),
    )


@pytest.fixture
def rooms(settings: HubSettings) -> Iterator[Rooms]:
    opened = open_rooms(settings, FakeEmbedding())
    quick = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)
    opened.auth._hasher = PasswordHash((quick, BcryptHasher()))
    yield opened
    opened.close()


@dataclass
class Hub:
    """A hub in this process, without its threads."""

    container: Container
    client: httpx.AsyncClient

    @property
    def rooms(self) -> Rooms:
        return self.container.rooms

    async def sign_in_as(self, role: str, email: str = "") -> dict[str, str]:
        """A person of that role, made by an administrator, signs in."""
        email = email or f"{role}@clinic.example"
        made = self.rooms.accounts.create(email, role.title(), Role(role))
        redeem = {"email": email, "password": PASSWORD, "code": made[1]}
        answer = await self.client.post("/api/v1/auth/redeem", json=redeem)
        assert answer.status_code == 200, answer.text
        who = {"email": email, "password": PASSWORD}
        answer = await self.client.post("/api/v1/auth/login", json=who)
        return {"Authorization": f"Bearer {answer.json()['data']['access_token']}"}

    async def sign_in(self) -> dict[str, str]:
        code = self.rooms.auth.issue_code(anew=True)
        who = {"email": EMAIL, "password": PASSWORD}
        made = await self.client.post(
            "/api/v1/auth/setup", json={"code": code, "name": "Dana Okafor", **who}
        )
        assert made.status_code == 201, made.text
        answer = await self.client.post("/api/v1/auth/login", json=who)
        return {"Authorization": f"Bearer {answer.json()['data']['access_token']}"}

    def index(self) -> None:
        assert self.rooms.worker.begin()
        while self.rooms.worker.step():
            pass
        self.rooms.worker.release()


@pytest.fixture
async def hub(rooms: Rooms) -> AsyncIterator[Hub]:
    container = Container(rooms)
    transport = httpx.ASGITransport(create_app(container))
    async with httpx.AsyncClient(transport=transport, base_url="https://hub.test") as client:
        yield Hub(container, client)
    container.stop()


def failure(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Checks the whole form of an error and returns its `error`."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"success", "data", "error", "metadata", "timestamp"}
    assert body["success"] is False
    assert body["data"] is None
    assert body["metadata"]["request_id"] == answer.headers["X-Request-ID"]
    error = body["error"]
    assert set(error) == {"code", "message", "details", "field"}
    assert error["code"] == code
    assert error["message"]
    return dict(error)


@pytest.fixture
def fail() -> Any:
    return failure


@pytest.fixture
def box() -> Box:
    return Box("exam-1")


@pytest.fixture
def make_box() -> type[Box]:
    return Box


@pytest.fixture
def embedders() -> type[HashEmbedder]:
    return HashEmbedder


@pytest.fixture
def now() -> dt.datetime:
    return NOW
