"""The header of a safetensors file: which tensors it holds and where, checked against what is on disk.

The format (huggingface/safetensors, "Format"): 8 bytes with the length N of the header as an unsigned little-endian
integer; N bytes of JSON, name → dtype, shape, data_offsets; then the tensors, end to end, without a hole.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exposure.errors import CheckpointError

MOST_HEADER_BYTES = 100_000_000
"""What the safetensors library allows."""

ITEM_BYTES = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1,
    "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1,
}  # fmt: skip
"""Bytes of one number, by the format's names of dtypes. Those of quantised weights are left out: they are refused."""


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """One tensor: its bytes are [start, end) of what follows the header."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TensorFile:
    """A safetensors file whose header fits its size."""

    path: Path
    data_start: int
    entries: tuple[TensorEntry, ...]  # in the order of their bytes

    @property
    def data_bytes(self) -> int:
        """Bytes of all its tensors."""
        return self.entries[-1].end if self.entries else 0


def read_header(path: Path) -> TensorFile:
    """Open and check a file; raises CheckpointError where it is missing, cut, or no safetensors."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
            length = int.from_bytes(start, "little")
            header = file.read(length) if len(start) == 8 and length <= min(size, MOST_HEADER_BYTES) else b""
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({error.strerror}). Fetch it again.") from error
    if start == b"version ":
        raise CheckpointError(f"{path} is a Git LFS pointer, not the weights. Fetch them: `git lfs pull`.")
    if len(start) < 8 or len(header) < length:
        raise CheckpointError(f"{path} is no whole safetensors file: {size:,} bytes, less than its header. {_AGAIN}")
    entries = _entries(path, header)
    _refuse_holes(path, entries, size - 8 - length)
    return TensorFile(path, 8 + length, entries)


_AGAIN = "Fetch or write it again."


def _entries(path: Path, header: bytes) -> tuple[TensorEntry, ...]:
    try:
        parsed: dict[str, Any] = json.loads(header)
        tensors = {name: one for name, one in parsed.items() if name != "__metadata__"}
        entries = [
            TensorEntry(name, one["dtype"], tuple(one["shape"]), *one["data_offsets"]) for name, one in tensors.items()
        ]
        entries.sort(key=lambda one: (one.start, one.end))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"{path} is no safetensors file: its header cannot be read. {_AGAIN}") from error
    return tuple(entries)


def _refuse_holes(path: Path, entries: tuple[TensorEntry, ...], data_bytes: int) -> None:
    reached = 0
    for one in entries:
        if one.dtype not in ITEM_BYTES:
            raise CheckpointError(
                f"{path}: {one.name} is of dtype {one.dtype}, which is not evaluated; expected one of "
                f"{', '.join(ITEM_BYTES)}. Quantised weights have to be written back in full precision first."
            )
        whole = all(isinstance(number, int) and number >= 0 for number in (*one.shape, one.start, one.end))
        if not whole or one.start != reached or one.end - one.start != math.prod(one.shape) * ITEM_BYTES[one.dtype]:
            raise CheckpointError(f"{path} is damaged: the bytes of {one.name} do not fit its shape. {_AGAIN}")
        reached = one.end
    if reached != data_bytes:
        raise CheckpointError(
            f"{path} holds {data_bytes:,} bytes of tensors, its header names {reached:,}: it was cut short or written "
            f"over. {_AGAIN}"
        )
