"""From what is asked, by the shell or by a job, to scored checkpoints and stored exposures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evaluator.checkpoint_record import CheckpointRecord
from evaluator.conventions import Convention, Method
from evaluator.devices import device_of, dtype_name, dtype_of
from evaluator.exposure_lookup import look_up_exposures
from evaluator.exposures import StoredExposures
from evaluator.folder import EvaluationFolder
from evaluator.manifest import manifest_of
from evaluator.measures.icl.text_files import text_files
from evaluator.pair_file import scored_texts
from evaluator.provenance import provenance
from evaluator.requests import EvaluationRequest, conventions_of
from evaluator.run import evaluate
from evaluator.series import place_of, series_of
from exposure.blimp import PARADIGMS
from exposure.checkpoint_series import CheckpointSeries
from exposure.commands.options import opened
from exposure.errors import EvaluationError, UsageError
from exposure.extraction import extract
from exposure.orders import DataOrder
from exposure.pair_files import load_pairs
from exposure.pairs import MinimalPair
from exposure.phrase_file import read_phrases
from exposure.phrases import CriticalPhrase
from exposure.training_facts import TrainingFacts

OnRecord = Callable[[EvaluationFolder, CheckpointRecord], None]


@dataclass(frozen=True)
class EvaluationInputs:
    """Which checkpoints score which pairs into which folder; what a timeline says of their phrases is kept beside.

    `checkpoints` and `steps` are what `series_of` takes. `phrases` are phrase files, where the critical phrases are
    not those of the default rules. Empty `presets` stand for those of the evaluation that is there, or the default.
    """

    checkpoints: str
    pairs: tuple[Path, ...]
    out: Path
    timeline: Path | None = None
    phrases: tuple[Path, ...] = ()
    uids: tuple[str, ...] = ()
    steps: str | None = None
    presets: tuple[str, ...] = ()
    method: Method = "full"
    request: EvaluationRequest = field(default_factory=EvaluationRequest)


def evaluate_inputs(
    inputs: EvaluationInputs,
    on_note: Callable[[str], None],
    on_record: OnRecord = lambda _, __: None,
) -> list[CheckpointRecord]:
    """Evaluate as asked; what became of each checkpoint, by step. Raises ExposureError as `evaluate` does.

    Hold `folder_lock(inputs.out)` meanwhile. `on_note` hears what a person should know beforehand, `on_record` what
    became of a checkpoint as soon as its scores are stored.
    """
    series = series_of(inputs.checkpoints, inputs.steps)
    order = _order(series, on_note)
    chosen = _chosen(inputs)
    critical = _critical(chosen, inputs.phrases)
    # All that can be refused comes before the folder is written to.
    text_files(inputs.request.measure_options.text)
    exposures = None if inputs.timeline is None else _exposures(inputs.timeline, critical, order, series.run)
    folder = _folder(inputs, series, order, chosen, critical)
    if exposures is not None:
        folder.keep_exposures(exposures)
    return evaluate(folder, series, chosen, inputs.request, lambda record: on_record(folder, record), critical)


def _folder(
    inputs: EvaluationInputs,
    series: CheckpointSeries,
    order: DataOrder | None,
    chosen: Sequence[MinimalPair],
    critical: Sequence[CriticalPhrase],
) -> EvaluationFolder:
    """The folder of this evaluation, new or gone on with."""
    device = device_of(inputs.request.device)
    is_default = not inputs.presets and inputs.method == "full"
    conventions = _stored_conventions(inputs.out) if is_default else ()
    manifest = manifest_of(
        inputs.out.name,
        series.name,
        chosen,
        dtype_name(dtype_of(inputs.request.dtype, device)),
        conventions or conventions_of(inputs.presets, inputs.method, order),
        place_of(series),
    )
    known = {
        "provenance": provenance(device),
        "order_sha256": None if order is None else order.digest,
        "training": _training(series, order),
    }
    looks_up_anew = inputs.timeline is not None
    return EvaluationFolder.make(inputs.out, manifest.model_copy(update=known), chosen, critical, looks_up_anew)


def _training(series: CheckpointSeries, order: DataOrder | None) -> TrainingFacts | None:
    """What the series says of its training; sizes that it leaves out are those of its data order."""
    facts = series.training or TrainingFacts()
    if order is not None:
        sizes = {"batch_sequences": order.batch_sequences, "sequence_length": order.sequence_length}
        facts = facts.model_copy(update={name: size for name, size in sizes.items() if getattr(facts, name) is None})
    return None if facts == TrainingFacts() else facts


def _order(series: CheckpointSeries, on_note: Callable[[str], None]) -> DataOrder | None:
    """The data order that the series names; None, and a note, where it names none that can be read."""
    if series.run is None:
        return None
    if not Path(series.run).exists():
        on_note(f"the run manifest {series.run} that the series names is not there.")
        return None
    return DataOrder.load(Path(series.run))


def _stored_conventions(out: Path) -> tuple[Convention, ...]:
    """Those of the evaluation that is there already, which the same request without presets goes on with."""
    return EvaluationFolder.open(out).manifest.conventions if (out / "evaluation.json").exists() else ()


def _chosen(inputs: EvaluationInputs) -> list[MinimalPair]:
    pairs = load_pairs(inputs.pairs)
    if bare := [pair.name for pair in pairs if pair.is_bare_phrase]:
        raise UsageError(
            f"{bare[0]} is a bare phrase without sentences: there is nothing to score. Give minimal pairs."
        )
    present = {pair.uid for pair in pairs}
    for uid in inputs.uids:
        if uid not in present:
            raise UsageError(
                f"There is no paradigm {uid!r} among the pairs. They have: {', '.join(sorted(present)[:8])} …"
            )
    chosen = [pair for pair in pairs if not inputs.uids or pair.uid in inputs.uids]
    if not any(scored_texts(pair, inputs.method) for pair in chosen):
        raise UsageError(
            f"The method {inputs.method} applies to none of these {len(chosen):,} pairs: their files name no words for "
            "it. Ask for the method full, or choose paradigms that have them."
        )
    return chosen


def _critical(pairs: Sequence[MinimalPair], phrases: Sequence[Path]) -> list[CriticalPhrase]:
    """The critical phrases of the pairs: from phrase files, else by the rules; none of paradigms without a rule."""
    if phrases:
        names = {(pair.uid, pair.pair_id) for pair in pairs}
        return [row for path in phrases for row in read_phrases(path) if (row.uid, row.pair_id) in names]
    return extract([pair for pair in pairs if pair.has_explicit_phrase or pair.uid in PARADIGMS], PARADIGMS)


def _exposures(
    timeline: Path, critical: Sequence[CriticalPhrase], order: DataOrder | None, run: str | None
) -> StoredExposures:
    with opened(timeline) as answering:
        exposures = look_up_exposures(answering, critical)
    if order is not None and exposures.source.order_digest != order.digest:
        raise EvaluationError(
            f"{timeline} indexes another data order than {run}, which the series of checkpoints names: what it calls "
            f"exposed was not shown to these checkpoints then. Index their own order, and name that timeline."
        )
    return exposures
