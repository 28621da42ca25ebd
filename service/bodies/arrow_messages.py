"""The messages of an Arrow stream, looked at before Arrow reads them: some say a lot in a few bytes.

Arrow decompresses buffers, puts dictionaries together, and copies each text of the metadata as often as it is pointed
at, before anybody can ask how much will come of it. What each message is about stands in a flatbuffer.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from service.errors import BodyError, InvalidRequestError, LimitError, MediaTypeError

MOST_MESSAGES = 4_000
"""Each takes some 100 µs of the interpreter."""

MOST_METADATA_BYTES = 16 << 10
"""Of one message: a schema of one column and what writers note with it, or the buffers of one batch."""

_CONTINUED = b"\xff\xff\xff\xff"
_SCHEMA, _DICTIONARY, _BATCH = 1, 2, 3


@dataclass(frozen=True)
class _Table:
    """A table of a flatbuffer; fields go by their number in Arrow's Message.fbs and Schema.fbs.

    Raises struct.error and ValueError where it leads out of the flatbuffer.
    """

    flatbuffer: bytes
    place: int

    def number(self, field: int, form: str) -> int:
        """The field as struct's `form` reads it; 0 where it is left out."""
        place = self._place_of(field)
        return 0 if place is None else self._at(form, place)

    def table(self, field: int) -> _Table | None:
        """The table that the field leads to."""
        place = self._place_of(field)
        return None if place is None else _Table(self.flatbuffer, place + self._at("<I", place))

    def tables(self, field: int) -> list[_Table]:
        """The tables that the field lists, the first two of them."""
        place = self._place_of(field)
        if place is None:
            return []
        place += self._at("<I", place)
        entries = range(place + 4, place + 4 + 4 * min(self._at("<I", place), 2), 4)
        return [_Table(self.flatbuffer, entry + self._at("<I", entry)) for entry in entries]

    def has(self, field: int) -> bool:
        """Whether the field is there."""
        return self._place_of(field) is not None

    def _place_of(self, field: int) -> int | None:
        listing = self.place - self._at("<i", self.place)
        entry = 4 + 2 * field
        offset = self._at("<H", listing + entry) if entry < self._at("<H", listing) else 0
        return self.place + offset if offset else None

    def _at(self, form: str, place: int) -> int:
        if place < 0:
            raise ValueError("its metadata lead nowhere")
        return int(struct.unpack_from(form, self.flatbuffer, place)[0])


def counted_rows(body: bytes) -> int:
    """The rows that the batches of a stream say they have: no more is known until Arrow has read them.

    Raises BodyError for what is no stream, InvalidRequestError for other columns than one that is not nested,
    MediaTypeError where it is compressed, adds to dictionaries or has metadata beside its schema's, LimitError for too
    many messages and too much metadata.
    """
    rows = 0
    try:
        for count, message in enumerate(_messages(body)):
            if count >= MOST_MESSAGES:
                raise LimitError(
                    f"The Arrow stream has more than {MOST_MESSAGES:,} messages. Send its rows in fewer batches."
                )
            rows += _rows(message)
    except (struct.error, ValueError) as error:
        raise no_stream(str(error)) from error
    return rows


def no_stream(reason: str) -> BodyError:
    """The error of a body that is no Arrow stream; `reason` may be as long as somebody's metadata."""
    said = (reason.splitlines() or ["no reason was given"])[0][:200]
    return BodyError(f"The body is no Arrow stream ({said}). Send one, or one JSON object, as /docs says.")


def _messages(body: bytes) -> Iterator[_Table]:
    """The metadata of each message up to the stream's end; what is cut off is left to Arrow to say."""
    place = 0
    while len(body) - place >= 8:
        if body[place : place + 4] != _CONTINUED:
            raise ValueError("a message of Arrow 0.15 or later was expected")
        (size,) = struct.unpack_from("<i", body, place + 4)
        if size == 0:
            return
        if size < 0:
            raise ValueError("a message has less than no bytes")
        if size > MOST_METADATA_BYTES:
            raise LimitError(
                f"A message of the Arrow stream has {size:,} bytes of metadata, {MOST_METADATA_BYTES:,} is the most. "
                "Send the one column phrase, and no metadata but at_step."
            )
        place += 8 + size
        flatbuffer = body[place - size : place]
        message = _Table(flatbuffer, struct.unpack_from("<I", flatbuffer)[0])
        yield message
        length = message.number(3, "<q")
        if length < 0:
            raise ValueError("a message has less than no bytes")
        place += length


def _rows(message: _Table) -> int:
    """The rows of a message; raises MediaTypeError."""
    if message.has(4):  # Arrow copies it at once, and once told there that buffers are compressed
        raise _not_read("has metadata beside those of its schema", "Leave them out")
    kind, said = message.number(1, "<B"), message.table(2)
    if said is not None and kind == _SCHEMA:
        _refuse_columns(said)
    if said is None or kind not in (_DICTIONARY, _BATCH):
        return 0
    if kind == _DICTIONARY and said.number(2, "<B"):
        raise _not_read("adds to a dictionary", "Send whole dictionaries")
    batch = said.table(1) if kind == _DICTIONARY else said
    if batch is not None and batch.has(3):
        raise _not_read("has compressed buffers", "Send them as they are, without compression")
    return 0 if batch is None or kind == _DICTIONARY else max(batch.number(0, "<q"), 0)


def _refuse_columns(schema: _Table) -> None:
    columns = schema.tables(1)
    if len(columns) != 1:
        raise wrong_columns("none" if not columns else "several")
    if columns[0].tables(5):
        raise wrong_columns("nested")


def wrong_columns(given: str) -> InvalidRequestError:
    """The error of a stream whose columns are `given`."""
    said = f"Input should be one column, phrase: string; it is {given}"
    return InvalidRequestError.of([{"loc": ("body", "columns"), "msg": said}])


def _not_read(what: str, advice: str) -> MediaTypeError:
    return MediaTypeError(f"The Arrow stream {what}, which is not read here. {advice}.")
