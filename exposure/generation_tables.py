"""The tables of a published generation: a public interface, described in docs/timeline-tables.md."""

from __future__ import annotations

GENERATION_VERSION = 1

TABLES: dict[str, str] = {
    "meta": "key VARCHAR, value VARCHAR",
    "shards": "shard INTEGER, path VARCHAR, sha256 VARCHAR, documents BIGINT, tokens BIGINT",
    "checkpoints": "step BIGINT",
    "buckets": "start_batch BIGINT, end_batch BIGINT",
    "phrase_groups": (
        "group_id INTEGER, fingerprint VARCHAR, phrases BIGINT, covered_batches BIGINT, first_missing_slot BIGINT, "
        "missing_shards INTEGER[]"
    ),
    "coverage": "group_id INTEGER, start_batch BIGINT, end_batch BIGINT",
    "phrases": (
        "phrase_id INTEGER, phrase VARCHAR, gap INTEGER, sentence_end BOOLEAN, group_id INTEGER, count BIGINT, "
        "first_batch BIGINT, first_sequence BIGINT, first_token BIGINT, first_offset BIGINT, first_shard INTEGER, "
        "first_document_index BIGINT, first_document VARCHAR, first_document_offset BIGINT, "
        "last_batch BIGINT, last_sequence BIGINT, last_token BIGINT, last_offset BIGINT, last_shard INTEGER, "
        "last_document_index BIGINT, last_document VARCHAR, last_document_offset BIGINT"
    ),
    "counts": (
        "phrase_id INTEGER, start_batch BIGINT, end_batch BIGINT, count BIGINT, first_batch BIGINT, last_batch BIGINT"
    ),
    "exposures": (
        'phrase_id INTEGER, rank INTEGER, batch BIGINT, sequence BIGINT, token BIGINT, "offset" BIGINT, shard INTEGER, '
        "document_index BIGINT, document VARCHAR, document_offset BIGINT"
    ),
}
"""Table → columns, in the order in which they are written. `phrases` is sorted by (phrase, gap, sentence_end)."""
