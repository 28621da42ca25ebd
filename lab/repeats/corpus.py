"""RepeatingText: the settings of a generated corpus, and `write_repeats`, which writes it with pairs and tokenizer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from exposure.errors import UsageError
from exposure.world.grammar import Background
from exposure.world.paradigms import WIDEST, WorldPair, make_pairs
from exposure.world.world import blimp_record, make_folder, write_lines, write_shard
from lab.repeats.documents import Recipe, documents
from lab.repeats.vocabulary import repeats_tokenizer


@dataclass(frozen=True, slots=True)
class RepeatingText:
    """The settings; the same ones give the same bytes."""

    seed: int = 0
    documents: int = 4000
    shards: int = 4
    pairs_per_paradigm: int = 40
    recipe: Recipe = field(default_factory=Recipe)

    def __post_init__(self) -> None:
        """Refuse what cannot be generated."""
        if not 1 <= self.shards <= self.documents:
            raise UsageError(f"{self.shards} shards for {self.documents} documents. Give 1 to {self.documents} shards.")
        if not 1 <= self.pairs_per_paradigm <= WIDEST:
            raise UsageError(f"{self.pairs_per_paradigm} pairs a paradigm. Give 1 to {WIDEST}.")
        shortest, longest = self.recipe.shortest, self.recipe.characters
        if shortest is not None and not 1 <= shortest <= longest:
            raise UsageError(f"--shortest {shortest} characters: give 1 to {longest}, as many as --characters says.")
        for name, share in (("refrains", self.recipe.refrains), ("spans", self.recipe.spans)):
            if not 0 <= share <= 1:
                raise UsageError(f"--{name} {share}: a share is from 0 to 1.")

    def first_document(self, shard: int) -> int:
        """Global index of the first document of `shard`; shards differ by one document at most."""
        return self.documents * shard // self.shards


@dataclass(frozen=True, slots=True)
class RepeatsFiles:
    """Where `write_repeats` has put things; `corpus` in order."""

    folder: Path
    corpus: tuple[Path, ...]
    pairs: Path
    tokenizer: Path


def write_repeats(text: RepeatingText, folder: Path) -> RepeatsFiles:
    """Generate `text` into `folder`, which must be new or empty; raises UsageError when it is not.

    The pairs are the world's, and their phrases stand nowhere in the sentences.
    """
    shards = tuple(folder / "corpus" / f"shard-{shard:05d}.jsonl.gz" for shard in range(text.shards))
    files = RepeatsFiles(folder, shards, folder / "pairs.jsonl", folder / "tokenizer.json")
    pairs = make_pairs(Random(f"{text.seed}/pairs"), text.pairs_per_paradigm)
    make_folder(folder)
    records = _records(text, pairs)
    for shard, path in enumerate(files.corpus):
        count = text.first_document(shard + 1) - text.first_document(shard)
        write_shard(path, (next(records) for _ in range(count)))
    write_lines(files.pairs, (blimp_record(pair) for pair in pairs))
    files.tokenizer.write_text(repeats_tokenizer(), encoding="utf-8")
    return files


def _records(text: RepeatingText, pairs: tuple[WorldPair, ...]) -> Iterator[dict[str, object]]:
    background = Background.avoiding(frozenset(combination for pair in pairs for combination in pair.used))
    for index, written in enumerate(documents(text.seed, text.documents, background, text.recipe)):
        yield {"id": f"repeats-{index:06d}", "text": written}
