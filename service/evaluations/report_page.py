"""The page of a report, as it was written, for browsers."""

from __future__ import annotations

from evaluator.report.files import PAGE
from service.evaluations.report_files import report_file
from service.evaluations.stored import StoredEvaluation

HEADERS = {
    "Cache-Control": "private, no-cache",
    # The page has no scripts, fetches nothing and sends nothing; its styles stand in it, also at single elements.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
        "sandbox"
    ),
    "Referrer-Policy": "no-referrer",
}


def report_page(evaluation: StoredEvaluation) -> bytes:
    """The page, without the folders of this machine; raises EvaluationError where there is none, or it is damaged."""
    return evaluation.public(report_file(evaluation, PAGE).decode("utf-8", "replace")).encode()
