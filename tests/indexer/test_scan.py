"""Scanning one unit: a pure function from what the unit names to one segment, or to nothing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import chaos
import generations
import pytest
from training_runs import TrainingRun

from exposure.census import Census
from exposure.errors import CorpusError, OrderError
from exposure.orders import DataOrder
from exposure.publish import publish
from exposure.timeline_folder import TimelineFolder
from exposure.units import Unit, plan_units
from indexer.run import IndexOptions, index_corpus
from indexer.scan import ScanInputs, scan_unit

SEEDS = (1, 2)


Scanned = tuple[TrainingRun, Path]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Scanned:
    """A concatenated run over nasty shards; its manifest."""
    folder = tmp_path_factory.mktemp("scan")
    shards = chaos.write_shards(folder / "corpus", 8)
    run = TrainingRun(shards, chaos.write_tokenizer(folder), 9, "concatenate", epochs=2)
    return run, run.manifest(folder)


def prepare(out: Path, manifest: Path) -> tuple[TimelineFolder, list[Unit], ScanInputs]:
    """A timeline with two phrase groups in which nothing is scanned; its units."""
    order = DataOrder.load(manifest)
    made = out.with_name("made")
    for seed in SEEDS:
        index_corpus(manifest, chaos.phrases(seed), made, IndexOptions())
    folder = TimelineFolder.create(out, TimelineFolder(made).settings)
    folder.set_order(order)
    for phrases in TimelineFolder(made).groups().values():
        folder.admit(phrases)
    units = plan_units(Census.open(order), list(folder.groups()), folder.settings)
    return folder, units, ScanInputs(out, manifest, Path(order.census), order.digest)


def files(folder: Path) -> dict[str, bytes]:
    """Every file of a folder of segments."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_units_in_any_order_give_the_same_bytes_and_rows(run: Scanned, tmp_path: Path, seed: int) -> None:
    """Shuffled units, groups mixed: the segments of index_corpus byte for byte, and its logical digest."""
    folder, units, inputs = prepare(tmp_path / "t", run[1])
    Random(seed).shuffle(units)
    for unit in units:
        scan_unit(inputs, unit, [].append)
    assert files(folder.segments.path) == files(tmp_path / "made" / "segments")
    publish(folder, Census.open(folder.order))
    assert generations.logical_digest(tmp_path / "t") == generations.logical_digest(tmp_path / "made")


def test_finished_unit_is_left_alone(run: Scanned, tmp_path: Path) -> None:
    """Scanned again, nothing is read and no file is touched: not even the shard is needed."""
    folder, units, inputs = prepare(tmp_path / "t", run[1])
    told: list[int] = []
    scan_unit(inputs, units[0], told.append)
    assert told
    before = {path: path.stat().st_mtime_ns for path in folder.segments.path.iterdir()}

    def unread(characters: int) -> None:
        pytest.fail(f"{characters} characters were read again")

    scan_unit(inputs, units[0], unread)
    assert {path: path.stat().st_mtime_ns for path in folder.segments.path.iterdir()} == before


def test_progress_is_told_in_characters(run: Scanned, tmp_path: Path) -> None:
    """What is reported adds up to the characters that the manifest counts in the shard, so progress ends at its end."""
    _, units, inputs = prepare(tmp_path / "t", run[1])
    told: Counter[int] = Counter()
    for unit in units[:4]:
        scan_unit(inputs, unit, lambda characters, shard=unit.shard: told.update({shard: characters}))
    sizes: Counter[int] = Counter()
    for document in run[0].corpus.documents:
        sizes[document.shard_index] += len(document.text)
    assert told == sizes == Counter({n: one.characters for n, one in enumerate(DataOrder.load(run[1]).shards)})


@pytest.mark.parametrize("harm", ["missing", "a document more", "a document less", "one letter", "swapped", "an id"])
def test_changed_shard_leaves_no_segment(tmp_path: Path, harm: str) -> None:
    """Any change since the manifest is a CorpusError that names the shard; nothing at all is written."""
    records = [{"id": str(i), "text": f"the cat {i} sees these dogs"} for i in range(5)]
    shard = chaos.write_shard(tmp_path / "a.jsonl", records)
    manifest = TrainingRun((shard,), batch=2).manifest(tmp_path)
    folder, units, inputs = prepare(tmp_path / "t", manifest)
    if harm == "missing":
        shard.unlink()
    elif harm == "a document more":
        chaos.write_shard(shard, [*records, records[0]])
    elif harm == "a document less":
        chaos.write_shard(shard, records[:-1])
    elif harm == "one letter":
        shard.write_bytes(shard.read_bytes().replace(b"4 sees", b"4 seas"))
    elif harm == "swapped":
        chaos.write_shard(shard, [records[1], records[0], *records[2:]])
    else:
        shard.write_bytes(shard.read_bytes().replace(b'"id": "3"', b'"id": "9"'))
    with pytest.raises(CorpusError, match=r"a\.jsonl"):
        scan_unit(inputs, units[0], [].append)
    assert files(folder.segments.path) == {}


def test_manifest_that_changes_meanwhile_is_refused(tmp_path: Path) -> None:
    """A worker that finds another order under the manifest's name than the units were planned from scans nothing."""
    shard = chaos.write_shard(tmp_path / "a.jsonl", [{"id": str(i), "text": "the cat"} for i in range(6)])
    manifest = TrainingRun((shard,), batch=2).manifest(tmp_path)
    folder, units, inputs = prepare(tmp_path / "t", manifest)
    TrainingRun((shard,), batch=3).manifest(tmp_path)
    with pytest.raises(OrderError, match=r"changed while it was being indexed.*same command again"):
        scan_unit(inputs, units[0], [].append)
    assert files(folder.segments.path) == {}


def test_segment_holds_what_its_shard_shows(run: Scanned, tmp_path: Path) -> None:
    """Each unit's segment alone has the oracle's counts for that one shard."""
    folder, units, inputs = prepare(tmp_path / "t", run[1])
    groups = folder.groups()
    for unit in units:
        scan_unit(inputs, unit, [].append)
        counts, _ = folder.segments.read(unit.key)
        phrases = list(groups[unit.group])
        found: Counter[str] = Counter()
        for number, count in zip(counts["phrase"].to_pylist(), counts["count"].to_pylist(), strict=True):
            found[str(phrases[number])] += count
        truth = run[0].expected(phrases, shards=[unit.shard])
        assert found == Counter({str(phrase): one.count for phrase, one in truth.items()})
        assert folder.segments.marker(unit.key).unit == unit.identity
