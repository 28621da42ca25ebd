"""Whether what a data order names is where it says, and what of two accounts of the same shards to go by."""

from __future__ import annotations

from pathlib import Path

from exposure.order_rules import OrderFile
from exposure.orders import DataOrder, Shard


def is_there(shard: Shard) -> bool:
    """Whether the shard is a file of the size that the manifest records; its content is looked at when it is read."""
    path = Path(shard.path)
    try:
        return path.is_file() and path.stat().st_size == shard.bytes
    except (OSError, ValueError):
        return False


def shards_there(order: DataOrder) -> int:
    """How many shards of `order` are there."""
    return sum(is_there(shard) for shard in order.shards)


def with_working_paths(order: DataOrder, known: DataOrder) -> DataOrder:
    """`order`, but for files that are not where it says and are where `known` says: those are where `known` says.

    Shards are the same by their sha256, an order file where both orders are one.
    """
    places = {shard.sha256: shard for shard in known.shards}
    update: dict[str, object] = {"shards": tuple(_working(one, places.get(one.sha256)) for one in order.shards)}
    mine, theirs = order.order, known.order
    if isinstance(mine, OrderFile) and isinstance(theirs, OrderFile) and order.digest == known.digest:
        is_lost = not Path(mine.path).is_file() and Path(theirs.path).is_file()
        update["order"] = theirs if is_lost else mine
    return order.model_copy(update=update)


def _working(shard: Shard, known: Shard | None) -> Shard:
    is_lost = known is not None and known.path != shard.path and not is_there(shard) and is_there(known)
    return shard.model_copy(update={"path": known.path}) if known is not None and is_lost else shard
