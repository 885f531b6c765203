"""What tests of every room share: a net under everything that is logged."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator

import pytest


class Net(logging.Handler):
    """Keeps all that a record holds: its message, arguments, extra fields and traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(f"{record.name} {record.getMessage()} {vars(record)!r}")
        if record.exc_info:
            self.seen.append("".join(traceback.format_exception(*record.exc_info)))

    @property
    def caught(self) -> str:
        return "\n".join(self.seen)


@pytest.fixture
def net() -> Iterator[Net]:
    """Under every logger there is, all at DEBUG, also those that keep to themselves."""
    net, root = Net(), logging.getLogger()
    named = [one for one in root.manager.loggerDict.values() if isinstance(one, logging.Logger)]
    before = [(one, one.level, one.disabled) for one in (root, *named)]
    for one, _, _ in before:
        one.setLevel(logging.DEBUG)
        one.disabled = False
        if one is root or not one.propagate:
            one.addHandler(net)
    yield net
    for one, level, disabled in before:
        one.setLevel(level)
        one.disabled = disabled
        one.removeHandler(net)
