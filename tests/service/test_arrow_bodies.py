"""Arrow bodies that would be more than they look: refused before they are written out, and always with a problem."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exposure.encoding import ARROW
from exposure.errors import ExposureError
from service.bodies.arrow_messages import MOST_MESSAGES, MOST_METADATA_BYTES
from service.bodies.arrow_phrases import arrow_phrases
from service.settings import Limits

PATH = "/v1/timelines/tiny/first-seen"
MANY = 100_000
TEXTS = ["cats sleep", "zebra", "these books", "zebra"]


def stream(*batches, options=None, metadata=None) -> bytes:
    """Batches of one schema as a client sends them."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batches[0].schema, options=options) as writer:
        for batch in batches:
            writer.write_batch(batch, custom_metadata=metadata)
    return sink.getvalue().to_pybytes()


def batch(column) -> pa.RecordBatch:
    """A batch of the column phrase."""
    return pa.record_batch({"phrase": column})


def repeated(text: str, count: int = MANY) -> pa.RecordBatch:
    """One text of a dictionary, `count` times."""
    return batch(pa.DictionaryArray.from_arrays(np.zeros(count, np.int8), [text]))


def viewed(text: str, count: int = MANY) -> pa.Array:
    """Views of one text, `count` times."""
    view = len(text).to_bytes(4, "little") + text[:4].encode() + bytes(8)
    return pa.Array.from_buffers(
        pa.string_view(), count, [None, pa.py_buffer(view * count), pa.py_buffer(text.encode())]
    )


def compressed(how: str) -> pa.ipc.IpcWriteOptions:
    """Options of a writer that compresses."""
    return pa.ipc.IpcWriteOptions(compression=how)


SCHEMA_OF_MUCH = pa.schema([pa.field("phrase", pa.string())], {"note": "x" * MOST_METADATA_BYTES})
DELTAS = [
    batch(pa.DictionaryArray.from_arrays(pa.array(range(count), pa.int8()), TEXTS[:count])) for count in (1, 2, 3)
]

HOSTILE = {
    "a long text of a dictionary": (stream(repeated("x" * 20_000)), 422, "limit-exceeded", "20,000 characters"),
    "a longer one": (stream(repeated("x" * 100_000)), 422, "limit-exceeded", "100,000 characters"),
    "a text that is often enough": (stream(repeated("x" * 1_000)), 422, "limit-exceeded", "16,777,216 bytes"),
    "batches that are": (stream(*[repeated("x" * 1_000, 9_000)] * 3), 422, "limit-exceeded", "16,777,216 bytes"),
    "more phrases": (stream(*[repeated("a", 60_000)] * 3), 422, "limit-exceeded", "180,000 phrases"),
    "views": (stream(batch(viewed("x" * 900))), 422, "limit-exceeded", "16,777,216 bytes"),
    "long views": (stream(batch(viewed("x" * 1_000_000))), 422, "limit-exceeded", "16,777,216 bytes"),
    "a dictionary of views": (
        stream(batch(pa.DictionaryArray.from_arrays(np.zeros(9, np.int8), viewed("x" * 900)))), 422, "limit-exceeded",
        "16,777,216 bytes",
    ),
    "zstd": (stream(batch(["x" * 10_000_000]), options=compressed("zstd")), 415, "unsupported-media-type", "compress"),
    "lz4": (stream(batch(["x" * 10_000_000]), options=compressed("lz4")), 415, "unsupported-media-type", "compress"),
    "a compressed dictionary": (
        stream(repeated("x" * 900), options=compressed("zstd")), 415, "unsupported-media-type", "compressed"
    ),
    "a dictionary in pieces": (
        stream(*DELTAS, options=pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)), 415, "unsupported-media-type",
        "adds to a dictionary",
    ),
    "metadata of a batch": (
        stream(batch(["a"]), metadata={"ARROW:experimental_compression": "zstd"}), 415, "unsupported-media-type",
        "metadata beside",
    ),
    "much metadata": (
        stream(pa.RecordBatch.from_arrays([pa.array(["a"])], schema=SCHEMA_OF_MUCH)), 422, "limit-exceeded",
        "bytes of metadata",
    ),
    "many batches": (stream(*[batch(["a"])] * MOST_MESSAGES), 422, "limit-exceeded", "fewer batches"),
    "runs": (
        stream(batch(pa.RunEndEncodedArray.from_arrays(pa.array([MANY], pa.int32()), ["x" * 900]))), 422,
        "invalid-request", "body.columns",
    ),
    "lists": (stream(batch([["a"]])), 422, "invalid-request", "body.columns"),
    "structs": (stream(batch([{"a": "b"}])), 422, "invalid-request", "body.columns"),
    "a dictionary of lists": (
        stream(batch(pa.DictionaryArray.from_arrays([0], pa.array([["a"]])))), 422, "invalid-request", "body.columns"
    ),
    "a dictionary of numbers": (
        stream(batch(pa.DictionaryArray.from_arrays([0], pa.array([1])))), 422, "invalid-request", "body.columns"
    ),
    "bytes": (stream(batch(pa.array(["a"], pa.binary()))), 422, "invalid-request", "body.columns"),
    "nulls": (stream(batch(pa.nulls(MANY))), 422, "invalid-request", "body.columns"),
    "two columns": (stream(pa.record_batch({"phrase": ["a"], "x": ["a"]})), 422, "invalid-request", "it is several"),
    "two of a name": (
        stream(pa.RecordBatch.from_arrays([pa.array(["a"])] * 2, ["phrase"] * 2)), 422, "invalid-request",
        "body.columns",
    ),
    "no column": (stream(pa.record_batch({})), 422, "invalid-request", "body.columns"),
    "a null of a dictionary": (
        stream(batch(pa.DictionaryArray.from_arrays([0, 1], pa.array(["a", None])))), 422, "invalid-request",
        "body.phrase",
    ),
    "a null index": (
        stream(batch(pa.DictionaryArray.from_arrays(pa.array([0, None]), ["a"]))), 422, "invalid-request", "body.phrase"
    ),
    "an index out of the dictionary": (
        stream(batch(pa.DictionaryArray.from_arrays(pa.array([0, 7]), ["a"], safe=False))), 400, "bad-request", "index"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_would_be_more_than_it_looks_is_refused(reader, name):
    """With a problem that says what to send instead."""
    body, status, kind, said = HOSTILE[name]
    answer = reader.post(PATH, content=body, headers={"content-type": ARROW})
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}"), answer.json()["detail"]
    assert said in answer.json()["detail"]
    assert len(answer.content) < 2_000


MEASURED = """
import resource, sys
from pathlib import Path
from exposure.errors import ExposureError
from service.bodies.phrase_body import asked_phrases
from service.settings import Limits
for body in sorted(Path(sys.argv[1]).iterdir()):
    sent = body.read_bytes()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        asked_phrases(sent, "application/vnd.apache.arrow.stream", Limits())
    except ExposureError:
        pass
    print(body.name, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_body_takes_little_more_memory_than_a_body_may_have(tmp_path):
    """Whatever it says that it holds: the peak of a process that reads them all, in MiB, the first calls included."""
    small = [body for body, *_ in HOSTILE.values() if len(body) < 2_000_000]
    small.append(stream(repeated("x" * 160)))  # one that is answered, of nearly 16 MiB
    for number, body in enumerate(small):
        (tmp_path / f"{number:03}").write_bytes(body)
    ran = subprocess.run(
        [sys.executable, "-c", MEASURED, tmp_path], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    grown = [int(line.split()[1]) for line in ran.stdout.splitlines()]
    assert len(grown) == len(small)
    assert sum(grown) < 100, ran.stdout


TYPES = [
    pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string()),
    pa.dictionary(pa.uint32(), pa.large_string()), pa.dictionary(pa.int64(), pa.string()),
]  # fmt: skip


@pytest.mark.parametrize("of_type", TYPES, ids=str)
def test_phrases_may_come_in_batches_of_any_type_of_text(of_type):
    """Empty ones among them, and each with a dictionary of its own."""
    pieces = [TEXTS, [], ["é\u2028" * 20, "cats sleep"], ["y" * 1000]]
    assert arrow_phrases(stream(*[batch(pa.array(one, of_type)) for one in pieces]), Limits())[0].to_pylist() == [
        text for piece in pieces for text in piece
    ]


def test_a_dictionary_of_views_is_written_out():
    """As polars' categories are sent by some versions."""
    texts = pa.array(["a" * 30, "b"], pa.string_view())
    sent = batch(pa.DictionaryArray.from_arrays(pa.array([1, 0, 1], pa.uint32()), texts))
    assert arrow_phrases(stream(sent, sent), Limits())[0].to_pylist() == ["b", "a" * 30, "b"] * 2


@given(st.data())
def test_any_bytes_are_read_or_refused(data):
    """Some bytes of a good stream changed, or the end of it cut off: no other error, and no more phrases than asked."""
    body = bytearray(data.draw(st.sampled_from(GOOD)))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.sampled_from((0, 1, 127, 128, 255)))
    sent = bytes(body[: data.draw(st.integers(0, len(body)))] if data.draw(st.booleans()) else body)
    with suppress(ExposureError):
        phrases, _ = arrow_phrases(sent, Limits())
        assert 0 < phrases.nbytes < 10_000


GOOD = [stream(*[batch(pa.array(TEXTS, of_type))] * 2) for of_type in TYPES] + [stream(batch(viewed("v" * 90, 4)))]
