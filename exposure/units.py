"""Units of work: one phrase group over one shard, and the key under which its segment is kept.

The key is a digest of everything that the segment depends on and of nothing else, so a unit is never scanned twice and
never mistaken for another: not when shards are appended, workers change, or another process works on the same folder.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from exposure.census import Census
from exposure.order_rules import Sequential
from exposure.orders import DataOrder
from exposure.segments import SCAN_SEMANTICS
from exposure.timeline_settings import TimelineSettings


@dataclass(frozen=True)
class Unit:
    """One phrase group over one shard. Rows [first_row, end_row) have text in the shard; `edges` start its buckets."""

    key: str
    group: str
    shard: int
    first_row: int
    end_row: int
    edges: tuple[int, ...]
    identity: dict[str, Any]


def default_grid(steps: int) -> int:
    """Steps between the lines of the regular grid: the smallest power of two that makes at most 256 buckets."""
    every = 1
    while steps > 256 * every:
        every *= 2
    return every


def plan_units(census: Census, groups: list[str], settings: TimelineSettings) -> list[Unit]:
    """Every unit of an order, groups outermost, shards in order."""
    edges = settings.bucket_edges(census.order)
    return [
        _unit(census, shard, group, settings, edges) for group in sorted(groups) for shard in range(len(census.shards))
    ]


def rows_of_shard(census: Census, shard: int) -> tuple[int, int]:
    """Rows [first, end) that hold text of a shard and are trained on."""
    order = census.order
    if order.packing == "document-per-row":
        return int(census.first_documents[shard]), int(census.first_documents[shard + 1])
    tokens = order.text_tokens_per_row
    first, end = int(census.first_tokens[shard]) // tokens, -(-int(census.first_tokens[shard + 1]) // tokens)
    return min(first, order.rows), min(end, order.rows)


def _unit(census: Census, shard: int, group: str, settings: TimelineSettings, edges: npt.NDArray[np.int64]) -> Unit:
    order = census.order
    first_row, end_row = rows_of_shard(census, shard)
    own_edges = _edges_within(order, first_row, end_row, edges)
    identity = {
        "semantics": SCAN_SEMANTICS,
        "group": group,
        "shard": {"index": shard, **_shard(order, shard)},
        "fields": [order.text_field, order.id_field],
        "tokenizer": order.tokenizer and order.tokenizer.model_dump(mode="json", exclude={"path"}),
        "packing": [order.packing, order.sequence_length, order.batch_sequences],
        "rows": [first_row, end_row],
        "stream": [int(census.first_documents[shard]), _first_token(census, shard)],
        "before": _before(order, shard),
        "order": _order_slice(order),
        "rule": asdict(settings.rule),
        "keep_first": settings.keep_first,
        "edges": own_edges,
    }
    key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:40]
    return Unit(key, group, shard, first_row, end_row, tuple(own_edges), identity)


def _shard(order: DataOrder, shard: int) -> dict[str, Any]:
    """What of a shard's entry decides its segments: its tokens only where they are counted in any case."""
    undecided = {"path", "tokens"} if order.packing == "document-per-row" else {"path"}
    return order.shards[shard].model_dump(mode="json", exclude=undecided)


def _first_token(census: Census, shard: int) -> int | None:
    return int(census.first_tokens[shard]) if census.order.packing == "concatenate" else None


def _edges_within(order: DataOrder, first_row: int, end_row: int, edges: npt.NDArray[np.int64]) -> list[int]:
    """Only the edges that part this unit's batches: later ones must not change the key of what is before them."""
    if not isinstance(order.order, Sequential) or order.epochs > 1:
        return [int(edge) for edge in edges]
    first, last = first_row // order.batch_sequences, max(end_row - 1, first_row) // order.batch_sequences
    start = int(np.searchsorted(edges, first, side="right")) - 1
    return [int(edge) for edge in edges[start : int(np.searchsorted(edges, last, side="right"))]]


def _before(order: DataOrder, shard: int) -> str | None:
    """Offsets of a concatenated row count characters of earlier shards, so these are part of the key."""
    if order.packing == "document-per-row":
        return None  # a row is one document's, whatever lies before it
    earlier = [(one.sha256, [bad.line for bad in one.skipped]) for one in order.shards[:shard]]
    return hashlib.sha256(json.dumps(earlier).encode()).hexdigest()


def _order_slice(order: DataOrder) -> list[Any]:
    if isinstance(order.order, Sequential) and order.epochs == 1:
        return ["sequential"]
    return [order.order.model_dump(mode="json", exclude={"path"}), order.epochs, order.rows, order.order_sha256]
