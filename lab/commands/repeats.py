"""`exposure repeats`: generate a corpus in which random spans come back."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("repeats")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--documents", type=click.IntRange(1), default=4000, show_default=True, help="How many documents.")
@click.option("--shards", type=click.IntRange(1), default=4, show_default=True, help="Files of the corpus.")
@click.option("--characters", type=click.IntRange(1), default=125, show_default=True, help="Of each document.")
@click.option("--shortest", type=int, metavar="N", help="Documents of N characters to --characters, evenly drawn.")
@click.option("--refrains", type=float, default=0.5, show_default=True, help="Documents of one span over and over.")
@click.option("--spans", type=float, default=0.8, show_default=True, help="Of the others: share of them in spans.")
@click.option(
    "--pairs-per-paradigm", type=int, default=40, show_default=True, help="Up to 240; fewer where words run out."
)
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed gives the same bytes.")
def command(
    folder: Path,
    documents: int,
    shards: int,
    characters: int,
    shortest: int | None,
    refrains: float,
    spans: float,
    pairs_per_paradigm: int,
    seed: int,
) -> None:
    """Generate text in which random spans come back into FOLDER: a corpus, minimal pairs and a tokenizer.

    A small model learns within minutes to copy from it. FOLDER must be new or empty.
    """
    from lab.repeats.corpus import RepeatingText, write_repeats
    from lab.repeats.documents import Recipe

    text = RepeatingText(seed, documents, shards, pairs_per_paradigm, Recipe(characters, shortest, refrains, spans))
    files = write_repeats(text, folder)
    click.echo(f"{folder}: {documents:,} documents in {len(files.corpus)} shards, "
               f"{files.pairs.name}, {files.tokenizer.name}")  # fmt: skip
