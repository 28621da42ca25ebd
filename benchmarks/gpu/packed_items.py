"""Scores of a run, small enough to be carried: Δ of every pair by every checkpoint, in one file a seed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluator.folder import EvaluationFolder
from evaluator.items import read_items
from exposure.artefacts import atomic_write

FORMAT = "exposure.packed-items"
MOST_BYTES = 16 << 20
MOST_CHECKPOINTS = 56
"""With BLiMP's 67,000 pairs; fp32 does not compress."""


@dataclass(frozen=True)
class PackedItems:
    """`facts`: the evaluation's manifest, the records of all its checkpoints, and what is known of the run."""

    facts: dict[str, Any]
    delta: npt.NDArray[np.float32]  # [scored checkpoint, pair] nats; good − bad
    rescored: npt.NDArray[np.bool_]  # [scored checkpoint, pair]

    def save(self, path: Path) -> None:
        """Write them; raises ValueError where the file gets too large to be carried."""
        facts = json.dumps({"format": FORMAT, **self.facts}, sort_keys=True)
        with atomic_write(path) as partial, partial.open("wb") as file:
            np.savez_compressed(
                file, facts=np.array(facts), delta=self.delta, rescored=np.packbits(self.rescored, axis=1)
            )
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"{path} has {path.stat().st_size:,} bytes; at most {MOST_BYTES:,} can be carried.")

    @classmethod
    def load(cls, path: Path) -> PackedItems:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            facts = json.loads(str(arrays["facts"]))
            if facts.pop("format", None) != FORMAT:
                raise ValueError(f"{path} does not hold packed scores ({FORMAT}).")
            delta = arrays["delta"]
            rescored = np.unpackbits(arrays["rescored"], axis=1, count=delta.shape[1]).astype(bool)
            return cls(facts, delta, rescored)


def pack(folder: EvaluationFolder, facts: dict[str, Any]) -> PackedItems:
    """The scores of all checkpoints that are scored, by the primary convention; `facts` are added to what is known."""
    spec = folder.manifest.spec(folder.manifest.primary)
    held = [str(one.weights_sha256) for one in folder.checkpoints if one.status == "scored"]
    tables = [read_items(folder.items_path(spec, digest), ["delta", "rescored"]) for digest in held]
    records = [one.model_dump(mode="json") for one in folder.checkpoints]
    return PackedItems(
        {"manifest": folder.manifest.model_dump(mode="json"), "records": records, **facts},
        np.stack([table["delta"].to_numpy() for table in tables]).astype(np.float32),
        np.stack([table["rescored"].to_numpy() for table in tables]),
    )
