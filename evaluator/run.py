"""evaluate(): every checkpoint of a series, loaded once, over all pairs; what is finished is never scored again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evaluator.checkpoint_record import CheckpointRecord
from evaluator.checkpoint_report import CheckpointReport
from evaluator.checkpoints import ResolvedCheckpoint
from evaluator.devices import device_of, dtype_of, reproducible
from evaluator.folder import EvaluationFolder
from evaluator.measure_specs import MINIMAL_PAIRS
from evaluator.measurer import Measurer
from evaluator.measures.pairs.measured_pairs import MeasuredPairs
from evaluator.prefetch import LoadedWeights, prefetched
from evaluator.requests import EvaluationRequest
from evaluator.scorer import Scorer
from evaluator.sweep_progress import SweepProgress
from exposure.checkpoint_series import CheckpointSeries
from exposure.errors import CheckpointError, EvaluationError
from exposure.pairs import MinimalPair
from exposure.phrases import CriticalPhrase


def evaluate(
    folder: EvaluationFolder,
    series: CheckpointSeries,
    pairs: Sequence[MinimalPair],
    request: EvaluationRequest,
    on_record: Callable[[CheckpointRecord], None] = lambda _: None,
    critical: Sequence[CriticalPhrase] = (),
) -> list[CheckpointRecord]:
    """Score every checkpoint of `series` that is not scored yet, and return what became of each, by step.

    Scores are on disk as soon as a checkpoint is done, so an interruption loses at most one; `on_record` hears then
    what became of it. `critical` names the words of pairs, for the measures that look at them. A checkpoint that is
    broken, of another model, or whose scores are not finite is recorded with its reason and the rest goes on; raises
    EvaluationError when not a single one could be scored.
    """
    device = device_of(request.device)
    scorer = Scorer(folder, pairs, device, dtype_of(folder.manifest.dtype, device), request.batch_tokens)
    names = [name for name in request.measures if name != MINIMAL_PAIRS]
    options = request.measure_options
    measurer = Measurer(
        folder, names, options, scorer.budget, lambda: MeasuredPairs.of(folder, pairs, critical, options.split)
    )
    records = Records(folder, series, request.measures)
    if request.is_whole_series:
        records.forget_elsewhere()
    with (
        reproducible(request.threads),
        prefetched(
            series.checkpoints,
            known_hash=records.known_hash,
            is_finished=lambda checkpoint, weights_hash: (
                folder.has_items(weights_hash, checkpoint.tokenizer_digest, checkpoint.config_digest)
                and measurer.is_finished(weights_hash)
            ),
            earlier=records.elsewhere,
            keep_duplicates=request.keep_duplicates,
            pin=device.type == "cuda",
            cache_bytes=request.cache_bytes,
        ) as arrivals,
        SweepProgress(len(series.checkpoints), measurer.names) as progress,
    ):
        for arrival in arrivals:
            progress.begin(arrival.step)
            record = dealt_with(arrival, scorer, measurer, progress)
            records.keep(record)
            on_record(record)
            progress.finish()
    records.refuse_none()
    return records.of_series


def dealt_with(
    arrival: LoadedWeights | CheckpointReport, scorer: Scorer, measurer: Measurer, progress: SweepProgress
) -> CheckpointRecord:
    """Score and measure what has arrived, if it can be scored, and say what became of it."""
    if isinstance(arrival, CheckpointReport):
        return _with_measured(CheckpointRecord.of(arrival), measurer)
    record = CheckpointRecord(
        step=arrival.step,
        source=arrival.checkpoint.name,
        status="scored",
        weights_sha256=arrival.weights_hash,
        cheap_digest=arrival.checkpoint.cheap_digest,
        same_weights_as=arrival.same_weights_as,
    )
    try:
        notes = scorer.score(arrival, progress.within)
        refused = measurer.measure(scorer.model(arrival), arrival, progress.measuring)
    except (CheckpointError, EvaluationError) as error:
        return record.model_copy(update={"status": "broken", "reason": str(error)})
    return _with_measured(record.model_copy(update={"notes": (*notes, *refused)}), measurer)


def _with_measured(record: CheckpointRecord, measurer: Measurer) -> CheckpointRecord:
    if record.status != "scored" or record.weights_sha256 is None:
        return record
    stored = measurer.stored(record.weights_sha256)
    told = tuple(note for notes in stored.values() for note in notes)
    return record.model_copy(update={"notes": (*record.notes, *told), "measured": tuple(sorted(stored))})


class Records:
    """What became of each checkpoint, kept on disk after every change."""

    def __init__(self, folder: EvaluationFolder, series: CheckpointSeries, measures: Sequence[str]) -> None:
        self._folder = folder
        self._told_anew = tuple(f"{name}: " for name in measures)
        self._steps = [source.step for source in series.checkpoints]
        self._by_step = {record.step: record for record in folder.checkpoints}
        self._hashes = {
            record.cheap_digest: record.weights_sha256 for record in self._by_step.values() if record.cheap_digest
        }

    def known_hash(self, checkpoint: ResolvedCheckpoint) -> str | None:
        """The weights hash that an earlier run found in the same files."""
        return self._hashes.get(checkpoint.cheap_digest)

    def keep(self, record: CheckpointRecord) -> None:
        """Note what became of a checkpoint, and of those that turn out to have the same weights."""
        earlier = self._by_step.get(record.step)
        if earlier is not None and earlier.weights_sha256 == record.weights_sha256:
            record = record.model_copy(
                update={
                    "notes": tuple(dict.fromkeys([*self._standing(earlier.notes), *record.notes])),
                    "measured": tuple(sorted({*earlier.measured, *record.measured})),
                    "cheap_digest": record.cheap_digest or earlier.cheap_digest,
                }
            )
        self._by_step[record.step] = record
        for step in record.same_weights_as:
            if step in self._by_step:
                same = self._by_step[step]
                others = tuple(sorted({*same.same_weights_as, record.step}))
                self._by_step[step] = same.model_copy(update={"same_weights_as": others})
        self._folder.keep_checkpoints(list(self._by_step.values()))

    def _standing(self, notes: Sequence[str]) -> list[str]:
        """Those of scores, which stay, and of measures that nobody asked for now."""
        return [note for note in notes if not note.startswith(self._told_anew)]

    @property
    def elsewhere(self) -> list[tuple[int, str]]:
        """Scored steps that are not in this series, with their weights hashes."""
        others = (record for step, record in sorted(self._by_step.items()) if step not in self._steps)
        return [(one.step, one.weights_sha256) for one in others if one.status == "scored" and one.weights_sha256]

    def forget_elsewhere(self) -> None:
        """Forget the steps that are not in this series: it is the whole run, so they are of weights that are gone."""
        self._by_step = {step: record for step, record in self._by_step.items() if step in self._steps}

    @property
    def of_series(self) -> list[CheckpointRecord]:
        """The records of the series' own steps, in order."""
        return [self._by_step[step] for step in self._steps if step in self._by_step]

    def refuse_none(self) -> None:
        """Raise EvaluationError, with the first reason, when no checkpoint of the series is scored."""
        if not any(record.status == "scored" for record in self.of_series):
            reasons = [record.reason for record in self.of_series if record.reason]
            raise EvaluationError(f"No checkpoint could be scored. The first says: {(reasons or ['nothing'])[0]}")
