"""The token ids of every row of a corpus, as the trainer reads them: memory-mapped, made once (lab/row_making.py).

A folder of three files, shared by all runs over the same corpus, tokenizer and packing, whatever their order:

* `rows.npy`: [row, L], uint16 or uint32; what a short row leaves free is 0.
* `lengths.npy`: [row], int32: the tokens of each row that are its own.
* `rows.json`: what they were made of. It is written last: without it there are no rows.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from exposure.artefacts import atomic_write
from exposure.errors import TrainingError
from exposure.orders import DataOrder

FORMAT = "exposure.token-rows"
ROWS, LENGTHS, FACTS = "rows.npy", "lengths.npy", "rows.json"
_ORDER_ONLY = {"batch_sequences", "epochs", "order", "order_sha256", "slots", "tail_tokens"}
"""What of a manifest decides when a row is shown, and not what is in it."""


@dataclass(frozen=True)
class RowFacts:
    """What rows were made of: `vocabulary` is the greatest token id plus one, `key` the `rows_key` of the order."""

    key: str
    tokenizer_sha256: str
    vocabulary: int
    rows: int
    length: int
    format: str = FORMAT

    def save(self, folder: Path) -> None:
        """Write rows.json, which says that the rows are complete."""
        with atomic_write(folder / FACTS) as partial:
            partial.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class TokenRows:
    """`ids` [row, L] and `lengths` [row], mapped from their files."""

    facts: RowFacts
    ids: npt.NDArray[Any] = field(repr=False)
    lengths: npt.NDArray[np.int32] = field(repr=False)

    @classmethod
    def open(cls, folder: Path, order: DataOrder) -> TokenRows:
        """The rows in `folder`; raises TrainingError where they are missing, damaged, or not those of `order`."""
        try:
            facts = RowFacts(**json.loads((folder / FACTS).read_text(encoding="utf-8")))
            ids = np.load(folder / ROWS, mmap_mode="r", allow_pickle=False)
            lengths = np.load(folder / LENGTHS, allow_pickle=False)
        except FileNotFoundError as error:
            raise TrainingError(f"{folder} holds no token rows. Run `exposure pretrain` without --rows.") from error
        except (OSError, ValueError, TypeError, EOFError) as error:
            raise TrainingError(f"The token rows in {folder} cannot be read ({error}). Delete the folder.") from error
        if facts.format != FORMAT or facts.key != rows_key(order):
            raise TrainingError(
                f"The token rows in {folder} are those of another corpus, tokenizer or packing than the run manifest "
                "names. Give the folder that was made for it, or leave --rows out."
            )
        if ids.shape != (order.rows, order.sequence_length) or lengths.shape != (order.rows,):
            raise TrainingError(
                f"The token rows in {folder} are {ids.shape}, the manifest says {(order.rows, order.sequence_length)}. "
                "Delete the folder and run again."
            )
        return cls(facts, ids, lengths)


def rows_key(order: DataOrder) -> str:
    """sha256 of everything in a manifest that decides what stands in its rows, and of nothing that orders them."""
    decisive = order.model_dump(mode="json", exclude={*_ORDER_ONLY, "checkpoints", "census", "provenance", "exactness"})
    for shard in decisive["shards"]:
        del shard["path"], shard["tokens"]  # tokens follow from the rest, and are not always counted
    if decisive["tokenizer"] is not None:
        del decisive["tokenizer"]["path"]
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def rows_folder(manifest: Path, order: DataOrder) -> Path:
    """Where the rows of a run manifest are kept: beside it, named by `rows_key`."""
    return manifest.absolute().parent / "token-rows" / rows_key(order)[:20]
