"""`exposure world`: generate a small corpus with known answers."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("world")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--documents", type=int, default=4000, show_default=True, help="How many documents; at least 400.")
@click.option(
    "--pairs-per-paradigm", type=int, default=40, show_default=True, help="Up to 240; fewer where words run out."
)
@click.option("--density", type=float, default=0.45, show_default=True, help="Planted good sides per document.")
@click.option("--share", type=float, default=0.5, show_default=True, help="Of the good sides, how many are planted.")
@click.option(
    "--skew", type=float, default=1.3, show_default=True, help="Frequencies of planted phrases fall as rank^-SKEW."
)
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same bytes.")
def command(
    folder: Path, documents: int, pairs_per_paradigm: int, density: float, share: float, skew: float, seed: int
) -> None:
    """Generate a world into FOLDER: a corpus, minimal pairs, a tokenizer, and the truth about every planted phrase.

    FOLDER must be new or empty.
    """
    from exposure.world import Planting, World, write_world

    planting = Planting(density, share, skew)
    world = World(seed, documents, pairs_per_paradigm=pairs_per_paradigm, planting=planting)
    files = write_world(world, folder)
    click.echo(f"{folder}: {documents:,} documents in {len(files.corpus)} shards, "
               f"{files.pairs.name}, {files.tokenizer.name}, {files.truth.name}")  # fmt: skip
