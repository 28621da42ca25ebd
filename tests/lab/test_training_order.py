"""The order of a run that is trained in another one than its manifest says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exposure.errors import UsageError
from exposure.orders import DataOrder
from lab.training_order import reordered, rows_of_step, with_checkpoints

ORDER_FIELDS = {"order", "order_sha256", "provenance"}


def _epochs(order: DataOrder) -> list[list[int]]:
    """The rows of every epoch, in order."""
    rows = np.concatenate([rows_of_step(order, step) for step in range(1, order.steps + 1)])
    return rows.reshape(order.epochs, order.rows).tolist()


def test_data_seed_changes_the_order_and_only_the_order(prepare: Any) -> None:
    """Every epoch holds every row once, in another order by PCG64(seed + epoch); nothing else of the run differs."""
    run = prepare(seed=1, epochs=2)
    other = reordered(run.order, data_seed=8)
    epochs = _epochs(other)
    assert [sorted(epoch) for epoch in epochs] == [list(range(run.order.rows))] * 2
    expected = np.arange(run.order.rows, dtype=np.uint32)
    np.random.Generator(np.random.PCG64(9)).shuffle(expected)
    assert epochs[1] == expected.tolist()
    assert epochs != _epochs(run.order)
    before, after = run.order.model_dump(), other.model_dump()
    assert {name for name in before if before[name] != after[name]} == ORDER_FIELDS
    assert other.provenance["reordered_from"] == run.order.digest != other.digest


def test_new_manifest_loads_and_holds_its_digest(prepare: Any, tmp_path: Path) -> None:
    """What is written is a manifest like any other: checked on loading, with the same digest."""
    run = prepare()
    other = with_checkpoints(reordered(run.order, 3, epochs=4, batch_sequences=5), (0, 2))
    other.save(tmp_path / "other.json")
    kept = DataOrder.load(tmp_path / "other.json")
    assert kept.digest == other.digest
    assert (kept.steps, kept.checkpoint_steps) == (-(-run.order.rows * 4 // 5), (0, 2))
    assert _epochs(kept) == _epochs(other)


def test_asking_for_what_is_there_changes_nothing(prepare: Any) -> None:
    """The same seed, epochs and batch give the manifest itself."""
    run = prepare(seed=1, epochs=2)
    assert reordered(run.order) is run.order
    assert reordered(run.order, 1, 2, run.order.batch_sequences) is run.order


def test_epochs_of_a_sequential_run_stay_sequential(prepare: Any) -> None:
    """Without a seed more epochs repeat the order that is there."""
    run = prepare()
    assert _epochs(reordered(run.order, epochs=3)) == [list(range(run.order.rows))] * 3


def test_order_file_holds_its_own_epochs(prepare: Any) -> None:
    """A file cannot be given other epochs, but can be replaced by a shuffle."""
    run = prepare(order=(0, 2, 1))
    with pytest.raises(UsageError, match="holds all of its epochs"):
        reordered(run.order, epochs=2)
    assert reordered(run.order, data_seed=1).slots == run.order.rows


def test_shuffle_that_begins_after_the_last_epoch_is_refused(prepare: Any) -> None:
    """Fewer epochs than the run keeps in order would leave its rule without meaning."""
    run = prepare(seed=1, epochs=3, shuffle_from=1)
    with pytest.raises(UsageError, match="leaves none"):
        reordered(run.order, epochs=1)


def test_checkpoint_beyond_the_run_is_refused(prepare: Any) -> None:
    """A manifest that names a step which no run reaches is never written."""
    run = prepare()
    with pytest.raises(UsageError, match="has steps 0 to"):
        with_checkpoints(run.order, (run.order.steps + 1,))
