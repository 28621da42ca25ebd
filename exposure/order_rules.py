"""The rules by which rows fill the slots of a run, and the order that each gives."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from exposure.errors import OrderError
from exposure.positions import shuffled_epoch


class FrozenModel(BaseModel):
    """Part of a manifest: never changed, and no key in it that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Sequential(FrozenModel):
    """Every epoch in file order."""

    rule: Literal["sequential"] = "sequential"


class Shuffled(FrozenModel):
    """Epochs from `from_epoch` (0-based) on shuffled, each by PCG64(seed + epoch)."""

    rule: Literal["pcg64"] = "pcg64"
    seed: int = Field(ge=0)
    from_epoch: int = Field(default=0, ge=0)


class OrderFile(FrozenModel):
    """A .npy file of integers: the row that each slot of the whole run holds."""

    rule: Literal["file"] = "file"
    path: str
    sha256: str


OrderRule = Annotated[Sequential | Shuffled | OrderFile, Field(discriminator="rule")]


def run_order(order: Sequential | Shuffled | OrderFile, rows: int, epochs: int) -> npt.NDArray[Any]:
    """The row in every slot of a run over `rows` rows; raises OrderError where an order file does not fit."""
    if isinstance(order, OrderFile):
        return _read_order_file(order, rows)
    if isinstance(order, Shuffled):
        in_order = np.arange(rows, dtype=np.uint32)
        epochs_in_order = min(order.from_epoch, epochs)
        shuffled = [shuffled_epoch(rows, order.seed, epoch) for epoch in range(epochs_in_order, epochs)]
        return np.concatenate([in_order] * epochs_in_order + shuffled)
    return np.tile(np.arange(rows, dtype=np.int64), epochs)


def order_digest(order: npt.NDArray[Any]) -> str:
    """sha256 of an order as little-endian 64-bit integers, whatever type it is kept in."""
    return hashlib.sha256(order.astype("<i8").tobytes()).hexdigest()


def _read_order_file(order: OrderFile, rows: int) -> npt.NDArray[np.int64]:
    try:
        with Path(order.path).open("rb") as file:
            array = np.lib.format.read_array(file, allow_pickle=False)
    except (OSError, ValueError, EOFError, MemoryError, OverflowError) as error:
        raise OrderError(
            f"The order file {order.path} cannot be read as .npy: {error}. "
            "Write it with numpy.save: one integer for every slot of the run, the row that the slot holds."
        ) from error
    if array.ndim != 1 or array.dtype.kind not in "iu" or len(array) == 0:
        raise OrderError(
            f"The order file {order.path} holds {array.dtype} of shape {array.shape}; expected one dimension of "
            "integers, one for every slot of the run."
        )
    if array.min() < 0 or array.max() >= rows:
        raise OrderError(
            f"The order file {order.path} names rows {array.min()} to {array.max()}, but the corpus has {rows} rows "
            f"(0 to {rows - 1}). Is it the order of another corpus, packing or sequence length?"
        )
    rows_in_slots: npt.NDArray[np.int64] = array.astype(np.int64)
    return rows_in_slots
