"""World: the settings of a generated corpus, and `write_world`, which writes it with its pairs and its truth."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from exposure.errors import UsageError
from exposure.world.bpe import tokenizer_json
from exposure.world.documents import Document, documents
from exposure.world.grammar import Background
from exposure.world.paradigms import MOST_PAIRS, WIDEST, WorldPair, make_pairs
from exposure.world.planting import Planting
from exposure.world.plants import plan
from exposure.world.truth import truth_lines

FEWEST_DOCUMENTS = 400
"""Fewer do not hold the plants."""


@dataclass(frozen=True, slots=True)
class World:
    """The settings of a world; the same settings give the same bytes.

    A paradigm has fewer than `pairs_per_paradigm` where its words run out.
    """

    seed: int = 0
    documents: int = 4000
    shards: int = 4
    pairs_per_paradigm: int = MOST_PAIRS
    planting: Planting = field(default_factory=Planting)

    def __post_init__(self) -> None:
        """Refuse what cannot be generated."""
        if self.documents < FEWEST_DOCUMENTS:
            raise UsageError(
                f"A world of {self.documents} documents cannot hold its plants. "
                f"Ask for at least {FEWEST_DOCUMENTS} documents."
            )
        if not 1 <= self.shards <= self.documents:
            raise UsageError(f"{self.shards} shards for {self.documents} documents. Give 1 to {self.documents} shards.")
        if not 1 <= self.pairs_per_paradigm <= WIDEST:
            raise UsageError(f"{self.pairs_per_paradigm} pairs a paradigm. Give 1 to {WIDEST}.")

    def first_document(self, shard: int) -> int:
        """Global index of the first document of `shard`; shards differ by one document at most."""
        return self.documents * shard // self.shards


@dataclass(frozen=True, slots=True)
class WorldFiles:
    """Where `write_world` has put things; `corpus` in order."""

    folder: Path
    corpus: tuple[Path, ...]
    pairs: Path
    tokenizer: Path
    truth: Path


def write_world(world: World, folder: Path | str) -> WorldFiles:
    """Generate `world` into `folder`, which must be new or empty.

    Raises UsageError when it is not, or when the documents have no room for the plants.
    """
    folder = Path(folder)
    shards = tuple(folder / "corpus" / f"shard-{shard:05d}.jsonl.gz" for shard in range(world.shards))
    files = WorldFiles(folder, shards, folder / "pairs.jsonl", folder / "tokenizer.json", folder / "truth.jsonl")
    pairs = make_pairs(Random(f"{world.seed}/pairs"), world.pairs_per_paradigm)
    made = list(make_documents(world, pairs))
    make_folder(folder)
    for shard, path in enumerate(files.corpus):
        of_shard = made[world.first_document(shard) : world.first_document(shard + 1)]
        write_shard(path, ({"id": one.id, "text": one.text} for one in of_shard), escaped=shard % 2 == 1)
    write_lines(files.pairs, (blimp_record(pair) for pair in pairs))
    files.tokenizer.write_text(tokenizer_json(), encoding="utf-8")
    write_lines(files.truth, truth_lines(pairs, made, [world.first_document(s) for s in range(world.shards)]))
    return files


def make_documents(world: World, pairs: tuple[WorldPair, ...]) -> Iterator[Document]:
    """The documents of `world` in order."""
    background = Background.avoiding(frozenset(combination for pair in pairs for combination in pair.used))
    slots = plan(Random(f"{world.seed}/plan"), pairs, world.documents, world.planting)
    return documents(world.seed, slots, background)


def make_folder(folder: Path) -> None:
    """Make `folder` with its `corpus/`; raises UsageError where it is there and not empty."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        used = any(folder.iterdir())
        if not used:
            (folder / "corpus").mkdir()
    except OSError as error:
        raise UsageError(f"Cannot write to {folder}: {error.strerror}. Give a folder that is new or empty.") from error
    if used:
        raise UsageError(f"{folder} is not empty. Give a folder that is new or empty, or remove this one first.")


def write_shard(path: Path, records: Iterable[dict[str, object]], escaped: bool = False) -> None:
    """One document a line; no name and no time in the gzip header, so that bytes repeat."""
    lines = (json.dumps(record, ensure_ascii=escaped) for record in records)
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
        packed.writelines(f"{line}\n".encode() for line in lines)


def write_lines(path: Path, records: Iterable[dict[str, object]]) -> None:
    """One JSON object a line."""
    with path.open("w", encoding="utf-8", newline="\n") as lines:
        lines.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def blimp_record(pair: WorldPair) -> dict[str, object]:
    """A pair under BLiMP's own keys."""
    return {
        "sentence_good": pair.pair.sentence_good,
        "sentence_bad": pair.pair.sentence_bad,
        "field": pair.pair.field,
        "linguistics_term": pair.pair.phenomenon,
        "UID": pair.pair.uid,
        "pairID": pair.pair.pair_id,
    }
