"""The measures that are asked for beside minimal pairs, of checkpoint after checkpoint, stored one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel

from evaluator.arrivals import LoadedWeights
from evaluator.folder import EvaluationFolder
from evaluator.measured_file import Measured, measured_path, read_measured, spec_name, write_measured
from evaluator.measures.checkpoint_measure import CheckpointMeasure, MeasuringCheckpoint
from evaluator.measures.registry import CHECKPOINT_MEASURES
from evaluator.memory import TokenBudget
from exposure.errors import EvaluationError


class Measurer:
    """Runs the measures `names` (of CHECKPOINT_MEASURES) into the folder of an evaluation."""

    def __init__(self, folder: EvaluationFolder, names: Sequence[str], budget: TokenBudget) -> None:
        self._folder = folder
        self._measures = {name: CHECKPOINT_MEASURES[name]() for name in dict.fromkeys(names)}
        self._budget = budget

    def is_finished(self, weights_hash: str) -> bool:
        """Whether all is stored that is asked for of these weights."""
        return not self._missing(weights_hash)

    def stored(self, weights_hash: str) -> dict[str, tuple[str, ...]]:
        """MEASURE/SPEC of what is stored of these weights → what a reader of it should know."""
        found = {name: _read(self._path(name, weights_hash)) for name in self._names.values()}
        whole = {name: one for name, one in found.items() if one is not None}
        return {name: tuple(f"{name.partition('/')[0]}: {note}" for note in one.notes) for name, one in whole.items()}

    def measure(
        self, model: PreTrainedModel, weights: LoadedWeights, on_progress: Callable[[int, int], None]
    ) -> tuple[str, ...]:
        """Measure and store what is not stored yet; returns why something could not be measured."""
        refused = []
        for asked in self._missing(weights.weights_hash):
            measure, notes = self._measures[asked], list[str]()
            checkpoint = MeasuringCheckpoint(weights, model, self._budget, notes.append, on_progress)
            try:
                rows = measure.measure(checkpoint)
            except EvaluationError as error:
                refused.append(f"{asked}: not measured. {error}")
                continue
            found = Measured(tuple(rows), tuple(notes), self._made_of(asked, measure, weights))
            write_measured(self._path(self._names[asked], weights.weights_hash), found)
        return tuple(refused)

    def _missing(self, weights_hash: str) -> list[str]:
        return [asked for asked, name in self._names.items() if _read(self._path(name, weights_hash)) is None]

    @property
    def _names(self) -> dict[str, str]:
        """Measure → MEASURE/SPEC."""
        dtype = self._folder.manifest.dtype
        return {asked: f"{asked}/{spec_name({**one.spec, 'dtype': dtype})}" for asked, one in self._measures.items()}

    def _path(self, name: str, weights_hash: str) -> Path:
        return measured_path(self._folder.path, name, weights_hash)

    def _made_of(self, name: str, measure: CheckpointMeasure, weights: LoadedWeights) -> Mapping[str, Any]:
        checkpoint, manifest = weights.checkpoint, self._folder.manifest
        return {
            "measure": name,
            "spec": dict(measure.spec),
            "dtype": manifest.dtype,
            "weights_sha256": weights.weights_hash,
            "tokenizer_sha256": checkpoint.tokenizer_digest,
            "config_sha256": checkpoint.config_digest,
            **manifest.provenance,
        }


def _read(path: Path) -> Measured | None:
    """What is stored; None where nothing is, or it is damaged."""
    try:
        return read_measured(path) if path.is_file() else None
    except EvaluationError:
        return None
