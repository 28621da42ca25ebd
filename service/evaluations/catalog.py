"""Which evaluations there are in the data directory."""

from __future__ import annotations

import re

from evaluator.checkpoint_record import CheckpointRecord
from evaluator.exposures import ExposureSource, exposure_source
from evaluator.measurement_file import MEASUREMENTS, facts_of
from evaluator.measurements import REPORT
from evaluator.report.files import PAGE
from evaluator.split_witness import EXPOSURES, lost_exposures
from exposure.api.names import NAME
from exposure.api.resources import CheckpointFacts, EvaluationFacts
from exposure.errors import EvaluationError, ExposureError
from service.data_directory import DataDirectory
from service.evaluations.report_files import measurements_gone
from service.evaluations.stored import StoredEvaluation
from service.settings import Settings


def evaluation_names(settings: Settings) -> list[str]:
    """The names of the folders that may be asked for, in order; raises EvaluationError where they cannot be listed."""
    folder = DataDirectory(settings.data).evaluations
    try:
        return sorted(path.name for path in folder.iterdir() if re.fullmatch(NAME, path.name) and path.is_dir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise EvaluationError(
            f"{folder} cannot be read ({error.strerror}). It should be a folder of evaluations."
        ) from error


def evaluation_entries(settings: Settings) -> list[EvaluationFacts]:
    """Every evaluation, by name; one that cannot be used with its problem."""
    return [_entry(settings, name) for name in evaluation_names(settings)]


def _entry(settings: Settings, name: str) -> EvaluationFacts:
    try:
        return evaluation_facts(StoredEvaluation(settings, name))
    except ExposureError as error:
        return EvaluationFacts(name, problem=settings.public(str(error)))


def evaluation_facts(evaluation: StoredEvaluation) -> EvaluationFacts:
    """What an evaluation is. What it measured may be damaged while its scores are not: `problem` says so."""
    manifest, checkpoints = evaluation.manifest, evaluation.checkpoints
    problems: list[str] = []
    source = _source(evaluation, problems)
    counts = {status: sum(one.status == status for one in checkpoints) for status in ("scored", "duplicate", "broken")}
    return EvaluationFacts(
        name=evaluation.name,
        series=evaluation.public(manifest.series),
        pairs=manifest.pairs,
        pairs_sha256=manifest.pairs_sha256,
        conventions=tuple(one.name for one in manifest.conventions),
        dtype=manifest.dtype,
        timeline=None if source is None else source.timeline,
        order_digest=manifest.order_sha256 if source is None else source.order_digest,
        scored=counts["scored"],
        duplicates=counts["duplicate"],
        broken=counts["broken"],
        steps=tuple(one.step for one in evaluation.scored),
        measures=_measures(evaluation, problems),
        provenance=manifest.provenance,
        problem=evaluation.public(" ".join(problems)) or None,
    )


def _source(evaluation: StoredEvaluation, problems: list[str]) -> ExposureSource | None:
    try:
        if lost := lost_exposures(evaluation.path, evaluation.open):
            raise EvaluationError(lost)
        file = evaluation.open(EXPOSURES)
        return None if file is None else exposure_source(file)
    except EvaluationError as error:
        problems.append(str(error))
        return None


def _measures(evaluation: StoredEvaluation, problems: list[str]) -> tuple[str, ...]:
    try:
        file = evaluation.open(MEASUREMENTS)
        if file is None and evaluation.has(f"{REPORT}/{PAGE}"):
            raise EvaluationError(measurements_gone(evaluation))
        return () if file is None else facts_of(file).measures
    except EvaluationError as error:
        problems.append(str(error))
        return ()


def checkpoint_facts(evaluation: StoredEvaluation) -> list[CheckpointFacts]:
    """What became of each checkpoint, by step; raises EvaluationError where there is no evaluation yet."""
    return [_checkpoint(evaluation, one) for one in evaluation.checkpoints]


def _checkpoint(evaluation: StoredEvaluation, one: CheckpointRecord) -> CheckpointFacts:
    return CheckpointFacts(
        step=one.step,
        status=one.status,
        weights_sha256=one.weights_sha256,
        same_weights_as=one.same_weights_as,
        reason=None if one.reason is None else evaluation.public(one.reason),
        notes=tuple(map(evaluation.public, one.notes)),
    )
