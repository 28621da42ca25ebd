"""The process that reads pickled weights: `python -m evaluator.conversion SOURCE TARGET`.

It runs apart from everything else (`isolated_conversion`), under limits, and reads only what torch's `weights_only`
allows: tensors and plain containers, no code. It writes safetensors files of the same tensors.
"""

from __future__ import annotations

import json
import pickle
import resource
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

import torch
from safetensors.torch import save_file

from evaluator.weight_files import INDEX, WEIGHTS
from exposure.errors import CheckpointError

PICKLE = "pytorch_model.bin"
PICKLE_INDEX = "pytorch_model.bin.index.json"

_ARCHIVE = b"PK\3\4"
"""How the files begin that torch has written since version 1.6: zip archives, whose index is at their end."""

CPU_SECONDS_OVER_LIMIT = 60
"""How much processor time beyond the parent's limit the process may use, should the parent be gone."""


def pickle_files(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Pickle → the safetensors file that it becomes, of those `names` in `folder`; raises CheckpointError."""
    there = set(names)
    if PICKLE in there:
        return {PICKLE: WEIGHTS}
    if PICKLE_INDEX not in there:
        raise CheckpointError(f"{folder} holds no {PICKLE} and no {PICKLE_INDEX}; there is nothing to convert.")
    try:
        weight_map = json.loads((folder / PICKLE_INDEX).read_text(encoding="utf-8"))["weight_map"]
        shards = sorted(set(weight_map.values()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{folder / PICKLE_INDEX} is no index of shards ({error}). Fetch it again.") from error
    missing = [shard for shard in shards if shard not in there]
    if missing:
        raise CheckpointError(f"{folder} lacks {', '.join(missing[:3])}, which {PICKLE_INDEX} names. Fetch it again.")
    return {shard: f"model-{place:05d}-of-{len(shards):05d}.safetensors" for place, shard in enumerate(shards, 1)}


def write_safetensors(source: Path, target: Path) -> None:
    """Write the tensors of the pickles in `source` into the folder `target`; raises CheckpointError."""
    weight_map: dict[str, str] = {}
    files = pickle_files(source, [one.name for one in source.iterdir()])
    for name, new_name in files.items():
        tensors = _separate(_read(source / name))
        save_file(tensors, target / new_name, metadata={"format": "pt"})
        weight_map |= dict.fromkeys(tensors, new_name)
    if list(files.values()) != [WEIGHTS]:
        (target / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": weight_map}, indent=2) + "\n")


def _read(path: Path) -> dict[str, torch.Tensor]:
    is_archive = zipfile.is_zipfile(path)
    try:
        with path.open("rb") as file:
            if file.read(len(_ARCHIVE)) == _ARCHIVE and not is_archive:
                raise EOFError("its end is missing")
        read = torch.load(path, map_location="cpu", weights_only=True, mmap=is_archive)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path} holds more than tensors, and reading that could run any code: it is never read. Ask its makers "
            "for safetensors."
        ) from error
    except (RuntimeError, EOFError, ValueError, OSError, KeyError, AttributeError) as error:
        first = (str(error).splitlines() or [""])[0]
        raise CheckpointError(f"{path} cannot be read as weights ({first}). Fetch it again.") from error
    if not isinstance(read, dict) or not read:
        raise CheckpointError(f"{path} holds a {type(read).__name__}; expected names of tensors with the tensors.")
    for name, value in read.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            raise CheckpointError(
                f"{path} holds {name!r}, a {type(value).__name__}; expected names of tensors with the tensors, as "
                "transformers writes them. Is it a trainer's whole state?"
            )
    return read


def _separate(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Each tensor in memory of its own: safetensors keeps every name of weights that are tied."""
    apart: dict[str, torch.Tensor] = {}
    seen: set[int] = set()
    for name, tensor in tensors.items():
        place = tensor.untyped_storage().data_ptr()
        whole = tensor.is_contiguous() and tensor.untyped_storage().nbytes() == tensor.nbytes
        apart[name] = tensor.detach() if whole and place not in seen else tensor.detach().clone().contiguous()
        seen.add(place)
    return apart


def main() -> None:
    """SOURCE, TARGET and a limit in seconds on the command line; a sentence on standard error, status 1, on failure."""
    source, target, seconds = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    limit = seconds * max(1, torch.get_num_threads()) + CPU_SECONDS_OVER_LIMIT
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        write_safetensors(source, target)
    except CheckpointError as error:
        sys.exit(str(error))
    except (OSError, MemoryError) as error:
        sys.exit(
            f"{source} could not be converted ({error}). Give more disk or memory, and run the same command again."
        )


if __name__ == "__main__":
    main()
