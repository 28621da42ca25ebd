"""Segments → one new generation of a timeline: a DuckDB file that is only ever read afterwards."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb
import numpy as np

from exposure.artefacts import atomic_write
from exposure.census import Census
from exposure.compaction import BLOCK_SEGMENTS, compact
from exposure.coverage import coverage_of
from exposure.errors import TimelineError
from exposure.generation_group import GenerationGroup
from exposure.generation_reader import read_published
from exposure.generation_tables import GENERATION_VERSION
from exposure.generation_writer import GenerationWriter
from exposure.phrase_tables import append_phrase_tables
from exposure.run_tables import append_meta, append_run_tables
from exposure.timeline_folder import TimelineFolder
from exposure.units import Unit, plan_units


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


def _groups(folder: TimelineFolder, census: Census, block: int) -> list[GenerationGroup]:
    sets = folder.groups()
    everything = sorted((phrase, fingerprint) for fingerprint, phrases in sets.items() for phrase in phrases)
    units = plan_units(census, list(sets), folder.settings)
    groups = []
    for number, (fingerprint, phrases) in enumerate(sets.items()):
        own = [unit for unit in units if unit.group == fingerprint]
        ids = np.array([i for i, (_, holder) in enumerate(everything) if holder == fingerprint], dtype=np.int64)
        keys = compact(folder.segments, own, folder.settings.keep_first, block)
        coverage = coverage_of(census, _missing_shards(folder, own, keys))
        groups.append(GenerationGroup(number, fingerprint, phrases, ids, tuple(keys), coverage))
    return groups


def _missing_shards(folder: TimelineFolder, units: list[Unit], keys: list[str]) -> list[int]:
    """The shards whose units none of the segments `keys` holds. The folder is not asked: a scan may end meanwhile."""
    held = {member for key in keys for member in folder.segments.marker(key).members}
    return [unit.shard for unit in units if unit.key not in held]


def _name(folder: TimelineFolder, census: Census, groups: list[GenerationGroup]) -> str:
    order = census.order
    edges = folder.settings.bucket_edges(order).tolist()
    keys = {group.fingerprint: group.keys for group in groups}
    return generation_name(order.digest, order.checkpoint_steps, edges, keys)


def generation_name(
    order_digest: str, checkpoints: Sequence[int], edges: Sequence[int], keys: Mapping[str, Sequence[str]]
) -> str:
    """Digest of what a generation holds: its order and checkpoints, the first batches of its buckets, and the `keys`
    of the segments of each group (in order of groups, and of shards within one); and of the form of its tables."""
    content = [GENERATION_VERSION, order_digest, list(checkpoints), list(edges), list(keys.items())]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:40]


def _build(path: Path, folder: TimelineFolder, census: Census, groups: list[GenerationGroup]) -> None:
    for group in groups:
        for key in group.keys:
            folder.segments.verify(key)
    with atomic_write(path) as partial, _writing(path), GenerationWriter(partial) as writer:
        edges = np.append(folder.settings.bucket_edges(census.order), census.order.steps)
        append_run_tables(writer, census.order, edges, groups)
        append_phrase_tables(writer, folder, census.order.batch_sequences, groups, edges)
        append_meta(writer, folder, census.order, groups, path.stem)


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise TimelineError(
            f"The generation {path.name} could not be written ({error}). The segments and the current generation are "
            "whole: make room or mend what is said here, and run `exposure publish`."
        ) from error


def _refuse_loss(folder: TimelineFolder, census: Census, groups: list[GenerationGroup]) -> None:
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
