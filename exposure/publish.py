"""Segments → one new generation of a timeline: a DuckDB file that is only ever read afterwards."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from exposure.artefacts import atomic_write
from exposure.census import Census
from exposure.compaction import BLOCK_SEGMENTS, compact
from exposure.coverage import Coverage, coverage_of
from exposure.errors import TimelineError
from exposure.generation_reader import read_published
from exposure.generation_tables import GENERATION_VERSION
from exposure.generation_writer import GenerationWriter
from exposure.phrases import PhraseSet
from exposure.positions import Slots
from exposure.provenance import versions
from exposure.segments import (
    COUNTS_SCHEMA,
    EXPOSURES_SCHEMA,
    is_last_in_group,
    rank_in_group,
    reduce_counts,
    reduce_exposures,
)
from exposure.timeline_folder import TimelineFolder
from exposure.units import Unit, plan_units

PHRASES_A_RANGE = 1 << 17


@dataclass(frozen=True)
class Group:
    """One phrase group on its way into a generation: `ids` are the generation's numbers of its phrases."""

    number: int
    fingerprint: str
    phrases: PhraseSet
    ids: Slots
    keys: tuple[str, ...]
    coverage: Coverage


def publish(folder: TimelineFolder, census: Census, block: int = BLOCK_SEGMENTS) -> Path:
    """Build the generation of all finished segments of the folder's order and make it current; returns its file.

    A generation that is there already is not built again, unless it cannot be read. Raises TimelineError when it would
    cover less than the current one.
    """
    with folder.locked():
        # Read under the lock: while this process waited for it, another may have scanned and published other groups.
        groups = _groups(folder, census, block)
        _refuse_loss(folder, census, groups)
        path = folder.generations / f"{_name(folder, census, groups)}.duckdb"
        if read_published(path) is None:
            _clear_leftovers(folder)
            _build(path, folder, census, groups)
        folder.set_current(path)
    return path


def _clear_leftovers(folder: TimelineFolder) -> None:
    """What publications that were killed left half written: whoever holds the lock is the only one who writes here."""
    for left in folder.generations.glob(".*.partial*"):
        left.unlink(missing_ok=True)


def _groups(folder: TimelineFolder, census: Census, block: int) -> list[Group]:
    sets = folder.groups()
    everything = sorted((phrase, fingerprint) for fingerprint, phrases in sets.items() for phrase in phrases)
    units = plan_units(census, list(sets), folder.settings)
    groups = []
    for number, (fingerprint, phrases) in enumerate(sets.items()):
        own = [unit for unit in units if unit.group == fingerprint]
        ids = np.array([i for i, (_, holder) in enumerate(everything) if holder == fingerprint], dtype=np.int64)
        keys = compact(folder.segments, own, folder.settings.keep_first, block)
        coverage = coverage_of(census, _missing_shards(folder, own, keys))
        groups.append(Group(number, fingerprint, phrases, ids, tuple(keys), coverage))
    return groups


def _missing_shards(folder: TimelineFolder, units: list[Unit], keys: list[str]) -> list[int]:
    """The shards whose units none of the segments `keys` holds. The folder is not asked: a scan may end meanwhile."""
    held = {member for key in keys for member in folder.segments.marker(key).members}
    return [unit.shard for unit in units if unit.key not in held]


def _name(folder: TimelineFolder, census: Census, groups: list[Group]) -> str:
    """Digest of what the generation holds: its segments, its order and checkpoints, and the form of its tables."""
    content = [
        GENERATION_VERSION,
        census.order.digest,
        list(census.order.checkpoint_steps),
        folder.settings.bucket_edges(census.order).tolist(),
        [(group.fingerprint, group.keys) for group in groups],
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:40]


def _build(path: Path, folder: TimelineFolder, census: Census, groups: list[Group]) -> None:
    order = census.order
    for group in groups:
        for key in group.keys:
            folder.segments.verify(key)
    with atomic_write(path) as partial, _writing(path), GenerationWriter(partial) as writer:
        writer.append("shards", _shards_table(census))
        writer.append("checkpoints", pa.table({"step": pa.array(order.checkpoint_steps, pa.int64())}))
        edges = np.append(folder.settings.bucket_edges(order), order.steps)
        writer.append("buckets", pa.table({"start_batch": edges[:-1], "end_batch": edges[1:]}))
        _append_groups(writer, groups)
        total = sum(len(group.phrases) for group in groups)
        for start in range(0, total, PHRASES_A_RANGE):
            _append_range(writer, folder, census, groups, edges, start, min(start + PHRASES_A_RANGE, total))
        writer.append("meta", _meta_table(folder, census, groups, writer.digests()))


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise TimelineError(
            f"The generation {path.name} could not be written ({error}). The segments and the current generation are "
            "whole: make room or mend what is said here, and run `exposure publish`."
        ) from error


def _append_range(
    writer: GenerationWriter,
    folder: TimelineFolder,
    census: Census,
    groups: list[Group],
    edges: Slots,
    start: int,
    end: int,
) -> None:
    """The three tables by phrase, for phrases [start, end) of the generation."""
    keep_first = folder.settings.keep_first
    counts, exposures = [COUNTS_SCHEMA.empty_table()], [EXPOSURES_SCHEMA.empty_table()]
    for group in groups:
        first, stop = (int(place) for place in np.searchsorted(group.ids, [start, end]))
        for key in group.keys:
            for path, tables in (
                (folder.segments.counts_path(key), counts),
                (folder.segments.exposures_path(key), exposures),
            ):
                tables.append(_renumbered(path, group, first, stop))
    all_counts = reduce_counts(pa.concat_tables(counts).combine_chunks())
    all_exposures = reduce_exposures(pa.concat_tables(exposures).combine_chunks(), keep_first)
    writer.append(
        "phrases", _phrases_table(groups, all_counts, all_exposures, census.order.batch_sequences, start, end)
    )
    writer.append("counts", _counts_table(all_counts, edges))
    writer.append("exposures", _exposures_table(all_exposures, census.order.batch_sequences, keep_first))


def _renumbered(path: Path, group: Group, first: int, stop: int) -> pa.Table:
    """Rows of the group's phrases [first, stop), under the generation's numbers."""
    table = pq.read_table(path, filters=[("phrase", ">=", first), ("phrase", "<", stop)])
    return table.set_column(0, "phrase", pa.array(group.ids[table["phrase"].to_numpy()].astype(np.int32)))


def _phrases_table(
    groups: list[Group], counts: pa.Table, exposures: pa.Table, batch_sequences: int, start: int, end: int
) -> pa.Table:
    rows = sorted(
        (int(number), phrase, group.number)
        for group in groups
        for number, phrase in zip(group.ids, group.phrases, strict=True)
        if start <= number < end
    )
    columns: dict[str, object] = {
        "phrase_id": pa.array([number for number, _, _ in rows], pa.int32()),
        "phrase": [phrase.text for _, phrase, _ in rows],
        "gap": pa.array([phrase.gap or None for _, phrase, _ in rows], pa.int32()),
        "sentence_end": [phrase.sentence_end for _, phrase, _ in rows],
        "group_id": pa.array([group for _, _, group in rows], pa.int32()),
        "count": np.bincount(
            counts["phrase"].to_numpy() - start, weights=counts["count"].to_numpy(), minlength=end - start
        ).astype(np.int64),
    }
    number = exposures["phrase"].to_numpy()
    for name, chosen in (("first", rank_in_group(number) == 0), ("last", is_last_in_group(number))):
        columns |= _ends(exposures.filter(pa.array(chosen)), name, batch_sequences, start, end)
    return pa.table(columns)


def _ends(rows: pa.Table, name: str, batch_sequences: int, start: int, end: int) -> dict[str, pa.Array]:
    """The columns `<name>_batch` … for every phrase of [start, end); null where a phrase has no row."""
    place = np.full(end - start, -1, dtype=np.int64)
    place[rows["phrase"].to_numpy() - start] = np.arange(rows.num_rows)
    indices = pa.array(place, mask=place < 0)
    placed = _positions(rows, batch_sequences).take(indices).combine_chunks()
    return {f"{name}_{column}": placed[column] for column in placed.column_names}


def _positions(exposures: pa.Table, batch_sequences: int) -> pa.Table:
    slot = exposures["slot"].to_numpy()
    return pa.table(
        {
            "batch": slot // batch_sequences,
            "sequence": slot % batch_sequences,
            "token": exposures["token"],
            "offset": exposures["offset"],
            "shard": exposures["shard"],
            "document_index": exposures["document"],
            "document": exposures["document_id"],
            "document_offset": exposures["document_offset"],
        }
    )


def _counts_table(counts: pa.Table, edges: Slots) -> pa.Table:
    bucket = counts["bucket"].to_numpy()
    ends = edges[np.searchsorted(edges, bucket, side="right")] if len(bucket) else bucket
    columns = [counts["phrase"], bucket, ends, counts["count"], counts["first_batch"], counts["last_batch"]]
    return pa.table(columns, names=["phrase_id", "start_batch", "end_batch", "count", "first_batch", "last_batch"])


def _exposures_table(exposures: pa.Table, batch_sequences: int, keep_first: int) -> pa.Table:
    rank = rank_in_group(exposures["phrase"].to_numpy())
    kept = exposures.filter(pa.array(rank < keep_first))
    ranks = pa.array(rank[rank < keep_first], pa.int32())
    positions = _positions(kept, batch_sequences)
    return pa.table([kept["phrase"], ranks, *positions.columns], names=["phrase_id", "rank", *positions.column_names])


def _append_groups(writer: GenerationWriter, groups: list[Group]) -> None:
    rows = [
        {
            "group_id": group.number,
            "fingerprint": group.fingerprint,
            "phrases": len(group.phrases),
            "covered_batches": group.coverage.covered_batches,
            "first_missing_slot": group.coverage.first_missing_slot,
            "missing_shards": list(group.coverage.missing_shards),
        }
        for group in groups
    ]
    schema = pa.schema(
        [
            ("group_id", pa.int32()),
            ("fingerprint", pa.string()),
            ("phrases", pa.int64()),
            ("covered_batches", pa.int64()),
            ("first_missing_slot", pa.int64()),
            ("missing_shards", pa.list_(pa.int32())),
        ]
    )  # fmt: skip
    writer.append("phrase_groups", pa.Table.from_pylist(rows, schema=schema))
    ranges = [
        {"group_id": group.number, "start_batch": start, "end_batch": end}
        for group in groups
        for start, end in group.coverage.ranges
    ]
    columns = pa.schema([("group_id", pa.int32()), ("start_batch", pa.int64()), ("end_batch", pa.int64())])
    writer.append("coverage", pa.Table.from_pylist(ranges, schema=columns))


def _shards_table(census: Census) -> pa.Table:
    shards = census.order.shards
    return pa.table(
        {
            "shard": pa.array(range(len(shards)), pa.int32()),
            "path": [shard.path for shard in shards],
            "sha256": [shard.sha256 for shard in shards],
            "documents": pa.array([shard.documents for shard in shards], pa.int64()),
            "tokens": pa.array([shard.tokens for shard in shards], pa.int64()),
        }
    )


def _meta_table(folder: TimelineFolder, census: Census, groups: list[Group], digests: dict[str, str]) -> pa.Table:
    order = census.order
    facts: dict[str, object] = {
        "version": GENERATION_VERSION,
        "order_digest": order.digest,
        "exactness": order.exactness,
        "packing": order.packing,
        "sequence_length": order.sequence_length,
        "batch_sequences": order.batch_sequences,
        "epochs": order.epochs,
        "slots": order.slots,
        "steps": order.steps,
        "rule": asdict(folder.settings.rule),
        "keep_first": folder.settings.keep_first,
        "segments": sorted(key for group in groups for key in group.keys),
        "digests": digests,
        "logical_digest": hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest(),
        "versions": versions(),
    }
    return pa.table({"key": list(facts), "value": [json.dumps(value) for value in facts.values()]})


def _refuse_loss(folder: TimelineFolder, census: Census, groups: list[Group]) -> None:
    """CURRENT only ever moves to a generation that covers all that the present one covers.

    A present one that is gone or cannot be read has nothing to lose: publishing mends it. In a longer order the last
    batch of the shorter one may hold more rows, so only the batches that were full are compared.
    """
    named = folder.named
    present = None if named is None else read_published(named)
    if present is None:
        return
    is_same = present.order_digest == census.order.digest
    coverage = {group.fingerprint: group.coverage for group in groups}
    for fingerprint, covered in present.coverage.items():
        kept = covered if is_same else covered.until(present.whole_batches)
        if fingerprint not in coverage or not coverage[fingerprint].contains(kept):
            raise TimelineError(
                f"The segments of {folder.path} cover less than its current generation does (phrase group "
                f"{fingerprint[:12]}…): were segments deleted? Index again before publishing; the current generation "
                "stays."
            )
