"""`exposure batch`: what a training step was trained on."""

from __future__ import annotations

from pathlib import Path

import click

from exposure.commands.options import EXISTING, census_option, emit_answers, output_options

COLUMNS = ("sequence", "row", "documents", "characters", "text")


@click.command("batch")
@click.argument("manifest", type=EXISTING, metavar="RUN.json")
@click.option(
    "--step", type=int, required=True, metavar="N", help="Training step, from 1: the step that made checkpoint N."
)
@click.option("--sequence", type=int, metavar="I", help="Only this sequence of the batch, from 0.")
@census_option
@output_options
def command(
    manifest: Path, step: int, sequence: int | None, census: Path | None, format_: str, out: str | None
) -> None:
    """The text that training step N was trained on: the sequences of batch N − 1."""
    from exposure.orders import DataOrder
    from indexer.batches import batch_rows

    emit_answers(batch_rows(DataOrder.load(manifest), step, sequence, census), COLUMNS, format_, out)
