"""`exposure backup`: copy a data directory while it is in use."""

from __future__ import annotations

from pathlib import Path

import click

from exposure.commands.options import EXISTING


@click.command("backup")
@click.argument("source", type=EXISTING, metavar="DIR")
@click.argument("target", type=EXISTING, metavar="TARGET")
def command(source: Path, target: Path) -> None:
    """Copy the data directory DIR to TARGET: a new folder, or an earlier backup, which is brought up to date.

    Serving, indexing, publishing and evaluating may go on: each thing is copied as it was at some moment, with all that
    it refers to. Not copied: older generations, what is half written, quarantine/, the corpus. To restore, copy TARGET
    and serve the copy. Check a backup with: exposure doctor TARGET.
    """
    from service.upkeep.backup import back_up

    done = back_up(source, target)
    click.echo(
        f"{target}: {done.files:,} files, {done.bytes:,} bytes, of which {done.copied_bytes:,} were copied now",
        err=True,
    )
