"""The compiled walk over JSON lines: right where a line is what the census saw, harmless where it is anything else."""

import json

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexer.compiled.arrow_text import copy_texts
from indexer.compiled.json_text import ALL, CROOKED, MORE, ODD, take_texts
from indexer.compiled.vectors import PADDING

NAMES = (np.frombuffer(b"text", dtype=np.uint8).copy(), np.frombuffer(b"id", dtype=np.uint8).copy())
CANARY = 0xA5
USED = 2


def taken(
    content: bytes, starts: list[int], is_end: bool, behind: int = 0, base: int = 0
) -> tuple[int, int, list[bytes], list[bytes | None]]:
    """(next line, how it ended, texts, raw ids); what lies beyond what may be written is found untouched."""
    raw = np.full(len(content) + PADDING, behind, dtype=np.uint8)
    raw[: len(content)] = np.frombuffer(content, dtype=np.uint8)
    room = USED + len(content) + 2 * PADDING
    out = np.full(room + 1000, CANARY, dtype=np.uint8)
    spans = np.full((len(starts) + 8, 4), -7, dtype=np.int64)
    lines = np.array(starts, dtype=np.int64)
    stop, used, how = take_texts(raw, len(content), is_end, base, lines, 0, NAMES, out, USED, spans)
    assert (out[room:] == CANARY).all()
    assert (out[:USED] == CANARY).all()
    assert (spans[stop:] == -7).all()
    assert USED <= used <= USED + len(content)
    texts = [out[start:end].tobytes() for start, end in spans[:stop, :2]]
    ids = [raw[start:end].tobytes() if start >= 0 else None for start, end in spans[:stop, 2:]]
    return stop, how, texts, ids


LINE = b'{"id": [1, "}"], "text": "a\\n\\u00e9\\ud83d\\ude00", "n": {"text": "no"}}\n'


def test_line() -> None:
    """The text is unescaped, the id is the value as it stands."""
    expected = "a\né😀".encode()
    assert taken(LINE * 2, [0, len(LINE)], True) == (2, ALL, [expected] * 2, [b'[1, "}"]'] * 2)
    assert taken(LINE[:-1], [1000], True, base=1000) == (1, ALL, [expected], [b'[1, "}"]'])


def test_line_that_is_cut_anywhere() -> None:
    """A line of which the end has not come yet is left for later, whatever lies in the buffer behind it."""
    for length in range(len(LINE)):
        for behind in (0, ord('"'), ord("}"), ord("\\"), ord("n"), ord("0")):
            assert taken(LINE[:length], [0], False, behind)[:2] == (0, MORE)
            if length < len(LINE) - 1:
                assert taken(LINE[:length], [0], True, behind)[1] in (ODD, MORE)


@pytest.mark.parametrize("starts", [[3, 3], [0] * 90, [0, 5], [5, 0], [-1], [0, 2**62], [-(2**62)], [2**62, 0]])
def test_starts_that_are_none(starts: list[int]) -> None:
    """Starts within a line before, before the window or behind it are noticed, never followed."""
    stop, how, _, _ = taken(LINE, starts, True)
    assert stop < len(starts)
    assert how in (CROOKED, MORE, ODD)


PIECES = st.sampled_from(
    [b'"', b"\\", b"{", b"}", b"[", b"]", b":", b",", b'"text"', b'"id"', b'{"text":"', b"\\u", b"\\ud83d", b"d83d",
     b"\n", b" ", b"\\n", b"0", b"null", b"\xef\xbb\xbf", b"\xff", b"x" * 63, b"y" * 64, b"z" * 130, b'"}\n']
)  # fmt: skip
GARBAGE = st.lists(PIECES | st.binary(max_size=3), max_size=30).map(b"".join)


@given(content=GARBAGE, gaps=st.lists(st.integers(-3, 80), max_size=6), is_end=st.booleans())
@example(content=b'{"text":"' + b"\\" * 200, gaps=[0], is_end=True)
@example(content=b'{"text":"' + b"\\u00e" * 40, gaps=[0], is_end=True)
@example(content=b'{"text":"","text":"' + b"x" * 100, gaps=[0], is_end=True)
def test_garbage_is_harmless(content: bytes, gaps: list[int], is_end: bool) -> None:
    """Any bytes and any starts: nothing is written elsewhere, and what lies behind the end changes nothing."""
    starts = np.cumsum(gaps).tolist()
    first = taken(content, starts, is_end, 0)
    assert all(taken(content, starts, is_end, behind) == first for behind in (ord('"'), ord("}"), ord("\\"), ord("0")))


@given(st.lists(st.text(max_size=150), max_size=8), st.booleans(), st.integers(0, 70))
def test_texts_of_any_length_at_any_place(texts: list[str], is_ascii: bool, shift: int) -> None:
    """Wherever vectors begin and end, texts are what json.loads makes of them."""
    lines = [json.dumps({"k" * shift: 0, "text": text}, ensure_ascii=is_ascii).encode() + b"\n" for text in texts]
    starts = [sum(map(len, lines[:number])) for number in range(len(lines))]
    assert taken(b"".join(lines), starts, True)[2] == [text.encode() for text in texts]


@given(st.lists(st.binary(max_size=200), max_size=8), st.integers(0, 3), st.integers(0, 5))
def test_copied_texts(texts: list[bytes], gap: int, between: int) -> None:
    """Texts of any length are copied whole, the gap behind each, and nothing beyond."""
    source = np.frombuffer((b"#" * between).join([*texts, b""]), dtype=np.uint8)
    starts = [sum(len(text) + between for text in texts[:number]) for number in range(len(texts))]
    ends = [start + len(text) for start, text in zip(starts, texts, strict=True)]
    out = np.full(3 + sum(map(len, texts)) + gap * len(texts) + 100, CANARY, dtype=np.uint8)
    used = copy_texts(source, np.array(starts, dtype=np.int64), np.array(ends, dtype=np.int64), out, 3, gap)
    assert out[3:used].tobytes() == b"".join(text + b"\n" * gap for text in texts)
    assert used == len(out) - 100
    assert (out[:3] == CANARY).all()
    assert (out[used:] == CANARY).all()
