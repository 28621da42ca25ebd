"""Server-sent events: bytes, cut anywhere → events."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event as it was sent. `id` is the last that the stream has said, None while it has said none."""

    type: str
    data: str
    id: str | None


@dataclass
class EventParser:
    """Puts events together from bytes that come in any portions; an event that is not whole at the end is none."""

    last_id: str | None = None
    _decoder: codecs.IncrementalDecoder = field(
        default_factory=lambda: codecs.getincrementaldecoder("utf-8")("replace")
    )
    _text: str = ""
    _type: str = ""
    _data: list[str] = field(default_factory=list)
    _is_new: bool = True

    def feed(self, portion: bytes) -> Iterator[ServerSentEvent]:
        """The events that `portion` completes."""
        self._text += self._decoder.decode(portion)
        if self._is_new and self._text:
            self._text, self._is_new = self._text.removeprefix("\ufeff"), False
        for line in self._lines():
            event = self._line(line)
            if event is not None:
                yield event

    def _lines(self) -> Iterator[str]:
        """Whole lines: they end with CR, LF or both; a CR at the end may be half of a line end, and is kept."""
        start = 0
        while True:
            ends = [at for at in (self._text.find("\n", start), self._text.find("\r", start)) if at >= 0]
            end = min(ends, default=len(self._text))
            if end + (self._text[end : end + 1] == "\r") >= len(self._text):
                break
            yield self._text[start:end]
            start = end + (2 if self._text.startswith("\r\n", end) else 1)
        self._text = self._text[start:]

    def _line(self, line: str) -> ServerSentEvent | None:
        """Take in one line; an empty one ends an event."""
        if not line:
            return self._dispatched()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._type = value
        elif name == "id" and "\0" not in value:
            self.last_id = value
        return None

    def _dispatched(self) -> ServerSentEvent | None:
        data, kind = self._data, self._type
        self._data, self._type = [], ""
        return ServerSentEvent(kind or "message", "\n".join(data), self.last_id) if data else None
