"""`exposure batch`: what a training step was trained on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from exposure.commands.options import EXISTING, census_option, emit_answers, output_options

COLUMNS = ("sequence", "row", "documents", "characters", "text")
SHOWN_CHARACTERS = 100


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
    """The text that training step N was trained on: the sequences of batch N − 1.

    A table shows the beginning of each text; --sequence I prints one whole, as do the other formats.
    """
    from exposure.api.corpus import BatchRow
    from exposure.orders import DataOrder
    from indexer.batches import batch_rows

    rows = batch_rows(DataOrder.load(manifest), step, sequence, census)
    if format_ == "table" and sequence is None:
        rows = [replace(row, text=_beginning(row.text)) for row in rows]
    emit_answers(BatchRow, rows, COLUMNS, format_, out, [manifest])


def _beginning(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
