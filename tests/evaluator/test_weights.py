"""Weights read into host memory: the tensors that safetensors reads, in buffers that are used again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tiny_models
import torch
from safetensors.torch import load_file, save_file

from evaluator.tensor_files import read_header
from evaluator.weights import DTYPES, HostBuffer
from exposure.errors import CheckpointError


def assert_same(tensors: object, expected: dict[str, torch.Tensor]) -> None:
    assert isinstance(tensors, dict)
    assert tensors.keys() == expected.keys()
    for name, tensor in expected.items():
        assert tensors[name].dtype == tensor.dtype
        assert torch.equal(tensors[name], tensor), name


def test_as_safetensors_reads_them(tmp_path: Path) -> None:
    """Every dtype and shape is read as the library reads it, over one file or several."""
    paths = []
    for dtype in DTYPES.values():
        path = tmp_path / f"{dtype}.safetensors"
        values = torch.arange(12).reshape(3, 4).to(dtype)
        save_file({f"{dtype}": values, f"{dtype} scalar": values[0, 1].clone(), f"{dtype} empty": values[:0]}, path)
        paths.append(path)
    weights = HostBuffer(pin=False).read([read_header(path) for path in paths])
    expected: dict[str, torch.Tensor] = {}
    for path in paths:
        expected |= load_file(path)
    assert_same(weights.tensors, expected)


def test_numbers_that_begin_anywhere(tmp_path: Path) -> None:
    """A file whose numbers do not begin at multiples of their size, as other writers make them, is read right."""
    values = np.array([1.5, -2.0, 3.25], dtype=np.float32)
    header = {
        "odd": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]},
        "floats": {"dtype": "F32", "shape": [3], "data_offsets": [1, 13]},
    }
    text = json.dumps(header).encode()
    path = tmp_path / "model.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"\7" + values.tobytes())
    weights = HostBuffer(pin=False).read([read_header(path)])
    assert_same(weights.tensors, {"odd": torch.tensor([7], dtype=torch.uint8), "floats": torch.from_numpy(values)})


def test_a_buffer_is_used_again() -> None:
    """The next checkpoint is read into the same memory, and wholly replaces the one before."""
    buffer = HostBuffer(pin=False)
    read = []
    for seed in (1, 2):
        path = tiny_models.checkpoint("llama", seed) / "model.safetensors"
        weights = buffer.read([read_header(path)])
        assert_same(weights.tensors, load_file(path))
        read.append(weights.tensors["lm_head.weight"])
    assert read[0].data_ptr() == read[1].data_ptr()
    small = tiny_models.checkpoint("gpt2") / "model.safetensors"
    assert_same(buffer.read([read_header(small)]).tensors, load_file(small))


def test_file_that_shrinks(tmp_path: Path) -> None:
    """A file that is cut after its header was read is found while it is read."""
    path = tmp_path / "model.safetensors"
    save_file({"a": torch.zeros(1000)}, path)
    file = read_header(path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match="became shorter while it was being read"):
        HostBuffer(pin=False).read([file])
