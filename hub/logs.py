"""Structured logs: one JSON object a line on standard error, and no words said."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

from hub import request_id

_KNOWN = {"message", "asctime", "taskName", "color_message"}  # the last is uvicorn's, in colour
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | _KNOWN


class JsonFormatter(logging.Formatter):
    """Renders a record, its `extra` fields and the request's id."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if current := request_id.current():
            line["request_id"] = current
        line |= {k: v for k, v in vars(record).items() if k not in _STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def configure(level: str = "INFO") -> None:
    """Send everything that is logged in this process to standard error as JSON."""
    # a stream that can't be written to would have the error at hand printed, words and all
    logging.raiseExceptions = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("httpx", "httpcore", "alembic", "sqlalchemy", "uvicorn.access", "websockets"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # at DEBUG it repeats the frames of sockets, words and all
    logging.getLogger("uvicorn.error").setLevel(max(logging.INFO, root.level))
