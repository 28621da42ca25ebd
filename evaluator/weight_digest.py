"""The digest that names weights: over name, dtype, shape and bytes of every tensor, in the order of their names.

How tensors are spread over files does not enter, nor the order in which they stand there, nor config or tokenizer.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from evaluator.tensor_files import TensorEntry, read_header

Buffer: TypeAlias = bytes | memoryview

MOST_THREADS = 8


@dataclass(frozen=True, slots=True)
class TensorBytes:
    """One tensor as it is stored: dtype by safetensors' name, little-endian numbers in row-major order."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    data: Buffer


def weights_hash(tensors: Iterable[TensorBytes]) -> str:
    """sha256, in hex, of a line of JSON for each tensor, in the order of names: [name, dtype, shape, sha256 of bytes].

    Tensors are hashed in threads (hashlib lets go of the GIL), half as many as there are cores.
    """
    in_order = sorted(tensors, key=lambda one: one.name)
    with ThreadPoolExecutor(min(MOST_THREADS, max(1, (os.cpu_count() or 1) // 2)), "weights-hash") as pool:
        digests = pool.map(lambda one: hashlib.sha256(one.data).hexdigest(), in_order)
        lines = [
            json.dumps([one.name, one.dtype, list(one.shape), digest], ensure_ascii=False)
            for one, digest in zip(in_order, digests, strict=True)
        ]
    return hashlib.sha256("".join(line + "\n" for line in lines).encode()).hexdigest()


def hash_of_files(paths: Sequence[Path]) -> str:
    """The digest of weights in safetensors files, mapped, not read as a whole. Raises CheckpointError."""
    maps: list[mmap.mmap] = []
    tensors: list[TensorBytes] = []
    try:
        for path in paths:
            file = read_header(path)
            maps.append(_mapped(path))
            tensors.extend(tensor_bytes(file.entries, memoryview(maps[-1])[file.data_start :]))
        return weights_hash(tensors)
    finally:
        tensors.clear()  # a map that is still viewed cannot be closed
        for one in maps:
            one.close()


def tensor_bytes(entries: Iterable[TensorEntry], data: memoryview) -> list[TensorBytes]:
    """The tensors that lie in `data`, which is what follows a header."""
    return [TensorBytes(one.name, one.dtype, one.shape, data[one.start : one.end]) for one in entries]


def _mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
