"""Coverage: what is left when shards are missing, against a walk over every row of the run."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import chaos
import pytest
from training_runs import TrainingRun

from exposure.census import Census
from exposure.coverage import Coverage, coverage_of
from exposure.orders import DataOrder

RUNS: dict[str, dict[str, Any]] = {
    "documents": {},
    "documents, three epochs": {"epochs": 3},
    "documents, shuffled": {"seed": 4, "epochs": 2},
    "documents, later epochs shuffled": {"seed": 4, "epochs": 3, "shuffle_from": 1},
    "documents, some rows only": {"order": (22, 0, 0, 9, 1, 9, 21, 3)},
    "stream": {"packing": "concatenate", "length": 6},
    "stream, long rows": {"packing": "concatenate", "length": 70},
    "stream, shuffled": {"packing": "concatenate", "length": 6, "seed": 4, "epochs": 2},
    "no tokenizer": {"tokenizer": None, "length": None},
}


def make(folder: Path, changes: dict[str, Any]) -> TrainingRun:
    """A run over four nasty shards."""
    shards = chaos.write_shards(folder / "corpus", 5)
    return replace(TrainingRun(shards, chaos.write_tokenizer(folder), 8, batch=3), **changes)


@pytest.mark.parametrize("name", RUNS)
def test_coverage_is_what_a_walk_over_all_slots_finds(tmp_path: Path, name: str) -> None:
    """For every choice of missing shards: which batches are whole, and the first slot that is not."""
    run = make(tmp_path, RUNS[name])
    census, held = Census.open(DataOrder.load(run.manifest(tmp_path))), run.shards_in_rows
    for missing in (list(chosen) for n in range(5) for chosen in combinations(range(4), n)):
        holes = [slot for slot, row in enumerate(run.slots) if held[row] & set(missing)]
        whole = set(range(run.steps)) - {slot // run.batch for slot in holes}
        found = coverage_of(census, missing)
        assert [batch for start, end in found.ranges for batch in range(start, end)] == sorted(whole)
        assert all(a[1] < b[0] for a, b in zip(found.ranges, found.ranges[1:], strict=False)), "disjoint, apart, rising"
        assert all(start < end for start, end in found.ranges)
        assert found.first_missing_slot == min(holes, default=None)
        assert found.covered_batches == next(batch for batch in range(run.steps + 1) if batch not in whole)
        assert found.missing_shards == tuple(missing)


def test_contains_and_until_are_those_of_sets() -> None:
    """Every pair of small coverages, against sets of batches."""
    all_ranges = [
        ((a, b), (c, d)) for a in range(2) for b in range(a + 1, 4) for c in range(b + 1, 6) for d in (c + 1, 7)
    ]
    coverages = [Coverage(ranges, None) for ranges in [(), ((0, 3),), *all_ranges]]

    def batches(one: Coverage) -> set[int]:
        return {batch for start, end in one.ranges for batch in range(start, end)}

    for one in coverages:
        for other in coverages:
            assert one.contains(other) == (batches(one) >= batches(other))
        for end in range(9):
            assert batches(one.until(end)) == {batch for batch in batches(one) if batch < end}
