"""Phrases sent as an Arrow stream: one column of text, `phrase`, and `at_step` in the metadata of its schema.

Of a dictionary, and of views, a few bytes may stand for a long text as often as one likes. How much it would be is
asked before it is written out: never more than a body may hold.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import TypeAdapter, ValidationError

from service.answers.questions import Step
from service.bodies.arrow_messages import counted_rows, no_stream, wrong_columns
from service.bodies.json_bodies import shown
from service.bodies.phrase_limits import has_no_empty, refuse_many
from service.errors import InvalidRequestError, LimitError
from service.settings import Limits

_STEP = TypeAdapter(Step)


def arrow_phrases(body: bytes, limits: Limits) -> tuple[pa.StringArray, int | None]:
    """The phrases of a stream, and the step that it asks for; takes little more memory than a body may have.

    Raises as `counted_rows`, InvalidRequestError for other columns, and for phrases that are null or empty, LimitError
    for more phrases than one request may ask for, and where they are too long to be written out.
    """
    refuse_many(counted_rows(body), limits)
    try:
        with pa.ipc.open_stream(body) as stream:
            _refuse_other_columns(stream.schema)
            step = _step_in(stream.schema.metadata or {})
            texts = _texts(stream, limits)
    except (pa.ArrowException, OSError, ValueError, ArithmeticError) as error:
        raise no_stream(str(error)) from error
    if not len(texts):
        raise _wrong("phrase", "Column should have at least 1 item")
    if not has_no_empty(texts):
        raise _empty()
    return texts, step


def _refuse_other_columns(schema: pa.Schema) -> None:
    (column,) = schema
    if column.name != "phrase" or not _is_text(column.type):
        raise wrong_columns(f"{shown(column.name)[1:-1]}: {shown(str(column.type))[1:-1]}")


def _is_text(of_type: pa.DataType) -> bool:
    """Text as it is, or a dictionary of such text."""
    plain = of_type.value_type if pa.types.is_dictionary(of_type) else of_type
    return any(is_text(plain) for is_text in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view))


def _step_in(metadata: dict[bytes, bytes]) -> int | None:
    """`at_step` of the schema's metadata; what else writers put there means nothing."""
    given = metadata.get(b"at_step")
    if given is None:
        return None
    try:
        return _STEP.validate_python(given.decode("ascii"))
    except (ValidationError, UnicodeDecodeError) as error:
        raise _wrong("at_step", "Input should be a whole number from 0 to 2^53 - 1") from error


def _texts(stream: pa.RecordBatchReader, limits: Limits) -> pa.StringArray:
    column = _Column(limits)
    for batch in stream:
        batch.validate()
        column.add(batch.column(0))
    return pa.concat_arrays(column.pieces) if column.pieces else pa.array([], pa.string())


class _Column:
    """The phrases of the batches so far, written out; raises LimitError before they would be more than is allowed."""

    def __init__(self, limits: Limits) -> None:
        self.pieces: list[pa.StringArray] = []
        self._limits = limits
        self._rows = 0
        self._bytes = 0
        self._dictionary: pa.Array | None = None
        self._entries = pa.array([], pa.string())

    def add(self, phrases: pa.Array) -> None:
        """Those of one more batch; raises ArrowInvalid where it is broken, InvalidRequestError for null."""
        self._rows += len(phrases)
        refuse_many(self._rows, self._limits)
        if phrases.null_count:
            raise _empty()
        if len(phrases):
            is_dictionary = pa.types.is_dictionary(phrases.type)
            self.pieces.append(self._looked_up(phrases) if is_dictionary else self._plain(phrases))

    def _plain(self, phrases: pa.Array) -> pa.StringArray:
        self._bytes += _text_bytes(phrases)
        self._refuse_large(self._bytes)
        phrases.validate(full=True)
        return pc.cast(phrases, pa.string())

    def _looked_up(self, phrases: pa.DictionaryArray) -> pa.StringArray:
        entries = self._entries_of(phrases.dictionary)
        indices = phrases.indices
        found = pc.min_max(indices).as_py()
        if not 0 <= found["min"] <= found["max"] < len(entries):
            raise ValueError("an index leads out of its dictionary")
        self._bytes += pc.sum(pc.binary_length(entries).take(indices)).as_py() or 0
        self._refuse_large(self._bytes)
        return entries.take(indices)

    def _entries_of(self, dictionary: pa.Array) -> pa.StringArray:
        """Its texts, looked at once, however many batches have it."""
        if self._dictionary is None or _place(self._dictionary) != _place(dictionary):
            dictionary.validate()
            self._refuse_large(_text_bytes(dictionary))
            dictionary.validate(full=True)
            entries = pc.cast(dictionary, pa.string())
            longest, most = pc.max(pc.utf8_length(entries)).as_py() or 0, self._limits.phrase_characters
            if longest > most:
                raise LimitError(
                    f"A text of the dictionary has {longest:,} characters, {most:,} is the most. Leave it out."
                )
            self._dictionary, self._entries = dictionary, entries
        return self._entries

    def _refuse_large(self, size: int) -> None:
        if size > self._limits.body_bytes:
            raise LimitError(
                f"Written out, the phrases take more than {self._limits.body_bytes:,} bytes, the most of one body. Ask "
                "in several requests."
            )


def _text_bytes(texts: pa.Array) -> int:
    """What the texts take when written out, as they say themselves; asked of views, which may be of the same bytes."""
    if not len(texts) or not pa.types.is_string_view(texts.type):
        return 0  # no more than was sent
    views = np.frombuffer(texts.buffers()[1], np.uint32, 4 * (texts.offset + len(texts))).reshape(-1, 4)
    return int(views[texts.offset :, 0].sum(dtype=np.int64))


def _place(texts: pa.Array) -> tuple[object, ...]:
    """Where an array lies: while it is held, another one of the same place is the same one."""
    buffers = ((one.address, one.size) if one is not None else None for one in texts.buffers())
    return (len(texts), texts.offset, *buffers)


def _empty() -> InvalidRequestError:
    return _wrong("phrase", "No phrase should be null or empty")


def _wrong(where: str, message: str) -> InvalidRequestError:
    return InvalidRequestError.of([{"loc": ("body", where), "msg": message}])
