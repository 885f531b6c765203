from __future__ import annotations

import json
import logging

from hub import request_id
from hub.keeper import Herald, Keeper
from hub.logs import JsonFormatter
from voiceassist.errors import Unavailable


def test_each_edition_is_told_once() -> None:
    """Rooms hear of an edition when it is there, whoever published it, and not again."""
    newest, told = [0], []
    herald = Herald(lambda: newest[0], told.append)
    herald.look()
    for version in (1, 1, 3):
        newest[0] = version
        herald.look()
    assert told == [1, 3]


def test_a_chore_that_fails_does_not_stop_the_others() -> None:
    """Trouble with one is shown while it lasts, and the rest goes on."""
    failing, done = [True], []

    def chore() -> None:
        if failing[0]:
            raise Unavailable("no model; pull it")

    keeper = Keeper({"library": chore, "announcing": lambda: done.append(1)})
    keeper.tick()
    assert keeper.problems == {"library": "no model; pull it"}
    failing[0] = False
    keeper.tick()
    assert keeper.problems == {}
    assert done == [1, 1]


def test_a_log_line_is_one_json_object_with_the_requests_id() -> None:
    """Logs can be read by machines and followed by request."""
    request_id.enter("b5c7e1a0-1111-4222-8333-444455556666")
    record = logging.LogRecord("hub", logging.INFO, "f", 1, "took %d", (3,), None)
    record.room = "exam-1"
    line = JsonFormatter().format(record)
    assert "\n" not in line
    value = json.loads(line)
    assert value["message"] == "took 3"
    assert value["room"] == "exam-1"
    assert value["request_id"] == "b5c7e1a0-1111-4222-8333-444455556666"
