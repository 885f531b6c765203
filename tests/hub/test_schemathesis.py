"""Whatever the OpenAPI description allows, and much that it does not, sent to every endpoint.

`VOICEASSIST_CASES` is how many requests an operation gets of each kind (6 where it is not set):
with 150 there are some 20,000 in all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hub.app import create_app
from hub.fleet.schemas import EnrolRequest
from hub.http import Person, Role
from hub.settings import HubSettings, RateSettings, SessionSettings
from hub.wiring import Container, open_rooms
from tests.hub.conftest import Box, FakeEmbedding
from voiceassist.phi.build import build_gate
from voiceassist.phi.policy import PhiPolicy

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
CASES = int(os.environ.get("VOICEASSIST_CASES", "6"))
SENT: list[str] = []  # the path of each request
ENVELOPE = {"success", "data", "error", "metadata", "timestamp"}
GOUT = b"# Gout\n\nGive naproxen 500 mg twice daily for gout. Check the kidneys first.\n"
load_all_checks()
_settings = settings(
    max_examples=CASES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)


class Everyone:
    """Lets everyone in as an administrator, and every room as one that is enrolled."""

    def __init__(self, person: Person) -> None:
        self._person = person

    async def person(self, _request: object) -> Person:
        return self._person

    def room(self, _request: object) -> str:
        return "exam-1"


@contextmanager
def opened(folder: Path, made: Path) -> Iterator[Any]:
    """A hub with an administrator, a room, a document and an edition, and no threads."""
    import shutil  # noqa: PLC0415

    shutil.copytree(made, folder / "data")
    many = "1000000/second"
    rooms = open_rooms(
        HubSettings(
            clinic="demo",
            data_dir=folder / "data",
            rates=RateSettings(registration=many, login=many, refresh=many, code=many),
            session=SessionSettings(second_factor="off"),
        ),
        FakeEmbedding(),
    )
    rooms.auth._hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
    account, _ = rooms.accounts.create("a@clinic.example", "A", Role.ADMINISTRATOR)
    request: EnrolRequest = Box("exam-1").request()
    rooms.fleet.enrol(request, "t")
    rooms.documents.add("gout.md", GOUT, "t")
    rooms.worker.begin()
    while rooms.worker.step():
        pass
    rooms.editions.publish("t")
    container = Container(rooms)
    container._first_judge._judge = container._judge._judge = build_gate(PhiPolicy(), None)
    container.start = container.stop = lambda: None  # type: ignore[method-assign]
    app = create_app(container)
    app.state.guard = Everyone(Person(account.id, account.email, "A", Role.ADMINISTRATOR, "s"))
    yield app
    rooms.worker.release()
    rooms.close()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, made: Path) -> Iterator[Any]:
    with opened(tmp_path_factory.mktemp("schemathesis"), made) as application:
        yield application


@pytest.fixture(scope="module")
def described(app: Any) -> Any:
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)


CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def look(case: Any) -> None:
    """One request: no server error, nothing outside its schema, an envelope around all JSON."""
    response = case.call()
    SENT.append(case.path)
    if response.status_code != 503:  # parts that a bare hub has not: they say so in the envelope
        case.validate_response(response, checks=CHECKS)
    assert response.headers["x-request-id"]
    kind = response.headers.get("content-type", [""])[0]
    unwrapped = case.path.startswith("/api/v1/library/") and response.status_code < 400
    if kind.startswith("application/json") and not unwrapped:
        assert set(response.json()) == ENVELOPE
    if response.status_code >= 400:
        assert kind.startswith("application/json")


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_no_request_breaks_an_endpoint(described: Any, mode: GenerationMode) -> None:
    """No 5xx, no answer outside its schema, no envelope missing, whatever is sent."""
    broken = []
    for result in described.get_all_operations():
        operation = result.ok()

        @_settings
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: Any) -> None:
            look(case)

        try:
            send()
        except Unsatisfiable:
            continue  # nothing can be wrong with what takes nothing
        except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - all that break are told, not the first alone
            broken.append(f"{operation.label}: {error}")
    print(f"{mode.value}: {len(SENT)} requests so far, {len(set(SENT))} paths")  # noqa: T201 - the figure that is reported
    assert len(set(SENT)) > 40
    assert not broken, "\n\n".join(broken)


def test_no_sequence_of_requests_breaks_the_hub(described: Any) -> None:
    """What one request made is used, changed and deleted by others, in any order."""

    class Walk(described.as_state_machine()):  # type: ignore[misc]
        def validate_response(self, response: Any, case: Any, **_more: Any) -> None:
            case.validate_response(response, checks=CHECKS)

    Walk.TestCase.settings = settings(_settings, max_examples=CASES * 2, stateful_step_count=8)
    Walk.TestCase().runTest()
