"""Units of work: keys that change when a result would and never else, and the rows that a shard has a part in."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import chaos
import numpy as np
import pytest
from training_runs import TrainingRun

from exposure.census import Census
from exposure.orders import Checkpoints, DataOrder
from exposure.phrases import MatchRule
from exposure.timeline_settings import TimelineSettings
from exposure.units import Unit, default_grid, plan_units, rows_of_shard

SETTINGS = TimelineSettings(MatchRule(), 8, 2, Checkpoints(), 100)
PACKINGS = {"documents": ("document-per-row", 8), "stream": ("concatenate", 8), "long rows": ("concatenate", 50)}


def make(folder: Path, packing: str = "documents", seed: int = 1, **changes: Any) -> TrainingRun:
    """A run over nasty shards."""
    folder.mkdir(parents=True, exist_ok=True)
    kind, length = PACKINGS[packing]
    shards = changes.pop("shards", None) or chaos.write_shards(folder / "corpus", seed)
    return TrainingRun(shards, chaos.write_tokenizer(folder), length, kind, **{"batch": 3, **changes})


def plan(run: TrainingRun, folder: Path, settings: TimelineSettings = SETTINGS, group: str = "g") -> list[Unit]:
    """The units of a run whose manifest goes into `folder`."""
    return plan_units(Census.open(DataOrder.load(run.manifest(folder))), [group], settings)


def keys(run: TrainingRun, folder: Path, settings: TimelineSettings = SETTINGS, group: str = "g") -> list[str]:
    """The keys of all units, shards in order."""
    return [unit.key for unit in plan(run, folder, settings, group)]


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rows_of_a_shard_are_those_that_hold_its_tokens(tmp_path: Path, packing: str, seed: int) -> None:
    """Half-open, and exactly the rows with a token of the shard, as a walk over every token finds them."""
    run = make(tmp_path, packing, seed)
    census = Census.open(DataOrder.load(run.manifest(tmp_path)))
    held = run.shards_in_rows
    for shard in range(len(run.shards)):
        first, end = rows_of_shard(census, shard)
        assert list(range(first, end)) == [row for row, shards in enumerate(held) if shard in shards]


def test_default_grid_makes_at_most_256_buckets() -> None:
    """It is the smallest power of two that does, for every number of steps up to 5,000 and some beyond."""
    for steps in [*range(1, 5000), 143_000, 2**20, 2**20 + 1]:
        every = default_grid(steps)
        assert every == next(2**n for n in range(40) if -(-steps // 2**n) <= 256)


@pytest.mark.parametrize("packing", PACKINGS)
def test_edges_of_a_unit_bucket_its_batches_as_all_edges_do(tmp_path: Path, packing: str) -> None:
    """A unit knows only the edges within its batches, and needs no others."""
    run = make(tmp_path, packing)
    settings = replace(SETTINGS, checkpoints=Checkpoints(steps=(1, 3, 4)))
    order = DataOrder.load(run.manifest(tmp_path))
    everything = settings.bucket_edges(order)
    for unit in plan(run, tmp_path, settings):
        for batch in {row // run.batch for row in range(unit.first_row, unit.end_row)}:
            own = unit.edges[np.searchsorted(unit.edges, batch, side="right") - 1]
            assert own == everything[np.searchsorted(everything, batch, side="right") - 1]


CHANGES: dict[str, dict[str, Any]] = {
    "batch": {"batch": 4},
    "length": {"length": 9},
    "shuffled": {"seed": 1},
    "another shuffle": {"seed": 2},
    "shuffled later": {"seed": 1, "epochs": 2, "shuffle_from": 1},
    "epochs": {"epochs": 2},
    "order file": {"order": (0, 1, 2, 3, 4)},
}


@pytest.mark.parametrize("packing", PACKINGS)
def test_every_change_of_packing_or_order_changes_every_key(tmp_path: Path, packing: str) -> None:
    """No two of these runs share a single unit, nor do two shards of one run."""
    run = make(tmp_path, packing)
    found = [keys(replace(run, **change), tmp_path / str(i)) for i, change in enumerate([{}, *CHANGES.values()])]
    assert len({key for one in found for key in one}) == sum(map(len, found))


def test_rule_group_and_kept_exposures_are_in_the_key(tmp_path: Path) -> None:
    """Other match rules, phrases or K never find each other's segments."""
    run = make(tmp_path)
    rules = [MatchRule("exact"), MatchRule(boundary="none"), MatchRule(whitespace="verbatim")]
    others = [replace(SETTINGS, rule=rule) for rule in rules] + [replace(SETTINGS, keep_first=9)]
    found = [keys(run, tmp_path, settings) for settings in [SETTINGS, *others]] + [keys(run, tmp_path, group="h")]
    assert len({key for one in found for key in one}) == sum(map(len, found))


@pytest.mark.parametrize("packing", PACKINGS)
def test_moving_the_corpus_or_naming_other_checkpoints_changes_no_key(tmp_path: Path, packing: str) -> None:
    """Paths and checkpoints are no part of a result."""
    run = make(tmp_path / "here", packing)
    before = keys(run, tmp_path)
    moved = shutil.copytree(tmp_path / "here", tmp_path / "there")
    shards = tuple(moved / "corpus" / shard.name for shard in run.shards)
    elsewhere = replace(
        run, shards=shards, tokenizer=moved / "tokenizer.json", checkpoints=Checkpoints(steps=(0, 1, 2))
    )
    assert keys(elsewhere, tmp_path / "again") == before


@pytest.mark.parametrize("packing", PACKINGS)
def test_appended_shards_leave_the_keys_of_those_before(tmp_path: Path, packing: str) -> None:
    """Only a shard whose last, formerly incomplete row grows is scanned anew."""
    run = make(tmp_path, packing)
    shorter = replace(run, shards=run.shards[:3])
    before, after = keys(shorter, tmp_path / "a"), keys(run, tmp_path / "b")
    assert len(after) == 4
    grows = 0
    for shard in range(3):
        row_count = [sum(shard in held for held in one.shards_in_rows) for one in (shorter, run)]
        assert (before[shard] == after[shard]) == (row_count[0] == row_count[1])
        grows += row_count[0] != row_count[1]
    assert grows == (0 if packing == "documents" else 1)


def test_letters_before_a_shard_are_part_of_its_key_where_rows_are_concatenated(tmp_path: Path) -> None:
    """Offsets count characters of the row: another text of as many tokens in an earlier shard is another unit."""
    found = []
    for text in ("a the the", "a a a"):
        folder = tmp_path / str(len(found))
        folder.mkdir()
        shards = (
            chaos.write_shard(folder / "a.jsonl", [{"id": "1", "text": text}]),
            chaos.write_shard(folder / "b.jsonl", [{"id": "2", "text": "the cat sees these dogs and the cat"}]),
        )
        for packing in ("stream", "documents"):
            run = make(folder, packing, shards=shards)
            assert run.vocabulary is not None
            assert len(run.vocabulary.encode(text)) == 3
            found.append(keys(run, folder)[1])
    assert found[0] != found[2]
    assert found[1] == found[3]


def test_same_bytes_elsewhere_in_the_corpus_are_another_unit(tmp_path: Path) -> None:
    """Two shards with equal bytes stand at different positions: their keys differ."""
    records = [{"id": str(i), "text": "the cat sees these dogs"} for i in range(6)]
    (tmp_path / "c").mkdir()
    twins = tuple(chaos.write_shard(tmp_path / "c" / name, records) for name in ("a.jsonl", "b.jsonl"))
    found = keys(make(tmp_path, shards=twins), tmp_path)
    assert len(set(found)) == 2
