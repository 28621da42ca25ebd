"""`exposure coverage`: what has been scanned."""

from __future__ import annotations

from pathlib import Path

import click

from exposure.commands.options import emit_answers, opened, output_options, timeline_argument

COLUMNS = ("phrase_group", "phrases", "steps", "covered_through", "complete", "missing_shards", "exactness")


@click.command("coverage")
@timeline_argument
@output_options
def command(timeline: Path, format_: str, out: str | None) -> None:
    """What has been scanned, for each group of phrases that was indexed together.

    Up to covered_through, "not seen" can be said; beyond it, a phrase that was not found is unknown.
    """
    from exposure.answers import CoverageAnswer

    with opened(timeline) as answering:
        emit_answers(CoverageAnswer, answering.coverage(), COLUMNS, format_, out, [timeline])
