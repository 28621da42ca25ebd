"""Files of an evaluation's report, each held against the list of what was written."""

from __future__ import annotations

import hashlib

from evaluator.measurement_file import MEASUREMENTS
from evaluator.measurements import REPORT
from evaluator.report.file_list import LIST, digests_from
from exposure.errors import EvaluationError
from service.evaluations.measurement_rows import not_measured
from service.evaluations.stored import StoredEvaluation


def report_file(evaluation: StoredEvaluation, name: str) -> bytes:
    """The file `name` of the report, as it was written.

    Reports of older versions have no list: their files are taken as they are. Raises EvaluationError where there is no
    such file, or it is not what was written.
    """
    seen = ""
    while True:
        digests = _digests(evaluation)
        content = evaluation.read(f"{REPORT}/{name}")
        if content is None and digests is None:
            raise EvaluationError(not_measured(evaluation))
        if content is not None and (digests is None or hashlib.sha256(content).hexdigest() == digests.get(name)):
            return content
        state = f"{evaluation.signature(f'{REPORT}/{LIST}')} {evaluation.signature(f'{REPORT}/{name}')}"
        if state == seen:
            why = "it is gone" if content is None else "its sha256 is not that of what was written"
            raise unreadable(evaluation, name, why)
        seen = state  # the report may just have been written anew: then the list is another, or gone


def unreadable(evaluation: StoredEvaluation, name: str, why: str) -> EvaluationError:
    """What to say of a file of the report that cannot be served."""
    return EvaluationError(f"{evaluation.path}/{REPORT}/{name} cannot be read ({why}). {_again(evaluation)}")


def measurements_gone(evaluation: StoredEvaluation) -> str:
    """What to say of an evaluation that has a report and no measurements."""
    return f"{evaluation.path}/{MEASUREMENTS} is not there, though a report is. {_again(evaluation)}"


def _again(evaluation: StoredEvaluation) -> str:
    return (
        f"Run `exposure report {evaluation.path}` where it is, or ask for the same evaluation again with "
        "POST /v1/evaluations: what is scored is not scored again."
    )


def _digests(evaluation: StoredEvaluation) -> dict[str, str] | None:
    text = evaluation.read(f"{REPORT}/{LIST}")
    try:
        return None if text is None else digests_from(text)
    except (ValueError, RecursionError) as error:
        raise unreadable(evaluation, LIST, str(error).splitlines()[0]) from error
