"""Draws a blocking iterator by a thread of its own, for the event loop to take from.

Law: one thread makes, draws and closes the iterator, and ends with it; who leaves early leaves
word, and the thread goes at the next item.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, Self, TypeVar

T = TypeVar("T")

_NICENESS = 10


def give_way() -> None:
    """Let everything else go before this thread, and what it starts: who types waits for nobody.

    Linux keeps a priority for each thread; where a sandbox forbids it, all are equal.
    """
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


@dataclass(frozen=True, slots=True)
class _End:
    error: Exception | None


class Drawing(Generic[T]):
    """The items of `make()`, as they come; what it raises is raised here.

    `gentle`: the thread gives way to all others. What is not taken yet is held, without a bound:
    for what is finite, and short.
    """

    def __init__(self, make: Callable[[], Iterator[T]], name: str, *, gentle: bool = False) -> None:
        self._gentle = gentle
        self._loop = asyncio.get_running_loop()
        self._items: asyncio.Queue[T | _End] = asyncio.Queue()
        self._left = threading.Event()
        self._ended = asyncio.Event()
        context = contextvars.copy_context()  # so that what is logged has the request's id
        # a daemon: one that hangs must not keep the hub from stopping
        threading.Thread(
            target=context.run, args=(self._draw, make), name=name, daemon=True
        ).start()

    def leave(self) -> None:
        """Take no more."""
        self._left.set()

    async def ended(self, patience_s: float) -> bool:
        """Wait for the thread to be done; whether it is."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), patience_s)
        return self._ended.is_set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        item = await self._items.get()
        if isinstance(item, _End):
            raise item.error or StopAsyncIteration
        return item

    def _draw(self, make: Callable[[], Iterator[T]]) -> None:
        error: Exception | None = None
        if self._gentle:
            give_way()
        try:
            self._draw_all(make())
        except Exception as caught:  # noqa: BLE001 - raised again where the items are taken
            error = caught
        self._tell(_End(error))
        self._on_loop(self._ended.set)

    def _draw_all(self, items: Iterator[T]) -> None:
        try:
            for item in items:
                if self._left.is_set():
                    return
                self._tell(item)
        finally:
            close = getattr(items, "close", None)
            if close is not None:
                close()

    def _tell(self, item: T | _End) -> None:
        self._on_loop(lambda: self._items.put_nowait(item))

    def _on_loop(self, call: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(call)
