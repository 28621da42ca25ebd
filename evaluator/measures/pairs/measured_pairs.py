"""The pairs of an evaluation as measures of what is inside take them: words, lemmas, and the split they are read by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from evaluator.conventions import ScoringSpec
from evaluator.folder import EvaluationFolder
from evaluator.pair_file import pairs_digest
from evaluator.scored import PairTable
from evaluator.split import Split
from evaluator.stored_split import stored_split
from exposure.errors import EvaluationError
from exposure.pairs import MinimalPair
from exposure.phrases import CriticalPhrase, Side
from exposure.splits import SplitRequest

NO_RULE = "no rule names its words"


@dataclass(frozen=True)
class MeasuredPairs:
    """All pairs of an evaluation, in the order of pairs.parquet."""

    pairs: tuple[MinimalPair, ...]
    good: tuple[CriticalPhrase, ...]  # [pair] its words; None for each where no rule names them
    bad: tuple[CriticalPhrase, ...]  # [pair]
    table: PairTable
    split: Split
    split_name: str
    """For conventions, with a digest of parts and words; "no split" without exposures."""
    spec: ScoringSpec
    """How sentences are fed: as they are scored."""

    @classmethod
    def of(
        cls,
        folder: EvaluationFolder,
        pairs: Sequence[MinimalPair],
        critical: Sequence[CriticalPhrase],
        request: SplitRequest,
    ) -> MeasuredPairs:
        """Of an evaluation, split as `request` says by the exposures that are stored with it."""
        words: dict[tuple[str, str, Side], CriticalPhrase] = {(one.uid, one.pair_id, one.side): one for one in critical}
        table, manifest = folder.pairs, folder.manifest
        split, name = _split(folder, table, request)
        spec = replace(manifest.spec(manifest.primary), method="full")
        good = tuple(_words(words, pair, "good") for pair in pairs)
        bad = tuple(_words(words, pair, "bad") for pair in pairs)
        # The words and parts have a digest in the name: what is measured by others is not of the same convention.
        name = f"{name} ({_digest([split.parts, _words_of(good, bad)])[:8]})"
        return cls(tuple(pairs), good, bad, table, split, name, spec)

    def words(self, side: Side) -> tuple[CriticalPhrase, ...]:
        """[pair] The words of one side."""
        return self.good if side == "good" else self.bad

    @cached_property
    def made_of(self) -> Mapping[str, Any]:
        """What names the pairs, their words, and how they are fed, in the spec of a measure: JSON values."""
        return {
            "pairs_sha256": pairs_digest(self.pairs),
            "words_sha256": _digest(_words_of(self.good, self.bad)),
            "prefix": self.spec.prefix,
            "lead_space": self.spec.lead_space,
        }

    @property
    def feeding(self) -> str:
        """How sentences are fed, for conventions."""
        prefix = "after the prefix token" if self.spec.prefix == "bos" else "no prefix token"
        return prefix + (", space before the sentence" if self.spec.lead_space else "")

    @cached_property
    def split_sha256(self) -> str:
        """What names the split, for the spec of a measure that reads by it."""
        return _digest(self.split.parts)


def _split(folder: EvaluationFolder, table: PairTable, request: SplitRequest) -> tuple[Split, str]:
    exposures = folder.exposures
    if exposures is None and (request.sides != "either" or request.at_step is not None):
        until = "" if request.at_step is None else f" up to step {request.at_step}"
        raise EvaluationError(
            f"A split by {request.sides} sides{until} was asked for, and the evaluation has no timeline to split by. "
            "Give one, or leave this out."
        )
    if exposures is None:
        return Split(("not_indexed",) * len(table)), "no split"
    split = stored_split(exposures, table, request)
    window = "whole run" if request.at_step is None else f"up to step {request.at_step}"
    flagged = ", flagged included" if request.include_flagged else ""
    return split, f"split by {request.sides} sides, {window}{flagged}"


def _words(words: Mapping[tuple[str, str, Side], CriticalPhrase], pair: MinimalPair, side: Side) -> CriticalPhrase:
    unknown = CriticalPhrase(pair.uid, pair.pair_id, side, None, reason=NO_RULE)
    return words.get((pair.uid, pair.pair_id, side), unknown)


def _words_of(good: Sequence[CriticalPhrase], bad: Sequence[CriticalPhrase]) -> list[list[dict[str, Any]]]:
    return [[asdict(one) for one in side] for side in (good, bad)]


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
