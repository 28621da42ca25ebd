"""`exposure world`: generate a small corpus with known answers."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("world")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--documents", type=int, default=4000, show_default=True, help="How many documents; at least 400.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same bytes.")
def command(folder: Path, documents: int, seed: int) -> None:
    """Generate a world into FOLDER: a corpus, minimal pairs, a tokenizer, and the truth about every planted phrase.

    FOLDER must be new or empty.
    """
    from exposure.world import World, write_world

    files = write_world(World(seed=seed, documents=documents), folder)
    click.echo(f"{folder}: {documents:,} documents in {len(files.corpus)} shards, "
               f"{files.pairs.name}, {files.tokenizer.name}, {files.truth.name}")  # fmt: skip
