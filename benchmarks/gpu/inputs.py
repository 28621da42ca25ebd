"""The bundle, unpacked: what measurements read."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from exposure.orders import DataOrder
from exposure.pair_files import load_pairs
from exposure.pairs import MinimalPair
from lab.token_rows import FACTS, LENGTHS, ROWS, TokenRows

FORMAT = "exposure.gpu-bundle"
CONTENTS = "bundle.json"
PAIRS, TOKENIZER, RUN_TOKENIZER = "pairs.jsonl", "tokenizer.json", "run-tokenizer.json"
"""Files that are packed with gzip; the name gets .gz."""
RUN, ROW_ARRAYS = "run.json", "rows.npz"
PACKED = (f"{PAIRS}.gz", f"{TOKENIZER}.gz", f"{RUN_TOKENIZER}.gz", RUN, FACTS, ROW_ARRAYS)


class BundleError(Exception):
    """There is no bundle, or not the whole of it."""


@dataclass(frozen=True)
class Inputs:
    """`folder` holds the unpacked files. `is_small`: made of the generated world, for models of a few thousand weights.

    `digest` names the contents.
    """

    folder: Path
    is_small: bool
    digest: str

    @property
    def pairs_folder(self) -> Path:
        """Holds nothing but the pairs."""
        return self.folder / "pairs"

    @property
    def tokenizer(self) -> Path:
        """The tokenizer of the random models: GPT-NeoX's, or the world's."""
        return self.folder / TOKENIZER

    @cached_property
    def pairs(self) -> list[MinimalPair]:
        """All of BLiMP, or of the world."""
        return load_pairs([self.pairs_folder])

    @cached_property
    def order(self) -> DataOrder:
        """The run that is trained, with its own tokenizer's file as it is here."""
        order = DataOrder.load(self.folder / RUN)
        assert order.tokenizer is not None
        moved = order.tokenizer.model_copy(update={"path": str((self.folder / RUN_TOKENIZER).absolute())})
        return order.model_copy(update={"tokenizer": moved})

    @cached_property
    def rows(self) -> TokenRows:
        """Its token rows."""
        return TokenRows.open(self.folder, self.order)


def unpacked(bundle: Path, folder: Path) -> Inputs:
    """The files of `bundle` in `folder`; raises BundleError where one is missing or not what was packed."""
    contents = _contents(bundle)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pairs").mkdir(exist_ok=True)
    for name, digest in contents["sha256"].items():
        data = _read(bundle / name, digest)
        if name == ROW_ARRAYS:
            continue
        place = folder / "pairs" / PAIRS if name.startswith(PAIRS) else folder / name.removesuffix(".gz")
        place.write_bytes(gzip.decompress(data) if name.endswith(".gz") else data)
    with np.load(bundle / ROW_ARRAYS) as arrays:
        np.save(folder / ROWS, arrays["ids"])
        np.save(folder / LENGTHS, arrays["lengths"])
    return Inputs(folder, bool(contents["is_small"]), contents["digest"])


def contents_digest(sha256: dict[str, str]) -> str:
    """Names a bundle by its files."""
    return hashlib.sha256(json.dumps(sha256, sort_keys=True).encode()).hexdigest()


def _contents(bundle: Path) -> dict[str, Any]:
    path = bundle / CONTENTS
    if not path.exists():
        raise BundleError(f"{bundle} holds no bundle. Make it where the corpora are: python -m benchmarks.gpu.bundle.")
    contents: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if contents.get("format") != FORMAT or set(contents["sha256"]) != set(PACKED):
        raise BundleError(f"{path} is not of a bundle as this code makes it. Make it again.")
    return {**contents, "digest": contents_digest(contents["sha256"])}


def _read(path: Path, digest: str) -> bytes:
    data = path.read_bytes() if path.exists() else b""
    if hashlib.sha256(data).hexdigest() != digest:
        raise BundleError(f"{path} is missing, or not what was packed. Make the bundle again.")
    return data
