"""Pair sets, phrase sets and runs: named by content, and readable."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from exposure.errors import ExposureError
from exposure.orders import DataOrder
from exposure.pair_files import load_pairs
from exposure.phrase_file import read_phrases
from exposure.provenance import sha256_of_file
from service.data_directory import DataDirectory
from service.removal import delete, set_aside
from service.sets.pair_set_making import digest_of, is_whole, make_pair_set
from service.upkeep.finding import Finding
from service.upkeep.partial_files import is_partial
from service.upkeep.quarantine import quarantine
from service.upkeep.segment_checks import unknown


def check_pair_sets(data: DataDirectory) -> Iterator[Finding]:
    """pair-sets/ID: the pairs have the digest that names them, and set.json says what they are."""
    for path in _entries(data.pair_sets):
        if not path.is_dir():
            yield unknown(data.path, path)
        elif not is_whole(data, path.name):
            yield _damaged_pair_set(data, path)


def _damaged_pair_set(data: DataDirectory, path: Path) -> Finding:
    pairs = path / "pairs.jsonl"
    if pairs.is_file() and digest_of(pairs.read_bytes()) == path.name:
        problem, remedy = "is missing or damaged; the pairs are whole", "Make it anew from the pairs."
        return Finding(path / "set.json", problem, remedy, partial(_remake, data, path))
    return Finding(
        pairs,
        "does not have the digest that it is named by",
        "Move the set to quarantine/. Then send the same pairs again.",
        partial(quarantine, data.path, path),
    )


def _remake(data: DataDirectory, path: Path) -> str:
    pairs = load_pairs([path / "pairs.jsonl"])
    delete(set_aside(data, path))
    make_pair_set(data, pairs)
    return "made anew"


def check_phrase_sets(data: DataDirectory) -> Iterator[Finding]:
    """phrase-sets/ID.parquet: has the digest that names it, and is a phrase file."""
    for path in _entries(data.phrase_sets):
        if path.suffix != ".parquet":
            yield unknown(data.path, path)
            continue
        try:
            problem = None if sha256_of_file(path)[:40] == path.stem else "does not have the digest that it is named by"
            if problem is None:
                read_phrases(path)
        except (ExposureError, OSError) as error:
            problem = str(error)
        if problem is not None:
            then = "Move it to quarantine/. Then send the same phrases again, or make them again from their pairs."
            yield Finding(path, problem, then, partial(quarantine, data.path, path))


def check_runs(data: DataDirectory, is_thorough: bool) -> Iterator[Finding]:
    """runs/NAME/run.json: loads, and its shards are there, of the size and (thorough) the digest that it says."""
    for path in _entries(data.runs):
        place = path / "run.json"
        if not path.is_dir():
            continue
        try:
            order = DataOrder.load(place)
        except ExposureError as error:
            yield Finding(place, str(error), "Restore it from a backup, or remove the run and add it again.")
            continue
        yield from _check_shards(place, order, is_thorough)


def _check_shards(place: Path, order: DataOrder, is_thorough: bool) -> Iterator[Finding]:
    for number, shard in enumerate(order.shards):
        file = Path(shard.path)
        try:
            size = file.stat().st_size
        except OSError as error:
            problem = f"its shard {number} ({shard.path}) cannot be read: {error.strerror}"
        else:
            if size != shard.bytes:
                problem = f"its shard {number} ({shard.path}) has {size:,} bytes, the manifest says {shard.bytes:,}"
            elif is_thorough and sha256_of_file(file) != shard.sha256:
                problem = f"its shard {number} ({shard.path}) has another sha256 than the manifest says"
            else:
                continue
        yield Finding(place, problem, "Put the shard back. Timelines that were indexed answer without it.")


def _entries(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [path for path in sorted(folder.iterdir()) if not is_partial(path.name) and not path.name.startswith(".nfs")]
