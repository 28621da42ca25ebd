"""What answers about evaluations look like, for the documentation."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from evaluator.report.lag_rows import LagRow
from evaluator.report.paradigm_rows import ParadigmRow
from evaluator.report.split_rows import SplitRow
from exposure.api.resources import CheckpointFacts, EvaluationFacts, ItemScore
from exposure.measurement import Measurement
from service.answers.listing import pages
from service.problems import NOT_FOUND, UNAVAILABLE, Kind
from service.reference.openapi import Responses, forms

EVALUATION = "small"
UID = "delayed_agreement"
_HASH = "7c1545dbf86b956b54e604d14a1201fc1cd99d0d304a2228bf5abec2e20341d5"

EVALUATION_FACTS = EvaluationFacts(
    name=EVALUATION,
    series="pythia-70m",
    pairs=67_000,
    pairs_sha256=_HASH,
    conventions=("exposure",),
    dtype="float32",
    timeline="blimp",
    order_digest=_HASH,
    scored=2,
    duplicates=0,
    broken=0,
    steps=(500, 2000),
    measures=("accuracy", "accuracy-wilson", "macro-accuracy", "mean-delta", "ties"),
    provenance={"device": "cpu"},
)

BROKEN_FACTS = EvaluationFacts(
    "begun",
    problem="evaluations/begun holds no evaluation: its job has only begun, or was ended before. Ask for it again with "
    "POST /v1/evaluations, or delete it.",
)

CHECKPOINT = CheckpointFacts(500, "scored", _HASH, (), None, ())

MEASUREMENT = Measurement(
    measure="accuracy",
    step=500,
    level="paradigm",
    group=UID,
    phenomenon="agreement",
    split="proxy-train",
    layer=None,
    head=None,
    value=0.734,
    n=300,
    low=0.672,
    high=0.789,
    convention="exposure",
)

ITEM = ItemScore(500, UID, "0", "agreement", -31.25, -33.5, 2.25, 1.0, "proxy-train", "exposure")


def _null_but(kind: type, **known: Any) -> Any:
    return kind(**{field.name: known.get(field.name) for field in fields(kind)})


LAG = _null_but(
    LagRow, evaluation=EVALUATION, uid=UID, phenomenon="agreement", field="morphology", measure="threshold",
    threshold=0.8, lag=500.0, lag_low=400.0, lag_high=600.0, within_lemma_p=0.005, within_lemma_at_least=0,
    within_lemma_draws=199, within_lemma_undefined=0, random_split_p=0.005, random_split_at_least=0,
    random_split_draws=199, random_split_undefined=0, train_step=500.0, train_after=400, validation_step=1000.0,
    validation_after=900, proxy_train=300, proxy_validation=300, eligible=True, flags=(), convention="exposure",
)  # fmt: skip

PARADIGM = _null_but(
    ParadigmRow, evaluation=EVALUATION, uid=UID, phenomenon="agreement", field="morphology", standing="eligible",
    leads=True, pairs=600, proxy_train=300, proxy_validation=300, unscored=0, inexact_first_exposures=0,
    first_accuracy=0.51, last_accuracy=0.93, flags=(), convention="exposure",
)  # fmt: skip

SPLIT_ROW = SplitRow(EVALUATION, UID, 600, 300, 300, 0, 0, 0, 0, (), "window", "either", None, "exact")


def page_of_rows(description: str, example: Any, *kinds: Kind) -> Responses:
    """The `responses` of a route that gives pages of rows like `example` of one evaluation."""
    return pages(description, example, NOT_FOUND, UNAVAILABLE, *kinds)


def rows(description: str, example: Any) -> Responses:
    """The same for a route that gives all rows at once."""
    return _in_form(description, example, {"answers": [asdict(example)]})


def one_row(description: str, example: Any) -> Responses:
    """The same for a route that gives one row, which JSON does not wrap."""
    return _in_form(description, example, asdict(example))


def _in_form(description: str, example: Any, document: object) -> Responses:
    found = page_of_rows(description, example)
    return {**found, 200: {**found[200], "content": forms(document)}}
