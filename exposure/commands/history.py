"""`exposure history`: how often a phrase had been seen by each checkpoint."""

from __future__ import annotations

from pathlib import Path

import click

from exposure.commands.options import emit_answers, note_beyond, opened, output_options, timeline_argument
from exposure.errors import QuestionError

COLUMNS = ("phrase", "step", "status", "count", "count_high", "exact")
FORMS = ("gap", "anchor")


@click.command("history")
@timeline_argument
@click.argument("phrase")
@click.option(
    "--at-step",
    "at_steps",
    type=int,
    multiple=True,
    metavar="N",
    help="Ask for this step; repeatable [default: the checkpoints].",
)
@output_options
def command(timeline: Path, phrase: str, at_steps: tuple[int, ...], format_: str, out: str | None) -> None:
    """How often PHRASE had been seen by each checkpoint.

    Counts are exact at the edges of the timeline's buckets; between them they are an interval [count, count_high].
    """
    from exposure.answers import HistoryPoint

    with opened(timeline) as answering:
        points = answering.history(phrase, at_steps)
        note_beyond(max(at_steps, default=None), answering.steps)
    if not points:
        raise QuestionError(
            f"{phrase!r} is not indexed in {timeline}. Index it: exposure index --phrases … --out {timeline}."
        )
    forms = [name for name in FORMS if any(getattr(one, name) for one in points)]
    emit_answers(HistoryPoint, points, [*COLUMNS, *forms], format_, out, [timeline])
