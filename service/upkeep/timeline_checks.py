"""A timeline: its settings, order and phrase groups, then its segments, generations and CURRENT."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from exposure.artefacts import atomic_write
from exposure.errors import ExposureError, PairsError, TimelineError
from exposure.generation_reader import connect
from exposure.orders import DataOrder
from exposure.phrases import Phrase, PhraseSet
from exposure.provenance import sha256_of_file
from exposure.timeline_folder import TimelineFolder, is_unfinished
from service.data_directory import DataDirectory
from service.upkeep.current_checks import check_current
from service.upkeep.finding import Finding
from service.upkeep.generation_checks import check_generations, damage_of, facts_of
from service.upkeep.partial_files import is_partial
from service.upkeep.quarantine import quarantine
from service.upkeep.segment_checks import check_segments, unknown

_RESTORE = "Restore it from a backup."


def check_timeline(data: DataDirectory, path: Path) -> Iterator[Finding]:
    """Everything in the folder of a timeline."""
    if not (path / "timeline.json").exists() and is_unfinished(path):
        return  # its making was interrupted; indexing goes on with it
    folder = TimelineFolder(path)
    meta = _published_facts(folder)
    yield from _check_settings(folder, meta)
    yield from _check_order(data, folder, meta)
    yield from _check_groups(data, folder)
    yield from _check_phrase_sets(data, folder)
    groups = {one.stem for one in (path / "groups").glob("*.parquet")} | _published_groups(folder).keys()
    yield from check_segments(data.path, folder.segments, groups)
    yield from check_generations(data.path, folder)
    yield from check_current(folder)


def _published_facts(folder: TimelineFolder) -> dict[str, Any]:
    """What the current generation says of itself; nothing where there is none that is whole."""
    named = _named(folder)
    if named is None:
        return {}
    with contextlib.closing(connect(named)) as connection:
        return facts_of(connection)


def _named(folder: TimelineFolder) -> Path | None:
    """The generation that CURRENT names, where it is whole and bears its own name."""
    named = folder.named
    return None if named is None or damage_of(named, folder.segments) is not None else named


def _check_settings(folder: TimelineFolder, meta: dict[str, Any]) -> Iterator[Finding]:
    """timeline.json, against what the current generation was made with."""
    place, published = folder.path / "timeline.json", meta.get("settings")
    try:
        present = json.loads(folder.settings.to_json())
        is_same = published is None or {**present, "later": None} == {**published, "later": None}
        problem = None if is_same else "does not say what the current generation was made with"
    except TimelineError as error:
        problem = f"cannot be read ({error})" if place.exists() else "is missing"
    if problem is None:
        return
    if published is None:
        yield Finding(place, problem, _RESTORE)
    else:
        yield Finding(place, problem, "Write it anew from the current generation.", partial(_rewrite, place, published))


def _rewrite(place: Path, settings: dict[str, Any]) -> str:
    with atomic_write(place) as partial_file:
        partial_file.write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
    return "written anew"


def _check_order(data: DataDirectory, folder: TimelineFolder, meta: dict[str, Any]) -> Iterator[Finding]:
    """order.json, which is the current generation's order or a longer one."""
    place = folder.path / "order.json"
    if not place.exists() and not meta:
        return
    try:
        order = DataOrder.load(place)
        if not meta or order.digest == meta["order_digest"] or _is_longer(order, folder, meta):
            return
        problem = "is another order than that of the current generation"
    except ExposureError as error:
        problem = f"cannot be read ({error})" if place.exists() else "is missing"
    same = _same_run(data, meta.get("order_digest"))
    if same is None:
        yield Finding(place, problem, f"{_RESTORE} Questions are answered without it; indexing and publishing need it.")
    else:
        yield Finding(
            place, problem, f"Write it anew from runs/{same.parent.name}.", partial(_restore_order, same, place)
        )


def _is_longer(order: DataOrder, folder: TimelineFolder, meta: dict[str, Any]) -> bool:
    """Whether `order` begins with the shards of the current generation: indexing has begun to take up a longer run."""
    assert folder.named is not None
    with contextlib.closing(connect(folder.named)) as connection:
        rows = connection.execute("SELECT sha256, documents FROM shards ORDER BY shard").fetchall()
    same = all(
        meta[name] == getattr(order, name) for name in ("packing", "sequence_length", "batch_sequences", "epochs")
    )
    return same and [(one.sha256, one.documents) for one in order.shards[: len(rows)]] == rows


def _same_run(data: DataDirectory, digest: str | None) -> Path | None:
    """The manifest of a run of the data directory that has this order."""
    for manifest in sorted(data.runs.glob("*/run.json")):
        with contextlib.suppress(ExposureError):
            if digest is not None and DataOrder.load(manifest).digest == digest:
                return manifest
    return None


def _restore_order(run: Path, place: Path) -> str:
    DataOrder.load(run).save(place, is_sealed=True)
    return f"written anew from runs/{run.parent.name}"


def _check_groups(data: DataDirectory, folder: TimelineFolder) -> Iterator[Finding]:
    """groups/: each holds the phrases that it is named for, and those of the current generation are there."""
    published = _published_groups(folder)
    present = {path.stem: path for path in sorted((folder.path / "groups").glob("*")) if not is_partial(path.name)}
    for name, path in present.items():
        if path.suffix != ".parquet":
            yield unknown(data.path, path)
            continue
        try:
            folder.group(name)
        except TimelineError:
            yield _lost_group(data, folder, path, published.get(name), "does not hold the phrases that it is named for")
    for name in sorted(published.keys() - present.keys()):
        place = folder.path / "groups" / f"{name}.parquet"
        yield _lost_group(data, folder, place, published[name], "is missing")


def _lost_group(
    data: DataDirectory, folder: TimelineFolder, place: Path, phrases: PhraseSet | None, problem: str
) -> Finding:
    if phrases is None:
        remedy = "Move it to quarantine/. Then index the same phrases again: finished work is taken up."
        return Finding(place, problem, remedy, partial(quarantine, data.path, place))
    return Finding(place, problem, "Write it anew from the current generation.", partial(_write_group, folder, phrases))


def _write_group(folder: TimelineFolder, phrases: PhraseSet) -> str:
    folder.write_group(phrases)
    return "written anew"


def _published_groups(folder: TimelineFolder) -> dict[str, PhraseSet]:
    """The phrases of each group in the current generation, those that can be told by their fingerprints."""
    named = _named(folder)
    if named is None:
        return {}
    try:
        with contextlib.closing(connect(named)) as connection:
            rows = connection.execute(
                "SELECT fingerprint, phrase, gap, sentence_end FROM phrases JOIN phrase_groups USING (group_id)"
            ).fetchall()
        held: dict[str, list[Phrase]] = {}
        for fingerprint, text, gap, sentence_end in rows:
            held.setdefault(fingerprint, []).append(Phrase(text, gap or 0, sentence_end))
    except (duckdb.Error, PairsError):
        return {}
    sets = {fingerprint: PhraseSet.of(phrases) for fingerprint, phrases in held.items()}
    return {fingerprint: phrases for fingerprint, phrases in sets.items() if phrases.fingerprint == fingerprint}


def _check_phrase_sets(data: DataDirectory, folder: TimelineFolder) -> Iterator[Finding]:
    """phrase_sets/: each file has the digest that it is named by."""
    for path in sorted((folder.path / "phrase_sets").glob("*")):
        if is_partial(path.name):
            continue
        if path.suffix != ".parquet":
            yield unknown(data.path, path)
        elif sha256_of_file(path)[:40] != path.stem:
            yield Finding(
                path,
                "does not have the digest that it is named by",
                "Move it to quarantine/. Then index with the same --phrases again: nothing is scanned twice.",
                partial(quarantine, data.path, path),
            )
