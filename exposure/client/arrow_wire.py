"""Arrow on the wire: answers that were cut off are told from whole ones, and phrases are sent as a column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from exposure.client.exchanges import Broken, Response
from exposure.client.problems import UnexpectedAnswer

if TYPE_CHECKING:
    import pyarrow as pa

ARROW = "application/vnd.apache.arrow.stream"
_END = b"\xff\xff\xff\xff\x00\x00\x00\x00"
"""The last bytes of a stream. Readers of Arrow take a stream without them for a shorter one."""


def is_cut_off(reply: Response) -> bool:
    """Whether an answer in Arrow lacks its end."""
    return reply.status == 200 and reply.media == ARROW and not reply.content.endswith(_END)


def whole(reply: Response | Broken) -> Response | Broken:
    """`reply`, or what broke: so that an answer that was cut off is asked for again."""
    if isinstance(reply, Response) and is_cut_off(reply):
        return Broken(f"the answer was cut off after {len(reply.content):,} bytes")
    return reply


def table_of(content: bytes) -> pa.Table:
    """The table in a whole stream; raises UnexpectedAnswer where it is damaged."""
    import pyarrow as pa

    try:
        with pa.ipc.open_stream(content) as stream:
            return stream.read_all()
    except (pa.ArrowException, OSError) as error:
        raise UnexpectedAnswer(f"The answer is damaged Arrow ({error}). Ask again.") from error


def column_of(phrases: Sequence[str], at_step: int | None) -> bytes:
    """A stream with the one column `phrase`, and the checkpoint that is asked for beside it."""
    import pyarrow as pa

    facts = None if at_step is None else {"at_step": str(at_step)}
    schema = pa.schema([("phrase", pa.string())], metadata=facts)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as stream:
        stream.write_batch(pa.record_batch([pa.array(phrases, pa.string())], schema=schema))
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]
