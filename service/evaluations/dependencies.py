"""What routes of evaluations are given: the evaluation that the address names."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path

from exposure.api.names import NAME
from service.dependencies import SettingsOf
from service.evaluations.examples import EVALUATION
from service.evaluations.stored import StoredEvaluation

# The pattern is only described here: what cannot be a name is an evaluation that there is not.
EvaluationName = Annotated[
    str,
    Path(description="The evaluation's name.", examples=[EVALUATION], json_schema_extra={"pattern": f"^{NAME}$"}),
]


def _stored(settings: SettingsOf, evaluation: EvaluationName) -> StoredEvaluation:
    return StoredEvaluation(settings, evaluation)


EvaluationOf = Annotated[StoredEvaluation, Depends(_stored)]
