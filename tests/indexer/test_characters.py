"""Tables over all of Unicode, against the methods of str; characters read and written as bytes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import oracles
import pytest
import slow_matches

from exposure.folding import FOLD_TABLE, fold
from indexer.compiled.characters import (
    BREAK,
    CODE_POINTS,
    FILLER,
    LETTER,
    LONE,
    RUN,
    SPACE,
    class_at,
    class_before,
    classes,
    decode,
    encode,
    stand_ins,
)

ALL = [chr(point) for point in range(CODE_POINTS)]
SURROGATES = range(0xD800, 0xE000)
SOME = [
    point
    for border in (0, 0x80, 0x800, 0xD800, 0xE000, 0x10000, 0x40000, CODE_POINTS)
    for point in range(border - 70, border + 70)
    if 0 <= point < CODE_POINTS and point not in SURROGATES
] + [point for point in range(0, CODE_POINTS, 997) if point not in SURROGATES]


def buffer(content: bytes) -> npt.NDArray[np.uint8]:
    """Bytes between blank lines, as compiled code is given them."""
    return np.frombuffer(b"\n\n" + content + b"\n\n" + bytes(8), dtype=np.uint8).copy()


def test_classes_are_those_of_str() -> None:
    """Words, scripts without spaces, white space, line breaks and letters: for every code point there is."""
    lone = {point for first, last in oracles.NO_SPACES for point in range(first, last + 1)}
    expected = np.zeros(CODE_POINTS, dtype=np.uint8)
    for point, one in enumerate(ALL):
        if one.isalnum() or one == "_":
            expected[point] = (LONE if point in lone else RUN) | (LETTER if one.isalpha() else 0)
        elif one.isspace():
            expected[point] = SPACE | (BREAK if len(f"a{one}b".splitlines()) == 2 else 0)
        else:
            assert not one.isalpha()
    assert np.array_equal(classes(), expected)


def test_stand_ins_stand_for_what_folds_alike() -> None:
    """Two code points have the same stand-in exactly when they fold alike, and what stands in is one of them."""
    folded = np.array([ord(one) for one in slow_matches.folded("".join(ALL))])
    assert np.array_equal(folded[stand_ins()], folded)  # so what has the same stand-in folds alike
    assert np.array_equal(stand_ins()[folded], stand_ins())  # and what folds alike has the same stand-in
    assert np.array_equal(folded, [ord(one) for one in fold("".join(ALL))])


def test_stand_ins_take_no_more_bytes() -> None:
    """A stand-in takes at most the bytes of whatever it stands for, which is why folded text fits in place."""

    def size(point: int) -> int:
        return len(chr(point).encode("utf-8", "surrogatepass"))

    changed = np.flatnonzero(stand_ins() != np.arange(CODE_POINTS)).tolist()
    assert len(changed) >= len(FOLD_TABLE) - 2
    assert all(size(stand_ins()[point]) <= size(point) for point in changed)


def test_stand_ins_are_judged_as_what_folds() -> None:
    """A stand-in is a word character, a letter or white space exactly when the folded character is."""
    folded = np.arange(CODE_POINTS)
    folded[list(FOLD_TABLE)] = list(FOLD_TABLE.values())
    assert np.array_equal(classes()[stand_ins()], classes()[folded])


def test_ascii_stands_for_itself() -> None:
    """Small letters stand for capitals, and all other ASCII for itself: vectors fold it without the table."""
    assert bytes(stand_ins()[:128].astype(np.uint8)) == bytes(range(128)).lower()


def test_every_length_of_character_is_read_and_written() -> None:
    """UTF-8 as Python has it, in both directions."""
    for point in SOME:
        content = chr(point).encode()
        text = buffer(content)
        assert decode(text, 2) == (point, len(content))
        written = np.zeros(8, dtype=np.uint8)
        assert encode(np.int64(point), written, 2) == len(content)
        assert written.tobytes() == b"\0\0" + content + bytes(6 - len(content))


@pytest.mark.parametrize("byte", [*range(0x80, 0xC0), *range(0xF8, 0x100)])
def test_bytes_that_start_no_character(byte: int) -> None:
    """A stray byte is one U+FFFD: neither word nor white space, and one step."""
    assert decode(buffer(bytes([byte]) + b"abc"), 2) == (0xFFFD, 1)


def test_no_code_point_is_beyond_the_tables() -> None:
    """Whatever four bytes say, the answer is a place in the tables."""
    for first in range(0xC0, 0x100):
        for rest in (b"\x80\x80\x80", b"\xbf\xbf\xbf", b"\n\n\n", b"\xff\xff\xff", b"\0\0\0"):
            point, length = decode(buffer(bytes([first]) + rest), 2)
            assert 0 <= point < CODE_POINTS
            assert 1 <= length <= 4


@pytest.mark.parametrize("fillers", [0, 1, 2])
def test_classes_beside_a_place(fillers: int) -> None:
    """The class of the character that ends or starts at a place, over fillers, whatever stands on its other side."""
    for point in SOME:
        content = chr(point).encode()
        for other in (b"a", b" ", "漢".encode(), "é".encode(), b""):
            text = buffer(other + content + bytes([FILLER]) * fillers)
            first = 2 + len(other)
            assert class_at(text, first, classes()) == classes()[point]
            assert class_before(text, first + len(content) + fillers, classes()) == classes()[point]


def test_before_the_beginning_there_is_nothing() -> None:
    """At the very first byte no class is told, and nothing is read before it."""
    assert class_before(buffer(b""), 0, classes()) == 0
    assert class_before(np.full(8, FILLER, dtype=np.uint8), 4, classes()) == 0
