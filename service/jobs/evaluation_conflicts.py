"""Whether an evaluation that is there can be gone on with as it is asked for: other pairs, another data order.

The job looks at all of it anew. Here stands what can be known in a moment, so that nobody waits for a job to hear it.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from evaluator.folder import EvaluationFolder
from evaluator.manifest import EvaluationManifest
from evaluator.pair_file import pairs_digest
from evaluator.series import series_of
from exposure.api.names import RootedPath
from exposure.api.requests import EvaluationRequest
from exposure.errors import EvaluationError, ExposureError, QuestionError
from exposure.orders import DataOrder
from exposure.pair_files import load_pairs
from service.catalog import Catalog
from service.data_directory import DataDirectory
from service.errors import ConflictError, NotFoundError
from service.evaluations.stored import StoredEvaluation
from service.roots.operator_roots import resolve
from service.sets.pair_sets import PairSetStore
from service.settings import Settings

DIGESTED_PAIRS = 5_000
"""Of more pairs only the number is compared: reading them takes the interpreter for too long."""
MOST_BYTES = 16 << 20
"""Of the manifest of a series' run; a longer one is left to the job."""


def refuse_other_evaluation(settings: Settings, catalog: Catalog, asked: EvaluationRequest) -> None:
    """Raise ConflictError where the evaluation has other pairs or another order, or the timeline has another order.

    Also QuestionError for paradigms that the pair set has not, PairsError for a damaged pair set.
    """
    order = _order(settings, asked)
    if order is not None and asked.timeline is not None:
        _refuse_other_timeline(catalog, asked.timeline, order)
    pairs = _pairs_asked(settings, asked)
    present = _present(settings, asked.name)
    if present is None:
        return
    if present.pairs != pairs:
        raise ConflictError(
            f"The evaluation {asked.name} is of {present.pairs:,} pairs; {pairs:,} are asked for now. Ask for the "
            "same, or for an evaluation of another name."
        )
    digest = _digest(settings, asked) if pairs <= DIGESTED_PAIRS else present.pairs_sha256
    wanted = {"pairs_sha256": digest, "order_sha256": None if order is None else order.digest}
    folder = EvaluationFolder(DataDirectory(settings.data).evaluations / asked.name, present)
    try:
        folder.refuse_other(present.model_copy(update=wanted))
    except EvaluationError as error:
        raise ConflictError(str(error)) from error


def _refuse_other_timeline(catalog: Catalog, timeline: str, order: DataOrder) -> None:
    with catalog.open(timeline) as opened:
        indexed = opened.timeline.facts["order_digest"]
    if indexed != order.digest:
        raise ConflictError(
            f"The timeline {timeline} is of another data order than the run that the checkpoints name: what it calls "
            "exposed was not shown to them then. Name a timeline of their own order; POST /v1/index-jobs makes one."
        )


def _pairs_asked(settings: Settings, asked: EvaluationRequest) -> int:
    sizes = {one.uid: one.pairs for one in PairSetStore(settings).facts(asked.pair_set).paradigms}
    for uid in asked.uids:
        if uid not in sizes:
            raise QuestionError(
                f"uids: the pair set {asked.pair_set} has no paradigm {uid!r}. It has: {', '.join(sorted(sizes)[:8])} …"
            )
    return sum(pairs for uid, pairs in sizes.items() if not asked.uids or uid in asked.uids)


def _digest(settings: Settings, asked: EvaluationRequest) -> str:
    pairs = load_pairs([DataDirectory(settings.data).pairs(asked.pair_set)])
    return pairs_digest([pair for pair in pairs if not asked.uids or pair.uid in asked.uids])


def _present(settings: Settings, name: str) -> EvaluationManifest | None:
    """The manifest of the evaluation that is there; None where none has been made yet."""
    try:
        stored = StoredEvaluation(settings, name)
    except NotFoundError:
        return None
    return stored.manifest if stored.has("evaluation.json") else None


def _order(settings: Settings, asked: EvaluationRequest) -> DataOrder | None:
    """The data order of the run that the checkpoints name; None where none is named that this machine can read."""
    place = _local(settings, asked)
    if place is None:
        return None
    # What is wrong with the checkpoints, or with their run, is for the job to say: another machine may have them.
    with contextlib.suppress(ExposureError, OSError):
        run = series_of(place, asked.steps).run
        path = None if run is None else Path(run)
        if path is not None and path.is_file() and path.stat().st_size <= MOST_BYTES:
            return DataOrder.load(path)
    return None


def _local(settings: Settings, asked: EvaluationRequest) -> str | None:
    if isinstance(asked.checkpoints, RootedPath):
        return str(resolve(settings, asked.checkpoints, is_model=True))
    source = settings.models.get(asked.checkpoints.model)
    return source if source is not None and Path(source).exists() else None
