"""`exposure context`: the text around the first exposures."""

from __future__ import annotations

from pathlib import Path

import click

from exposure.commands.options import EXISTING, census_option, emit_answers, opened, output_options, timeline_argument

COLUMNS = ("step", "sequence", "token", "document", "before", "match", "after")


@click.command("context")
@timeline_argument
@click.argument("phrase")
@click.option("--width", type=click.IntRange(0), default=60, show_default=True, help="Characters shown on each side.")
@click.option("--run", "manifest", type=EXISTING, help="The run manifest, when its shards were moved.")
@census_option
@output_options
def command(
    timeline: Path, phrase: str, width: int, manifest: Path | None, census: Path | None, format_: str, out: str | None
) -> None:
    """The text around the first exposures of PHRASE, read back from the corpus."""
    from exposure.api.corpus import Context
    from exposure.orders import DataOrder
    from indexer.context import contexts

    run = DataOrder.load(manifest) if manifest else None
    with opened(timeline) as answering:
        found = contexts(answering, phrase, width, run, census)
    emit_answers(Context, found, COLUMNS, format_, out, [timeline, manifest])
