"""How often something may be tried, by any of several keys.

Law: where the shared store is away, each process counts by itself: losing it neither opens the door
nor closes it.
"""

from __future__ import annotations

import logging
import math
import time

from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import MovingWindowRateLimiter

from hub.errors import TooMany

log = logging.getLogger(__name__)

_PATIENCE_S = 0.25


class Throttle:
    """Counts attempts in a moving window; thread-safe. `redis_url` "" counts in this process."""

    def __init__(self, redis_url: str = "") -> None:
        self._spare = MovingWindowRateLimiter(MemoryStorage())
        self._shared = MovingWindowRateLimiter(_redis(redis_url)) if redis_url else self._spare
        self._alone = False

    def close(self) -> None:
        """Close the connections to the shared store."""
        if isinstance(self._shared.storage, RedisStorage):
            self._shared.storage.storage.connection_pool.disconnect()

    def hit(self, limit: str, what: str, *keys: str) -> None:
        """Count one attempt at `what` under each key; raises `TooMany`, with when to come again."""
        item = parse(limit)
        for key in keys:
            try:
                self._hit(self._shared, item, what, key)
            except StorageError:
                self._note_alone(alone=True)
                self._hit(self._spare, item, what, key)
            else:
                self._note_alone(alone=False)

    def _hit(
        self, limiter: MovingWindowRateLimiter, item: RateLimitItem, what: str, key: str
    ) -> None:
        if limiter.hit(item, what, key):
            return
        ends_s = limiter.get_window_stats(item, what, key).reset_time
        wait_s = max(1, math.ceil(ends_s - time.time()))
        raise TooMany(f"too many attempts; try again in {wait_s} seconds", wait_s)

    def _note_alone(self, *, alone: bool) -> None:
        if alone != self._alone:
            self._alone = alone
            log.warning("limits: Redis is %s", "away, each process counts" if alone else "back")


def _redis(url: str) -> Storage:
    return RedisStorage(
        url,
        wrap_exceptions=True,
        socket_timeout=_PATIENCE_S,
        socket_connect_timeout=_PATIENCE_S,
        protocol=2,
    )
