"""Whether an evaluation can be begun as it is asked for: what it names exists."""

from __future__ import annotations

from evaluator.conventions import PRESETS
from evaluator.exposures import exposure_source, needs_timeline
from evaluator.measure_specs import ASKED
from evaluator.measures.icl.text_files import ENDINGS
from evaluator.split_witness import EXPOSURES, lost_exposures
from evaluator.step_selection import parsed_steps
from exposure.api.names import RootedPath
from exposure.api.requests import EvaluationRequest
from exposure.errors import CheckpointError, QuestionError
from service.catalog import Catalog
from service.data_directory import DataDirectory
from service.errors import ConflictError, NotFoundError
from service.evaluations.stored import StoredEvaluation
from service.jobs.evaluation_conflicts import refuse_other_evaluation
from service.jobs.named import refuse_missing
from service.roots.operator_roots import resolve
from service.settings import Settings


def refuse_impossible_evaluation(settings: Settings, catalog: Catalog, asked: EvaluationRequest) -> None:
    """Raise NotFoundError for what is not there, RootError for checkpoints beneath no root of models.

    Also QuestionError for steps, presets and measures that mean nothing and text that is no file of text,
    TimelineError for a damaged timeline, and ConflictError where the evaluation that is there has a timeline, and none
    is named, and as `refuse_other_evaluation`.
    """
    data = DataDirectory(settings.data)
    _refuse_unknown_checkpoints(settings, asked)
    refuse_missing(data.pairs(asked.pair_set), "pair set", asked.pair_set, "GET /v1/pair-sets")
    if asked.phrase_set is not None:
        refuse_missing(data.phrase_set(asked.phrase_set), "phrase set", asked.phrase_set, "GET /v1/phrase-sets")
    if asked.timeline is not None:
        with catalog.open(asked.timeline):
            pass
    _refuse_unknown(asked.presets, tuple(PRESETS), "convention", "presets")
    _refuse_unknown(asked.measures, tuple(sorted(ASKED)), "measure", "measures")
    for one in asked.text:
        _refuse_unreadable_text(settings, one)
    if asked.timeline is None:
        _refuse_kept_split(settings, asked.name)
    refuse_other_evaluation(settings, catalog, asked)


def _refuse_kept_split(settings: Settings, evaluation: str) -> None:
    try:
        stored = StoredEvaluation(settings, evaluation)
    except NotFoundError:
        return  # a new one
    if lost := lost_exposures(stored.path, stored.open):
        raise ConflictError(lost)
    file = stored.open(EXPOSURES)
    if file is not None:
        raise ConflictError(needs_timeline(evaluation, exposure_source(file)))


def _refuse_unknown_checkpoints(settings: Settings, asked: EvaluationRequest) -> None:
    if isinstance(asked.checkpoints, RootedPath):
        resolve(settings, asked.checkpoints, is_model=True)
    elif asked.checkpoints.model not in settings.models:
        raise NotFoundError(
            f"There is no model {asked.checkpoints.model!r} on the operator's list. GET /v1/models has the list."
        )
    try:
        parsed_steps(asked.steps) if asked.steps is not None else None
    except CheckpointError as error:
        raise QuestionError(f"steps: {error}") from error


def _refuse_unreadable_text(settings: Settings, asked: RootedPath) -> None:
    """Raise RootError where it is beneath no root, QuestionError for a folder: its links may lead anywhere."""
    if resolve(settings, asked).is_dir() or not asked.path.lower().endswith(ENDINGS):
        raise QuestionError(
            f"text: {asked.root}:{asked.path} is no file of text. Name files, one by one: {', '.join(ENDINGS)}."
        )


def _refuse_unknown(given: list[str], known: tuple[str, ...], what: str, field: str) -> None:
    for name in given:
        if name not in known:
            raise QuestionError(f"{field}: there is no {what} {name!r}. There are: {', '.join(known)}.")
