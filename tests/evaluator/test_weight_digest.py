"""The hash that names weights: an obvious computation, and what it does and does not depend on."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import tiny_models
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from evaluator.tensor_files import read_header
from evaluator.weight_digest import hash_of_files, weights_hash
from evaluator.weights import HostBuffer

DTYPES = {torch.float32: "F32", torch.bfloat16: "BF16", torch.int64: "I64", torch.bool: "BOOL", torch.float16: "F16"}


def slow_hash(paths: list[Path]) -> str:
    """Name by name, element by element, read by the safetensors library."""
    lines = {}
    for path in paths:
        with safe_open(path, "pt") as file:
            for name in file.keys():  # noqa: SIM118
                tensor = file.get_tensor(name)
                raw = b"".join(
                    one.reshape(1).view(torch.uint8).numpy().tobytes() for one in tensor.reshape(-1).unbind()
                )
                digest = hashlib.sha256(raw).hexdigest()
                lines[name] = json.dumps([name, DTYPES[tensor.dtype], [*tensor.shape], digest], ensure_ascii=False)
    return hashlib.sha256("".join(lines[name] + "\n" for name in sorted(lines)).encode()).hexdigest()


def some_tensors() -> dict[str, torch.Tensor]:
    values = torch.Generator().manual_seed(1)
    return {
        "b.weight": torch.randn(3, 4, generator=values),
        "a.weight": torch.randn(5, generator=values).bfloat16(),
        "é": torch.tensor(3),
        "empty": torch.zeros(0, 2),
        "mask": torch.tensor([True, False]),
    }


def written(folder: Path, *shards: dict[str, torch.Tensor]) -> list[Path]:
    """Shards as files."""
    folder.mkdir()
    paths = [folder / f"{place}.safetensors" for place in range(len(shards))]
    for path, shard in zip(paths, shards, strict=True):
        save_file(shard, path)
    return paths


def test_against_the_obvious(tmp_path: Path) -> None:
    """The hash is sha256 over name, dtype, shape and bytes, tensor by tensor in the order of names."""
    paths = written(tmp_path / "all", some_tensors())
    assert hash_of_files(paths) == slow_hash(paths)
    model = [tiny_models.checkpoint("gpt2") / "model.safetensors"]
    assert hash_of_files(model) == slow_hash(model)


def test_sharding_does_not_matter(tmp_path: Path) -> None:
    """The same tensors in one file, in one each, or in any order, are the same weights."""
    tensors = some_tensors()
    one = hash_of_files(written(tmp_path / "one", tensors))
    each = written(tmp_path / "each", *({name: tensor} for name, tensor in tensors.items()))
    assert hash_of_files(each) == one
    assert hash_of_files(each[::-1]) == one


def test_resharded_by_transformers(tmp_path: Path) -> None:
    """A model saved in many small shards has the hash of the same model in one file."""
    folder = tmp_path / "shards"
    tiny_models.model("llama").save_pretrained(folder, max_shard_size="50KB")
    shards = sorted(folder.glob("*.safetensors"))
    assert len(shards) > 3
    assert hash_of_files(shards) == hash_of_files([tiny_models.checkpoint("llama") / "model.safetensors"])


@pytest.mark.parametrize("change", ["name", "dtype", "shape", "bit", "missing", "swapped"])
def test_everything_matters(change: str, tmp_path: Path) -> None:
    """Another name, dtype, shape or bit, a tensor less, or two that change places: other weights."""
    tensors, changed = some_tensors(), some_tensors()
    if change == "name":
        changed["c.weight"] = changed.pop("b.weight")
    elif change == "dtype":
        changed["b.weight"] = changed["b.weight"].view(torch.int32)
    elif change == "shape":
        changed["b.weight"] = changed["b.weight"].reshape(4, 3)
    elif change == "bit":
        changed["b.weight"][2, 3] = torch.nextafter(changed["b.weight"][2, 3], torch.tensor(9.0))
    elif change == "missing":
        del changed["empty"]
    else:
        tensors["d"], changed["d"] = tensors["b.weight"] + 1, changed["b.weight"]
        changed["b.weight"] = tensors["d"]
    digests = {hash_of_files(written(tmp_path / str(place), one)) for place, one in enumerate((tensors, changed))}
    assert len(digests) == 2


def test_what_was_read_is_what_was_hashed(tmp_path: Path) -> None:
    """The hash of weights in memory is that of their files."""
    paths = written(tmp_path / "two", some_tensors(), {"z": torch.arange(7)})
    weights = HostBuffer(pin=False).read([read_header(path) for path in paths])
    assert weights_hash(weights.stored) == slow_hash(paths)
    assert sorted(weights.tensors) == sorted([*some_tensors(), "z"])
