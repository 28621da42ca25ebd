"""Which files of a checkpoint hold its weights, and whether they hold them whole."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from evaluator.tensor_files import TensorFile, read_header
from exposure.errors import CheckpointError

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"

PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")


def weight_files(folder: Path, names: Iterable[str], name: str) -> tuple[str, ...]:
    """The weight files among `names`, as from_pretrained would choose; raises CheckpointError.

    An index, where there is one to be read, is in `folder`; the weight files themselves need not be. `name` is the
    checkpoint's, for messages.
    """
    there = set(names)
    if WEIGHTS in there:
        return (WEIGHTS,)
    if INDEX in there:
        shards = tuple(sorted(set(read_index(folder / INDEX).values())))
        missing = [shard for shard in shards if shard not in there]
        if missing:
            raise CheckpointError(
                f"{name} lacks {len(missing)} of the {len(shards)} files that {INDEX} names: "
                f"{', '.join(missing[:3])}. Fetch or write it again."
            )
        return shards
    raise CheckpointError(_without_weights(sorted(there), name))


def _without_weights(there: Sequence[str], name: str) -> str:
    pickles = [one for one in there if one.endswith(PICKLES)]
    if pickles:
        return (
            f"{name} has its weights only as pickle ({', '.join(pickles[:3])}), which can run any code and is never "
            f"loaded. Convert it first, apart: exposure convert-checkpoint {name} NEW_FOLDER"
        )
    return f"{name} holds no {WEIGHTS} and no {INDEX}; it holds {', '.join(there[:8]) or 'nothing'}."


def read_index(path: Path) -> dict[str, str]:
    """Tensor → file, from an index of shards; raises CheckpointError."""
    try:
        weight_map = json.loads(path.read_text(encoding="utf-8"))["weight_map"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path} is no index of shards ({error}). Fetch or write it again.") from error
    if not isinstance(weight_map, dict) or not all(isinstance(shard, str) for shard in weight_map.values()):
        raise CheckpointError(f"{path} is no index of shards: its weight_map names no files. Fetch or write it again.")
    return weight_map


def checked_files(folder: Path, names: Sequence[str]) -> tuple[TensorFile, ...]:
    """The weight files `names` of `folder`, whole, and with every tensor of their index; raises CheckpointError."""
    files = tuple(read_header(folder / name) for name in names)
    held: dict[str, str] = {}
    for file in files:
        for entry in file.entries:
            if entry.name in held:
                raise CheckpointError(f"{folder}: {entry.name} is in {held[entry.name]} and again in {file.path.name}.")
            held[entry.name] = file.path.name
    if not held:
        raise CheckpointError(f"{folder}: {', '.join(names)} holds no tensors. Fetch or write it again.")
    if names != (WEIGHTS,):
        missing = sorted(set(read_index(folder / INDEX)) - set(held))
        if missing:
            raise CheckpointError(
                f"{folder}: {len(missing)} tensors that {INDEX} names are in none of its files: "
                f"{', '.join(missing[:3])}. Fetch or write it again."
            )
    return files
