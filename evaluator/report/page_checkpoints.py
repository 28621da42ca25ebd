"""What became of every checkpoint."""

from __future__ import annotations

from evaluator.checkpoint_record import CheckpointRecord
from evaluator.report.build import Report
from evaluator.report.evaluated_run import EvaluatedRun
from evaluator.report.markup import safe, tag
from evaluator.report.page_parts import Column, note, section, table
from evaluator.report.wording import NONE


def checkpoints_section(report: Report) -> str:
    """A table a run; what was not scored is said before it."""
    return section("checkpoints", "Checkpoints", *(_of_run(run, len(report.runs) > 1) for run in report.runs))


def _of_run(run: EvaluatedRun, several: bool) -> str:
    named = f"{run.name}: " if several else ""
    sentence = f"{named}{count_of_checkpoints(run)}. Only scored ones stand in curves."
    noted = [one for one in run.checkpoints if one.status != "scored" or what_of(one)]
    first = table(f"To be noted of {run.name}", COLUMNS, [_row(one) for one in noted]) if noted else ""
    whole = table(f"Checkpoints of {run.name}", COLUMNS, [_row(one) for one in run.checkpoints])
    return note(sentence, "lead") + first + tag("details", tag("summary", f"All {len(run.checkpoints)}"), whole)


COLUMNS = (Column("step", True), Column("status"), Column("weights"), Column("what"), Column("source"))


def count_of_checkpoints(run: EvaluatedRun) -> str:
    """ "18 scored, 1 duplicate, 2 broken"."""
    held = [one.status for one in run.checkpoints]
    return ", ".join(f"{held.count(name)} {name}" for name in ("scored", "duplicate", "broken") if name in held)


def _row(one: CheckpointRecord) -> list[str]:
    weights = (
        NONE if one.weights_sha256 is None else tag("code", safe(one.weights_sha256[:12]), title=one.weights_sha256)
    )
    return [
        f"{one.step:,}",
        tag("span", one.status, class_=f"status {one.status}"),
        weights,
        safe(what_of(one)) or NONE,
        safe(one.source),
    ]


def what_of(one: CheckpointRecord) -> str:
    """Everything that is to be said of a checkpoint."""
    same = (
        f"same weights as step {', '.join(f'{step:,}' for step in one.same_weights_as)}" if one.same_weights_as else ""
    )
    return ". ".join(text for text in (one.reason or "", same, *one.notes) if text)
