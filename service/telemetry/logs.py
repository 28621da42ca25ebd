"""The log: one line a request and one for what went wrong, on standard error, for people or as JSON."""

from __future__ import annotations

import datetime
import json
import logging
import sys
from typing import Literal, TextIO

from service.gates.exchange import Exchange, Observer

REQUESTS = "exposure.service.requests"
"""The logger of requests; all others stay as they are."""

LEVELS = {"exposure": logging.INFO, "uvicorn": logging.WARNING}

_requests = logging.getLogger(REQUESTS)


def configure(format_: Literal["text", "json"], stream: TextIO | None = None) -> None:
    """Have everything that this process logs written to `stream` (standard error), from warnings on.

    Of the service itself also what is for information. Only for a process that serves: it changes the root logger.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if format_ == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name, level in LEVELS.items():
        logging.getLogger(name).setLevel(level)


def request_log(shows_queries: bool) -> Observer:
    """An observer that logs one line for each exchange; queries as they came, or else hashed."""

    def log(exchange: Exchange) -> None:
        if not _requests.isEnabledFor(logging.INFO):
            return
        fields = fields_of(exchange, shows_queries)
        _requests.log(_level(exchange), "%s", _sentence(fields), extra={"fields": fields})

    return log


def fields_of(exchange: Exchange, shows_queries: bool) -> dict[str, object]:
    """What is written of an exchange: never a path, a body or a key; phrases stand in queries and bodies alone."""
    query = _escaped(exchange.query[:2_000]) if shows_queries else exchange.query_hash
    fields = {
        "method": exchange.method,
        "route": exchange.template,
        "status": exchange.status,
        "ms": round(exchange.seconds * 1000, 1),
        "received_bytes": exchange.received_bytes,
        "bytes": exchange.sent_bytes,
        "request_id": exchange.request_id,
        "key": exchange.key,
        "job": exchange.job,
        "query": query if exchange.query else None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _escaped(query: bytes) -> str:
    """In one line of ASCII, whatever it is."""
    return query.decode("latin-1").encode("unicode_escape").decode("ascii")


def _level(exchange: Exchange) -> int:
    return logging.WARNING if exchange.status is not None and exchange.status >= 500 else logging.INFO


def _sentence(fields: dict[str, object]) -> str:
    shown = "{method} {route} {status} {ms} ms {bytes} B".format_map(fields)
    named = [f"{name}={fields[name]}" for name in ("request_id", "key", "job", "query") if name in fields]
    return " ".join([shown, *named])


class TextFormatter(logging.Formatter):
    """For people: time, level, message; a traceback below it."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")


class JsonFormatter(logging.Formatter):
    """One JSON object a line, in ASCII: time (UTC), level, logger, and the fields of a request or else a message."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        time = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
        line: dict[str, object] = {
            "time": time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        fields = getattr(record, "fields", None)
        line |= fields if fields is not None else {"message": record.getMessage()}
        if hasattr(record, "request_id"):
            line["request_id"] = record.request_id
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)
