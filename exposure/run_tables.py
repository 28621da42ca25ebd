"""The tables of a generation that describe the run and what of it was scanned, and `meta`."""

from __future__ import annotations

import json
from dataclasses import asdict

import pyarrow as pa

from exposure.generation_group import GenerationGroup
from exposure.generation_tables import GENERATION_VERSION
from exposure.generation_writer import GenerationWriter
from exposure.orders import DataOrder, Shard
from exposure.positions import Slots
from exposure.provenance import versions
from exposure.row_digests import logical_digest
from exposure.timeline_folder import TimelineFolder


def append_run_tables(writer: GenerationWriter, order: DataOrder, edges: Slots, groups: list[GenerationGroup]) -> None:
    """Append `shards`, `checkpoints`, `buckets`, `phrase_groups` and `coverage`."""
    writer.append("shards", _shards_table(order.shards))
    writer.append("checkpoints", pa.table({"step": pa.array(order.checkpoint_steps, pa.int64())}))
    writer.append("buckets", pa.table({"start_batch": edges[:-1], "end_batch": edges[1:]}))
    writer.append("phrase_groups", _groups_table(groups))
    writer.append("coverage", _coverage_table(groups))


def append_meta(
    writer: GenerationWriter, folder: TimelineFolder, order: DataOrder, groups: list[GenerationGroup], name: str
) -> None:
    """Append `meta`, last of all: it holds the digests of the other tables, and the `name` of the generation."""
    writer.append("meta", _meta_table(folder, order, groups, name, writer.digests()))


def _groups_table(groups: list[GenerationGroup]) -> pa.Table:
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
    )
    return pa.Table.from_pylist(rows, schema=schema)


def _coverage_table(groups: list[GenerationGroup]) -> pa.Table:
    ranges = [
        {"group_id": group.number, "start_batch": start, "end_batch": end}
        for group in groups
        for start, end in group.coverage.ranges
    ]
    columns = pa.schema([("group_id", pa.int32()), ("start_batch", pa.int64()), ("end_batch", pa.int64())])
    return pa.Table.from_pylist(ranges, schema=columns)


def _shards_table(shards: tuple[Shard, ...]) -> pa.Table:
    return pa.table(
        {
            "shard": pa.array(range(len(shards)), pa.int32()),
            "path": [shard.path for shard in shards],
            "sha256": [shard.sha256 for shard in shards],
            "documents": pa.array([shard.documents for shard in shards], pa.int64()),
            "tokens": pa.array([shard.tokens for shard in shards], pa.int64()),
        }
    )


def _meta_table(
    folder: TimelineFolder, order: DataOrder, groups: list[GenerationGroup], name: str, digests: dict[str, str]
) -> pa.Table:
    facts: dict[str, object] = {
        "version": GENERATION_VERSION,
        "generation": name,
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
        "logical_digest": logical_digest(digests),
        "settings": json.loads(folder.settings.to_json()),
        "versions": versions(),
    }
    return pa.table({"key": list(facts), "value": [json.dumps(value) for value in facts.values()]})
