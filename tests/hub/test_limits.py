from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hub.caller import Caller, caller_of
from hub.errors import TooMany
from hub.throttle import Throttle

EMAIL = "dana@clinic.example"


async def _login(hub: Any, **headers: str) -> Any:
    who = {"email": EMAIL, "password": "not this one at all"}
    return await hub.client.post("/api/v1/auth/login", json=who, headers=headers)


async def test_signing_in_is_tried_ten_times_a_minute(hub: Any, fail: Any) -> None:
    """Guessing ends, also with the right password, and the answer says for how long."""
    await hub.sign_in()
    for _ in range(9):
        fail(await _login(hub), 401, "INVALID_CREDENTIALS")
    answer = await _login(hub)
    fail(answer, 429, "RATE_LIMITED")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


async def test_a_header_of_ones_own_gets_no_new_attempts(hub: Any, fail: Any) -> None:
    """Where no proxy stands before the hub, X-Forwarded-For is nobody's word."""
    for number in range(10):
        await _login(hub, **{"X-Forwarded-For": f"10.0.0.{number}"})
    fail(await _login(hub, **{"X-Forwarded-For": "10.0.1.1"}), 429, "RATE_LIMITED")


async def test_many_at_once_get_no_more_than_one_by_one(hub: Any) -> None:
    """A burst is counted like a queue."""
    throttle = Throttle()

    def attempt(_number: int) -> bool:
        try:
            throttle.hit("10/minute", "login", "10.0.0.1")
        except TooMany:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(attempt, range(100))) == 10


async def test_an_account_is_limited_from_all_addresses_together(hub: Any) -> None:
    """Guessing one account's password from many machines ends as well."""
    throttle = Throttle()
    for number in range(10):
        throttle.hit("10/minute", "address", f"10.0.0.{number}")
        throttle.hit("10/minute", "account", EMAIL)
    throttle.hit("10/minute", "address", "10.0.0.77")
    with pytest.raises(TooMany):
        throttle.hit("10/minute", "account", EMAIL)


async def test_registering_is_tried_five_times_an_hour(hub: Any, fail: Any) -> None:
    """Nobody fills the list of those who wait."""
    body = {"email": "x@clinic.example", "password": "seven loud purple kettles", "name": "X"}
    for number in range(5):
        one = body | {"email": f"x{number}@clinic.example"}
        fail(await hub.client.post("/api/v1/auth/register", json=one), 403, "FORBIDDEN")
    answer = await hub.client.post("/api/v1/auth/register", json=body)
    fail(answer, 429, "RATE_LIMITED")
    assert int(answer.headers["Retry-After"]) > 600


async def test_refreshing_is_tried_twenty_times_a_minute(hub: Any, fail: Any) -> None:
    """A client gone wild is slowed."""
    for _ in range(20):
        answer = await hub.client.post("/api/v1/auth/refresh", json={"refresh_token": "x"})
        fail(answer, 401, "UNAUTHORIZED")
    answer = await hub.client.post("/api/v1/auth/refresh", json={"refresh_token": "x"})
    fail(answer, 429, "RATE_LIMITED")


@pytest.mark.parametrize(
    ("hops", "forwarded", "address"),
    [
        (0, ["1.2.3.4"], "10.0.0.9"),
        (1, ["1.2.3.4"], "1.2.3.4"),
        (1, ["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
        (1, ["6.6.6.6", "1.2.3.4"], "1.2.3.4"),
        (2, ["6.6.6.6, 1.2.3.4, 10.0.0.8"], "1.2.3.4"),
        (2, ["1.2.3.4"], "10.0.0.9"),
        (1, [], "10.0.0.9"),
        (1, ["<script>"], "10.0.0.9"),
        (1, ["2001:db8::1"], "2001:db8::1"),
    ],
)
def test_the_caller_behind_the_sites_own_proxies(
    hops: int, forwarded: list[str], address: str
) -> None:
    """Only what a trusted proxy wrote is believed; what a caller put before it is not."""
    assert caller_of("10.0.0.9", forwarded, "x", trusted_hops=hops).address == address


def test_an_ipv6_subscriber_is_one_caller() -> None:
    """Changing the lower half of an address, which is free, gets no new attempts."""
    one, two = Caller("2001:db8:1:2::1", ""), Caller("2001:db8:1:2:ffff::9", "")
    assert one.network == two.network == "2001:db8:1:2::/64"
    assert Caller("192.0.2.1", "").network == "192.0.2.1"


def test_a_redis_that_is_away_neither_opens_nor_closes(caplog: pytest.LogCaptureFixture) -> None:
    """Without the shared count each process counts by itself, and says so once."""
    caplog.set_level(logging.WARNING)
    throttle = Throttle("redis://127.0.0.1:1/0")
    throttle.hit("2/minute", "login", "x")
    throttle.hit("2/minute", "login", "x")
    with pytest.raises(TooMany):
        throttle.hit("2/minute", "login", "x")
    assert caplog.text.count("Redis is away") == 1
    throttle.close()
