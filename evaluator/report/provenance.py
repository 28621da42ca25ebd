"""What made a report: the evaluations, the timelines, the request, and the versions. Nothing of when or where."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from evaluator.measures.onset.layer_order import DRAWS
from evaluator.report.build import Report
from evaluator.report.evaluated_run import EvaluatedRun
from exposure.provenance import versions


def provenance(report: Report) -> dict[str, Any]:
    """JSON values: the same evaluations and request give the same document."""
    return {
        "format": "exposure.report",
        "version": 1,
        "request": report.request.document,
        "evaluations": [_of_run(run) for run in report.runs],
        **_compared(report),
        "versions": versions(),
    }


def _compared(report: Report) -> dict[str, Any]:
    """By what runs were compared: nothing where they were not."""
    if report.compared is None:
        return {}
    thetas = {one.quantity.measure: one.quantity.thetas for one in report.compared.held}
    return {"compared": {"thresholds": thetas, "layer_permutations": DRAWS}}


def _of_run(run: EvaluatedRun) -> dict[str, Any]:
    return {
        "evaluation": run.name,
        "manifest": run.manifest.model_dump(mode="json"),
        "convention": asdict(run.convention),
        "scored_steps": run.steps.tolist(),
        "exposures": None if run.exposed is None else asdict(run.exposed.source),
    }


def provenance_text(report: Report, indent: int | None = None) -> str:
    """The document as text."""
    return json.dumps(provenance(report), indent=indent, sort_keys=True, ensure_ascii=False, default=list)
