"""The tables of a generation by phrase, out of its segments: `phrases`, `counts`, `exposures`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from exposure.generation_group import GenerationGroup
from exposure.generation_writer import GenerationWriter
from exposure.positions import Slots
from exposure.segments import (
    COUNTS_SCHEMA,
    EXPOSURES_SCHEMA,
    is_last_in_group,
    rank_in_group,
    reduce_counts,
    reduce_exposures,
)
from exposure.timeline_folder import TimelineFolder

PHRASES_A_RANGE = 1 << 17


def append_phrase_tables(
    writer: GenerationWriter, folder: TimelineFolder, batch_sequences: int, groups: list[GenerationGroup], edges: Slots
) -> None:
    """Append `phrases`, `counts` and `exposures`, a range of phrases at a time, so that memory does not grow with them.

    `edges` are the first batches of all buckets, and the end of the last.
    """
    total = sum(len(group.phrases) for group in groups)
    for start in range(0, total, PHRASES_A_RANGE):
        end = min(start + PHRASES_A_RANGE, total)
        counts, exposures = _facts_of(folder, groups, start, end)
        writer.append("phrases", _phrases_table(groups, counts, exposures, batch_sequences, start, end))
        writer.append("counts", _counts_table(counts, edges))
        writer.append("exposures", _exposures_table(exposures, batch_sequences, folder.settings.keep_first))


def _facts_of(folder: TimelineFolder, groups: list[GenerationGroup], start: int, end: int) -> tuple[pa.Table, pa.Table]:
    """(counts, exposures) of phrases [start, end) of the generation, from all segments."""
    counts, exposures = [COUNTS_SCHEMA.empty_table()], [EXPOSURES_SCHEMA.empty_table()]
    for group in groups:
        first, stop = (int(place) for place in np.searchsorted(group.ids, [start, end]))
        for key in group.keys:
            for path, tables in (
                (folder.segments.counts_path(key), counts),
                (folder.segments.exposures_path(key), exposures),
            ):
                tables.append(_renumbered(path, group, first, stop))
    all_exposures = pa.concat_tables(exposures).combine_chunks()
    return (
        reduce_counts(pa.concat_tables(counts).combine_chunks()),
        reduce_exposures(all_exposures, folder.settings.keep_first),
    )


def _renumbered(path: Path, group: GenerationGroup, first: int, stop: int) -> pa.Table:
    """Rows of the group's phrases [first, stop), under the generation's numbers."""
    table = pq.read_table(path, filters=[("phrase", ">=", first), ("phrase", "<", stop)])
    return table.set_column(0, "phrase", pa.array(group.ids[table["phrase"].to_numpy()].astype(np.int32)))


def _phrases_table(
    groups: list[GenerationGroup], counts: pa.Table, exposures: pa.Table, batch_sequences: int, start: int, end: int
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
