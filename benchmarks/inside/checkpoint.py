"""One checkpoint and its pairs, as the evaluator holds them while it measures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from evaluator.arrivals import LoadedWeights
from evaluator.conventions import PRESETS
from evaluator.folder import EvaluationFolder
from evaluator.manifest import manifest_of
from evaluator.measures.checkpoint_measure import MeasuringCheckpoint
from evaluator.measures.pairs.measured_pairs import MeasuredPairs
from evaluator.memory import TokenBudget
from evaluator.prefetch import prefetched
from evaluator.resident import ResidentModel
from evaluator.tokenised_pairs import TokenisedPairs
from evaluator.tokenising import tokenise_pairs
from exposure.blimp import PARADIGMS
from exposure.checkpoint_series import CheckpointSource
from exposure.extraction import extract
from exposure.pairs import MinimalPair
from exposure.splits import SplitRequest

DTYPE = "float32"
CONVENTION = PRESETS["exposure"]


@dataclass(frozen=True)
class Prepared:
    """A checkpoint in the resident model, its pairs tokenised for scoring, and as measures of pairs take them."""

    checkpoint: MeasuringCheckpoint
    tokenised: TokenisedPairs
    pairs: MeasuredPairs

    @property
    def folder(self) -> Path:
        """Of the checkpoint, with its tokenizer."""
        return self.checkpoint.weights.checkpoint.folder


@contextmanager
def prepared(folder: Path, pairs: Sequence[MinimalPair]) -> Iterator[Prepared]:
    """The checkpoint of a transformers directory on the CPU, in fp32; what measures have to say goes nowhere."""
    device = torch.device("cpu")
    with TemporaryDirectory() as place, prefetched([CheckpointSource(step=0, path=str(folder))]) as arrivals:
        (weights,) = [one for one in arrivals if isinstance(one, LoadedWeights)]
        model = ResidentModel(device, torch.float32).load(weights)
        budget = TokenBudget.default(device)
        checkpoint = MeasuringCheckpoint(weights, model, budget, lambda _: None, lambda _done, _total: None)
        yield Prepared(
            checkpoint, tokenise_pairs(folder, pairs, CONVENTION.spec(DTYPE)), _measured(Path(place) / "e", pairs)
        )


def _measured(place: Path, pairs: Sequence[MinimalPair]) -> MeasuredPairs:
    critical = extract([pair for pair in pairs if pair.uid in PARADIGMS], PARADIGMS)
    folder = EvaluationFolder.make(place, manifest_of("inside", "inside", pairs, DTYPE, [CONVENTION]), pairs, critical)
    return MeasuredPairs.of(folder, pairs, critical, SplitRequest())
