"""An evaluation job in its child process: `python -m evaluator`. Scores, then measures; the page of its report too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from evaluator.checkpoint_record import CheckpointRecord
from evaluator.device_lock import device_lock
from evaluator.devices import device_of
from evaluator.exposures import exposure_source, needs_timeline
from evaluator.folder import EvaluationFolder
from evaluator.folder_lock import folder_lock
from evaluator.job_spec import EvaluationSpec
from evaluator.measured_rows import overall_rows
from evaluator.measurements import step_measurements, write_measurements
from evaluator.measures.attention.attention_to_context import AttentionSpec
from evaluator.measures.measure_options import MeasureOptions
from evaluator.report.request import ReportRequest
from evaluator.request_flow import EvaluationInputs, evaluate_inputs
from evaluator.requests import EvaluationRequest, measures_of
from evaluator.split_witness import EXPOSURES, found_in, lost_exposures
from exposure.child_lines import ChildLines
from exposure.errors import EvaluationError
from exposure.progress import tell
from exposure.splits import SplitRequest


def evaluate_and_measure(spec: EvaluationSpec, lines: ChildLines) -> dict[str, Any]:
    """Evaluate as asked, telling every checkpoint's measurements, and say what was done; the result of the job."""
    report = _report(spec)
    device = device_of(spec.request.device)

    def tell_record(folder: EvaluationFolder, record: CheckpointRecord) -> None:
        lines.write("checkpoint", {"step": record.step, "status": record.status, "reason": record.reason})
        if record.status == "scored":
            for measurement in (*step_measurements(folder, record.step, report), *overall_rows(folder, record)):
                lines.write("measurement", asdict(measurement))

    with folder_lock(spec.out), device_lock(spec.locks, str(device)):
        _refuse_kept_split(spec)
        records = evaluate_inputs(_inputs(spec), lambda note: lines.write("note", {"text": note}), tell_record)
        tell("measuring", 0, 1, "reports")
        write_measurements(EvaluationFolder.open(spec.out), report)
        tell("measuring", 1, 1, "reports")
    return _document(spec, records)


def _refuse_kept_split(spec: EvaluationSpec) -> None:
    """Raise EvaluationError where the evaluation has a split that is not asked for: by a job before this one."""
    exposures = spec.out / EXPOSURES
    if spec.timeline is None and (lost := lost_exposures(spec.out, found_in(spec.out))):
        raise EvaluationError(lost)
    if spec.timeline is None and exposures.exists():
        raise EvaluationError(needs_timeline(spec.request.name, exposure_source(exposures)))


def _inputs(spec: EvaluationSpec) -> EvaluationInputs:
    asked = spec.request
    request = EvaluationRequest(
        device=asked.device,
        dtype=asked.dtype,
        batch_tokens=asked.batch_tokens,
        keep_duplicates=asked.keep_duplicates,
        measures=measures_of(asked.measures),
        measure_options=_measure_options(spec),
        is_whole_series=asked.steps is None,
    )
    return EvaluationInputs(
        spec.checkpoints,
        (spec.pairs,),
        spec.out,
        spec.timeline,
        () if spec.phrases is None else (spec.phrases,),
        tuple(asked.uids),
        asked.steps,
        tuple(asked.presets),
        asked.method,
        request,
    )


def _measure_options(spec: EvaluationSpec) -> MeasureOptions:
    asked = spec.request
    return MeasureOptions(
        text=spec.text,
        icl_rows=asked.icl_rows,
        icl_tokens=(asked.icl_tokens[0], asked.icl_tokens[1]),
        positions=tuple(asked.positions),
        raw_states=asked.raw_states,
        attention=AttentionSpec(asked.attention_side, asked.attention_tokens, asked.attention_control),
        split=SplitRequest("window", asked.split_at_step, asked.sides),
    )


def _report(spec: EvaluationSpec) -> ReportRequest:
    asked = spec.request
    plain = ReportRequest(at_step=asked.split_at_step, sides=asked.sides)
    draws = replace(plain.delay, permutations=asked.permutations, resamples=asked.bootstrap, seed=asked.seed)
    return replace(plain, delay=draws)


def _document(spec: EvaluationSpec, records: Sequence[CheckpointRecord]) -> dict[str, Any]:
    return {
        "evaluation": spec.request.name,
        "scored": sum(record.status == "scored" for record in records),
        "duplicates": sum(record.status == "duplicate" for record in records),
        "broken": [{"step": one.step, "reason": one.reason} for one in records if one.status == "broken"],
        "asked_measures": list(spec.request.measures),
    }
