"""Structured logs as JSON lines, without patient data by construction.

Our own events may carry only the fields of a closed list, and their strings are cut and cleared of anything that
looks like an NHS number. From libraries only uvicorn's own sentences are let through; of every other record, and of
every exception, only names and places are written, never its text: that may quote a query, a URL or a value.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, TextIO

import structlog

FIELDS = frozenset(
    {
        "event", "level", "logger", "timestamp", "request_id", "reason", "code", "status", "duration_ms", "kind",
        "operation", "role", "count", "source", "subgraph", "section", "version", "port", "host", "workers", "error",
        "places", "outcome", "attempt", "signal", "issuer", "generation", "subgraphs", "reasons",
    }
)  # fmt: skip
"""What an event may say. A new field is a decision: add it here only if it can never identify a patient."""

_EXACT = frozenset({"timestamp", "request_id"})
"""Ours by construction: a time, and a UUID."""

LONGEST = 200
_NUMBER = re.compile(r"\d[\d\s-]{6,}\d")
_TALKERS = frozenset({"uvicorn", "uvicorn.error"})


def clean(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep the closed list of fields, plain values, and no long number. Exceptions become names and places."""
    failure = event.pop("exc_info", None)
    if failure:
        _, value, trace = sys.exc_info() if failure is True else _triple(failure)
        event["error"], event["places"] = described(value, trace)
    return {name: value if name in _EXACT else _plain(value) for name, value in event.items() if name in FIELDS}


def described(value: BaseException | None, trace: TracebackType | None) -> tuple[str, list[str]]:
    """Class of an exception and where it arose; nothing of its text."""
    places = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(trace)[-6:]]
    return type(value).__name__, places


def _triple(failure: Any) -> tuple[Any, Any, Any]:
    if isinstance(failure, BaseException):
        return type(failure), failure, failure.__traceback__
    return failure if isinstance(failure, tuple) else (None, None, None)


def _plain(value: Any) -> Any:
    if isinstance(value, bool | int | float | None):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value[:20]]
    return _NUMBER.sub("[number]", str(value)[:LONGEST])


class _FromLibraries(logging.Handler):
    """Library records as our own events."""

    def __init__(self, logger: Any) -> None:
        super().__init__()
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, Any] = {"logger": record.name}
        if record.exc_info:
            fields["error"], fields["places"] = described(record.exc_info[1], record.exc_info[2])
        talks = record.name in _TALKERS and not record.exc_info and "\n" not in record.getMessage()
        event = record.getMessage() if talks else "library_event"
        getattr(self._logger, record.levelname.lower(), self._logger.warning)(event, **fields)


def configure(level: str = "info", stream: TextIO | None = None) -> None:
    """Send every log line of the process, ours and the libraries', to `stream` (standard error) as JSON."""
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            clean,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_FromLibraries(structlog.get_logger())]
    root.setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
        logging.getLogger(name).setLevel(logging.INFO)
    logging.getLogger("uvicorn.access").disabled = True
