"""The weights of one checkpoint in host memory, in buffers that are used again for the next."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from evaluator.tensor_files import ITEM_BYTES, TensorEntry, TensorFile
from evaluator.weight_digest import TensorBytes, tensor_bytes
from exposure.errors import CheckpointError

DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8,
    "U64": torch.uint64, "U32": torch.uint32, "U16": torch.uint16, "U8": torch.uint8, "BOOL": torch.bool,
}  # fmt: skip
"""By safetensors' names."""

_ALIGNMENT = 64


@dataclass(frozen=True)
class HostWeights:
    """Tensors by name, and the same as bytes; both are views into a HostBuffer, gone when it is filled again."""

    tensors: Mapping[str, torch.Tensor]
    stored: Sequence[TensorBytes]


class HostBuffer:
    """Memory for the weights of one checkpoint, page-locked if `pin`, so that copies to the device run by themselves.

    It grows to the largest checkpoint read into it and never shrinks.
    """

    def __init__(self, pin: bool) -> None:
        self._pin = pin
        self._memory = torch.empty(0, dtype=torch.uint8)

    def read(self, files: Sequence[TensorFile]) -> HostWeights:
        """Read the tensors of `files`; raises CheckpointError where a file is cut or cannot be read."""
        assert sys.byteorder == "little", "safetensors are little-endian"
        self._grow(sum(_aligned(file.data_bytes) for file in files))
        tensors: dict[str, torch.Tensor] = {}
        stored: list[TensorBytes] = []
        start = 0
        for file in files:
            memory = self._memory[start : start + file.data_bytes]  # [byte]
            data = memory.numpy().data
            _fill(data, file)
            tensors |= {entry.name: _tensor(memory, entry) for entry in file.entries}
            stored += tensor_bytes(file.entries, data)
            start += _aligned(file.data_bytes)
        return HostWeights(tensors, stored)

    def _grow(self, size: int) -> None:
        if size > len(self._memory):
            self._memory = torch.empty(0, dtype=torch.uint8)  # the old one goes first
            self._memory = torch.empty(size, dtype=torch.uint8, pin_memory=self._pin)


def _fill(data: memoryview, file: TensorFile) -> None:
    try:
        with file.path.open("rb", buffering=0) as handle:
            handle.seek(file.data_start)
            done = 0
            while done < len(data):
                count = handle.readinto(data[done:])
                if not count:
                    raise CheckpointError(f"{file.path} became shorter while it was being read. Is it being written?")
                done += count
    except OSError as error:
        raise CheckpointError(f"{file.path} cannot be read ({error.strerror}). Fetch it again.") from error


def _tensor(memory: torch.Tensor, entry: TensorEntry) -> torch.Tensor:
    data = memory[entry.start : entry.end]  # [byte]
    if entry.start % ITEM_BYTES[entry.dtype]:
        data = data.clone()  # numbers have to begin at a multiple of their size
    return data.view(DTYPES[entry.dtype]).view(entry.shape)


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT
