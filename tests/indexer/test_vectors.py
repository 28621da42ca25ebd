"""Vector operations, the built ones and the plain loops: both against a byte at a time in Python."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nasty_texts import LONG_WORDS, SIGNS, SPACES, WORDS
from numba import njit
from searches import WORD_RULES, slow_search

from exposure.phrases import GAP, Phrase
from indexer.compiled import llvm_vectors, plain_vectors
from indexer.compiled.code_cache import VARIABLE
from indexer.compiled.vectors import HAS_VECTORS, PADDING, VECTOR

KINDS = [pytest.param(plain_vectors, id="plain")]
if HAS_VECTORS:
    KINDS.append(pytest.param(llvm_vectors, id="llvm"))

TESTS: dict[str, Callable[[int], bool]] = {
    "word_mask": lambda byte: chr(byte).isascii() and (chr(byte).isalnum() or chr(byte) == "_"),
    "space_mask": lambda byte: chr(byte).isascii() and chr(byte).isspace(),
    "high_mask": lambda byte: not chr(byte).isascii(),
    "continuing_mask": lambda byte: byte & 0b1100_0000 == 0b1000_0000,
    "escape_or_quote_mask": lambda byte: chr(byte) in '\\"',
    "newline_mask": lambda byte: chr(byte) == "\n",
}
"""Which bytes each mask shows."""

Operations = dict[str, Any]


@pytest.fixture(scope="module", params=KINDS)
def operations(request: pytest.FixtureRequest) -> Operations:
    """Every operation as a function that Python may call."""
    module: ModuleType = request.param

    def of_array(mask: Any) -> Any:
        return njit(lambda array, index: mask(array, index))

    def of_number(count: Any) -> Any:
        return njit(lambda number: count(number))

    def of_arrays(copy: Any) -> Any:
        return njit(lambda target, to, source, start: copy(target, to, source, start))

    return {
        **{name: of_array(getattr(module, name)) for name in (*TESTS, "load64", "prefetch")},
        **{name: of_number(getattr(module, name)) for name in ("lowest_bit", "highest_bit", "bit_count")},
        **{name: of_arrays(getattr(module, name)) for name in ("copy_vector", "copy_folded")},
    }


def mask_of(content: bytes, name: str) -> int:
    """A mask of 64 bytes, the lowest bit for the first."""
    return sum(1 << place for place, byte in enumerate(content[:VECTOR]) if TESTS[name](byte))


def as_array(content: bytes) -> npt.NDArray[np.uint8]:
    """Bytes that may be read a vector beyond their end."""
    return np.frombuffer(content + bytes(PADDING), dtype=np.uint8).copy()


@pytest.mark.parametrize("name", TESTS)
def test_every_byte_in_every_place(operations: Operations, name: str) -> None:
    """Each of the 256 bytes is in a mask or is not, wherever it stands in the vector and the vector in the text."""
    order = [*range(256)] * 2
    Random(name).shuffle(order)
    text = as_array(bytes(order))
    for index in range(len(order)):
        content = text[index : index + VECTOR].tobytes()
        assert operations[name](text, index) % 2**64 == mask_of(content, name)


@given(content=st.binary(min_size=VECTOR, max_size=200), start=st.integers(0, 128), to=st.integers(0, 70))
@settings(max_examples=100)
def test_bytes_are_read_and_copied(operations: Operations, content: bytes, start: int, to: int) -> None:
    """Eight bytes make a number; 64 are copied as they are or folded, from any place to any, and no others change."""
    source = as_array(content)
    taken = source[start : start + VECTOR].tobytes()
    assert operations["load64"](source, start) % 2**64 == int.from_bytes(taken[:8], "little")
    for name, expected in (("copy_vector", taken), ("copy_folded", taken.lower())):
        target = np.full(to + VECTOR + 9, 0xA5, dtype=np.uint8)
        operations[name](target, to, source, start)
        assert target.tobytes() == b"\xa5" * to + expected + b"\xa5" * 9
    assert operations["prefetch"](source, start) is None
    assert source.tobytes() == content + bytes(PADDING)


@given(number=st.integers(0, 2**64 - 1) | st.integers(0, 63).map(lambda bit: 1 << bit))
@example(0)
@example(2**64 - 1)
def test_bits_of_a_mask(operations: Operations, number: int) -> None:
    """The lowest and the highest bit, and how many there are."""
    mask = np.uint64(number)
    bits = [bit for bit in range(64) if number >> bit & 1]
    assert operations["lowest_bit"](mask) == min(bits, default=64)
    assert operations["highest_bit"](mask) == max(bits, default=-1)
    assert operations["bit_count"](mask) == len(bits)


def test_both_kinds_have_the_same_operations() -> None:
    """Whatever one kind offers, the other does."""

    def offered(module: ModuleType) -> set[str]:
        return {name for name in vars(module) if name.endswith(("_mask", "_bit", "_vector", "_folded", "_count"))}

    assert {name for name in offered(plain_vectors) if not name.startswith("_")} == {
        name for name in offered(llvm_vectors) if not name.startswith("_")
    }


SCRIPT = """
import json, sys
from searches import WORD_RULES, search
from exposure.phrases import Phrase
from indexer.compiled.vectors import HAS_VECTORS
assert not HAS_VECTORS
answers = [
    [search("words", [Phrase(*one) for one in phrases], passages, rule) for rule in WORD_RULES]
    for phrases, passages in json.load(sys.stdin)
]
json.dump(answers, sys.stdout)
"""
Asked = tuple[list[tuple[str, int, bool]], list[str]]


def asked(seed: int) -> Asked:
    """Phrases of every kind, all of them taken from the passages in which they are looked for."""
    random = Random(seed)
    kept = [
        *random.sample(WORDS, 6),
        *random.sample(LONG_WORDS, 2),
        *random.sample(SIGNS, 3),
        *random.sample(SPACES, 4),
    ]
    passages = [random.choices([*kept, *" " * 8], k=size) for size in (0, 5, 150, 60, 1)]
    starts = [random.randrange(150) for _ in range(40)]
    parts = ["".join(passages[2][start : start + random.randint(1, 4)]).replace("…", "-") for start in starts]
    parts = [part for part in parts if part.strip()]
    phrases = [(part, 0, random.random() < 0.3) for part in parts]
    gaps = [(one + GAP + other, random.randint(1, 9), False) for one, other in zip(parts, parts[5:], strict=False)]
    return phrases + gaps, ["".join(passage) for passage in passages]


def test_the_word_matcher_on_plain_loops(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Asked not to use vectors, a process compiles the plain loops and finds what the rule says, like any other."""
    cases = [asked(seed) for seed in range(4)]
    environment = os.environ | {
        "EXPOSURE_PLAIN_LOOPS": "1",
        VARIABLE: str(tmp_path_factory.getbasetemp() / "plain-code"),
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path]),
    }
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT], input=json.dumps(cases), capture_output=True, text=True, env=environment
    )
    assert ended.returncode == 0, ended.stderr
    answers = json.loads(ended.stdout)
    for (phrases, passages), found in zip(cases, answers, strict=True):
        for rule, places in zip(WORD_RULES, found, strict=True):
            expected = slow_search([Phrase(*one) for one in phrases], passages, rule)
            assert [tuple(place) for place in places] == expected
            assert len(expected) > len(phrases)
