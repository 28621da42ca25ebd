"""Training runs for tests: one description that both the software and the independent oracle turn into exposures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import oracles

from exposure.orders import Checkpoints
from exposure.phrases import MatchRule, Phrase
from indexer.manifest import RunOptions, make_manifest

DEFAULT = MatchRule()
NO_CHECKPOINTS = Checkpoints()
Expected = dict[Phrase, oracles.Exposure]


@dataclass(frozen=True)
class TrainingRun:
    """Shards and what makes rows, batches and an order of them; without a tokenizer rows are whole documents."""

    shards: tuple[Path, ...]
    tokenizer: Path | None = None
    length: int | None = None
    packing: str = "document-per-row"
    batch: int = 4
    epochs: int | None = None
    seed: int | None = None
    shuffle_from: int = 0
    order: tuple[int, ...] | None = None
    prefix: tuple[str, ...] = ()
    suffix: tuple[str, ...] = ()
    checkpoints: Checkpoints = NO_CHECKPOINTS

    def manifest(self, folder: Path, name: str = "run.json") -> Path:
        """Write the manifest into `folder` (and the census beside it) and say where it is."""
        folder.mkdir(parents=True, exist_ok=True)
        order_file = None
        if self.order is not None:
            order_file = folder / f"{name}.npy"
            np.save(order_file, np.array(self.order, dtype=np.int64))
        options = RunOptions(
            corpus=tuple(map(str, self.shards)),
            packing=self.packing,  # type: ignore[arg-type]
            batch_sequences=self.batch,
            sequence_length=self.length,
            tokenizer=self.tokenizer,
            epochs=self.epochs,
            shuffle_seed=self.seed,
            shuffle_from_epoch=self.shuffle_from,
            order_file=order_file,
            row_prefix=self.prefix,
            row_suffix=self.suffix,
            checkpoints=self.checkpoints,
            census=folder / "census",
        )
        make_manifest(options).save(folder / name)
        return folder / name

    @cached_property
    def vocabulary(self) -> oracles.Vocabulary | None:
        """The oracle's reading of the tokenizer."""
        return oracles.Vocabulary(self.tokenizer) if self.tokenizer else None

    @cached_property
    def corpus(self) -> oracles.Corpus:
        """The oracle's corpus."""
        packing = "document" if self.packing == "document-per-row" else "concatenate"
        return oracles.Corpus(self.shards, self.vocabulary, packing, self.text_length)

    @property
    def text_length(self) -> int | None:
        """Tokens of a row that are text: the prefix and the suffix count towards the length."""
        return self.length and self.length - len(self.prefix) - len(self.suffix)

    @cached_property
    def slots(self) -> list[int]:
        """The row in every slot of the run, by the oracle."""
        return oracles.slots(self.corpus.n_rows, self.epochs or 1, self.seed, self.shuffle_from, self.order)

    @cached_property
    def rows(self) -> list[oracles.Row]:
        """Every row of the corpus, by the oracle."""
        return list(oracles.rows(self.corpus))

    @cached_property
    def shards_in_rows(self) -> list[set[int]]:
        """For each row the shards that have a token in it, end-of-document tokens too, by a walk over every token."""
        if self.packing == "document-per-row":
            return [{document.shard_index} for document in self.corpus.documents]
        assert self.vocabulary is not None
        length = self.text_length
        assert length is not None
        stream: list[int] = []
        for document in self.corpus.documents:
            stream += [document.shard_index] * (len(self.vocabulary.encode(document.text)) + 1)
        return [set(stream[row * length : (row + 1) * length]) for row in range(self.corpus.n_rows)]

    @property
    def steps(self) -> int:
        """Training steps of the run, counted the slow way."""
        return len({slot // self.batch for slot in range(len(self.slots))})

    def expected(
        self,
        phrases: Iterable[Phrase],
        rule: MatchRule = DEFAULT,
        keep: int = 8,
        shards: Iterable[int] | None = None,
    ) -> Expected:
        """What the run shows of each phrase by the oracle; `shards` leaves out what other shards hold."""
        asked = {oracles.Phrase(one.text, one.gap, one.sentence_end): one for one in phrases}
        normalise = self.vocabulary.normalise if self.vocabulary else str
        finder = oracles.Finder(asked, oracles.Rule(rule.case, rule.boundary, rule.whitespace), normalise)
        rows = self.rows if shards is None else [_only(row, set(shards)) for row in self.rows]
        found = oracles.exposures(rows, self.slots, self.batch, finder, keep)
        return {asked[phrase]: self._behind_the_prefix(exposure) for phrase, exposure in found.items()}

    def _behind_the_prefix(self, exposure: oracles.Exposure) -> oracles.Exposure:
        """The oracle knows no prefix: tokens and characters stand that much later."""

        def later(one: oracles.Position) -> oracles.Position:
            token = None if one.token is None else one.token + len(self.prefix)
            return one._replace(token=token, offset=one.offset + sum(map(len, self.prefix)))

        kept = [later(one) for one in exposure.first_k]
        return replace(exposure, first=later(exposure.first), last=later(exposure.last), first_k=kept)


def _only(row: oracles.Row, shards: set[int]) -> oracles.Row:
    return row._replace(passages=[passage for passage in row.passages if passage.shard_index in shards])
