"""Which rows a training step consumes, and the manifest of a run that is trained in another order than given."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from exposure.errors import UsageError
from exposure.order_rules import OrderFile, Shuffled, order_digest, run_order
from exposure.orders import Checkpoints, DataOrder
from exposure.positions import steps_of


def rows_of_step(order: DataOrder, step: int) -> npt.NDArray[np.int64]:
    """The rows that training step `step` (1 … steps) consumes: those of batch step − 1; the last may be fewer."""
    first = (step - 1) * order.batch_sequences
    return order.rows_in(np.arange(first, min(first + order.batch_sequences, order.slots), dtype=np.int64))


def reordered(
    order: DataOrder, data_seed: int | None = None, epochs: int | None = None, batch_sequences: int | None = None
) -> DataOrder:
    """`order` itself, or the manifest of a run over the same rows in another order.

    `data_seed` shuffles every epoch anew (rule `pcg64`). Raises UsageError where the order is a file, which holds all
    epochs itself, and `epochs` are asked for without a `data_seed`.
    """
    if (data_seed, epochs, batch_sequences) == (None, None, None):
        return order
    update: dict[str, Any] = {"batch_sequences": batch_sequences or order.batch_sequences}
    if data_seed is not None or epochs is not None:
        update |= _new_order(order, data_seed, epochs or order.epochs)
    changed = order.model_copy(update=update)
    if changed.digest == order.digest:
        return order
    return changed.model_copy(update={"provenance": {**order.provenance, "reordered_from": order.digest}})


def _new_order(order: DataOrder, data_seed: int | None, epochs: int) -> dict[str, Any]:
    rule = order.order if data_seed is None else Shuffled(seed=data_seed)
    if isinstance(rule, OrderFile):
        raise UsageError(
            "The run's order is a file, which holds all of its epochs. Leave --epochs out, or give --data-seed S to "
            "shuffle anew."
        )
    if isinstance(rule, Shuffled) and rule.from_epoch >= epochs:
        raise UsageError(f"The run shuffles from epoch {rule.from_epoch} on; --epochs {epochs} leaves none of them.")
    digest = order_digest(run_order(rule, order.rows, epochs)) if isinstance(rule, Shuffled) else None
    return {"order": rule, "epochs": epochs, "slots": order.rows * epochs, "order_sha256": digest}


def with_checkpoints(order: DataOrder, steps: tuple[int, ...]) -> DataOrder:
    """The same run, saved at `steps`; raises UsageError where one lies beyond the run."""
    beyond = [step for step in steps if step > order.steps]
    if beyond:
        raise UsageError(f"A checkpoint at step {beyond[0]:,} was asked for; the run has steps 0 to {order.steps:,}.")
    return order.model_copy(update={"checkpoints": Checkpoints(steps=steps)})


def steps_text(order: DataOrder) -> str:
    """For messages: "960 steps of 64 sequences"."""
    return f"{steps_of(order.slots, order.batch_sequences):,} steps of {order.batch_sequences} sequences"
