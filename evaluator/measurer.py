"""The measures that are asked for beside minimal pairs, of checkpoint after checkpoint, stored one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel

from evaluator.arrivals import LoadedWeights
from evaluator.checkpoint_record import NOT_MEASURED
from evaluator.folder import EvaluationFolder
from evaluator.measured_file import Measured, check_measured, measured_path, spec_name, write_items, write_measured
from evaluator.measurement_table import table_of
from evaluator.measures.checkpoint_measure import CheckpointMeasure, MeasuringCheckpoint
from evaluator.measures.measure_options import MeasureOptions
from evaluator.measures.pairs.measured_pairs import MeasuredPairs
from evaluator.measures.pairs.pair_measure import PairFound, PairMeasure
from evaluator.measures.pairs.paradigm_measures import ParadigmMeasures
from evaluator.measures.registry import CHECKPOINT_MEASURES, PAIR_MEASURES
from evaluator.memory import TokenBudget
from exposure.errors import EvaluationError

OnProgress = Callable[[str, int, int], None]
"""Hears of (measure, done, total)."""

Measure = CheckpointMeasure | PairMeasure


class Measurer:
    """Runs the measures `names` (of the registry) into the folder of an evaluation."""

    def __init__(
        self,
        folder: EvaluationFolder,
        names: Sequence[str],
        options: MeasureOptions,
        budget: TokenBudget,
        pairs: Callable[[], MeasuredPairs],
    ) -> None:
        """`pairs` gives the pairs of the evaluation, and is asked only where a measure needs them."""
        self._folder, self._budget = folder, budget
        of_pairs = [name for name in names if name in PAIR_MEASURES]
        measured = pairs() if of_pairs else None
        self._of_model = {name: CHECKPOINT_MEASURES[name](options) for name in names if name in CHECKPOINT_MEASURES}
        self._of_pairs = {} if measured is None else {name: PAIR_MEASURES[name](options, measured) for name in of_pairs}
        self._paradigms = None if measured is None else ParadigmMeasures(measured, self._of_pairs)

    @property
    def names(self) -> tuple[str, ...]:
        """The measures, in the order in which they are made."""
        return tuple(self._measures)

    @property
    def _measures(self) -> dict[str, Measure]:
        return {**self._of_model, **self._of_pairs}

    def is_finished(self, weights_hash: str) -> bool:
        """Whether all is stored that is asked for of these weights."""
        return not self._missing(weights_hash)

    def stored(self, weights_hash: str) -> dict[str, tuple[str, ...]]:
        """MEASURE/SPEC of what is stored of these weights → what a reader of it should know."""
        found = {name: _read(self._path(name, weights_hash)) for name in self._names.values()}
        whole = {name: one for name, one in found.items() if one is not None}
        return {name: _once(f"{name.partition('/')[0]}: {note}" for note in one.notes) for name, one in whole.items()}

    def measure(self, model: PreTrainedModel, weights: LoadedWeights, on_progress: OnProgress) -> tuple[str, ...]:
        """Measure and store what is not stored yet; returns why something could not be measured."""
        missing = self._missing(weights.weights_hash)
        refused = []
        for asked in missing:
            if asked in self._of_model:
                refused += self._of_one(asked, model, weights, on_progress)
        of_pairs = [asked for asked in missing if asked in self._of_pairs]
        return (*refused, *self._of_all_pairs(of_pairs, model, weights, on_progress))

    def _of_one(self, asked: str, model: PreTrainedModel, weights: LoadedWeights, on_progress: OnProgress) -> list[str]:
        notes = list[str]()
        on_progress(asked, 0, 1)
        checkpoint = MeasuringCheckpoint(weights, model, self._budget, notes.append, partial(on_progress, asked))
        try:
            rows = self._of_model[asked].measure(checkpoint)
        except EvaluationError as error:
            return [f"{asked}: {NOT_MEASURED} {error}"]
        self._keep(asked, weights, PairFound(tuple(rows)), notes)
        return []

    def _of_all_pairs(
        self, missing: Sequence[str], model: PreTrainedModel, weights: LoadedWeights, on_progress: OnProgress
    ) -> list[str]:
        """Those that are shown the same passes."""
        if self._paradigms is None or not missing:
            return []
        notes = list[str]()
        checkpoint = MeasuringCheckpoint(weights, model, self._budget, notes.append, partial(on_progress, missing[-1]))
        refused = []
        for asked, found in self._paradigms.measure(missing, checkpoint).items():
            if isinstance(found, EvaluationError):
                refused.append(f"{asked}: {NOT_MEASURED} {found}")
            else:
                self._keep(asked, weights, found, [*notes, *found.notes])
        return refused

    def _keep(self, asked: str, weights: LoadedWeights, found: PairFound, notes: Sequence[str]) -> None:
        """Store; the rows come last, and say that all is there."""
        path = self._path(self._names[asked], weights.weights_hash)
        items = None if found.items is None else write_items(path, found.items)
        made_of = self._made_of(asked, self._measures[asked], weights)
        write_measured(path, Measured(table_of(found.rows), _once(notes), made_of, items))

    def _missing(self, weights_hash: str) -> list[str]:
        return [asked for asked, name in self._names.items() if _read(self._path(name, weights_hash)) is None]

    @cached_property
    def _names(self) -> dict[str, str]:
        """Measure → MEASURE/SPEC."""
        dtype = self._folder.manifest.dtype
        return {asked: f"{asked}/{spec_name({**one.spec, 'dtype': dtype})}" for asked, one in self._measures.items()}

    def _path(self, name: str, weights_hash: str) -> Path:
        return measured_path(self._folder.path, name, weights_hash)

    def _made_of(self, name: str, measure: Measure, weights: LoadedWeights) -> Mapping[str, Any]:
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


def _once(notes: Iterable[str]) -> tuple[str, ...]:
    """Each note a single time: parts of a measure may have the same to say."""
    return tuple(dict.fromkeys(notes))


def _read(path: Path) -> Measured | None:
    """What is stored; None where nothing is, or it is damaged."""
    try:
        return check_measured(path) if path.is_file() else None
    except EvaluationError:
        return None
