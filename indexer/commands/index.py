"""`exposure index`: scan a run's corpus for phrases."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from exposure.commands.options import EXISTING, census_option, counted

HOLES_STATUS = 3
"""Exit status when something was published, but shards are missing from it."""


@click.command("index")
@click.option("--run", type=EXISTING, required=True, help="The run manifest (exposure run init).")
@click.option(
    "--phrases", type=EXISTING, multiple=True, required=True, help="A phrase file (exposure phrases); repeatable."
)
@click.option("--out", type=EXISTING, required=True, metavar="TIMELINE", help="The folder of the timeline.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Cores to use.")
@click.option(
    "--engine",
    type=click.Choice(["auto", "words", "aho-corasick"]),
    default="auto",
    show_default=True,
    help="What finds the phrases; all find the same. `auto` is words, and aho-corasick for --boundary none.",
)
@click.option("--exact", is_flag=True, help="Match letter case exactly.")
@click.option("--boundary", type=click.Choice(["word", "none"]), default="word", show_default=True)
@click.option("--whitespace", type=click.Choice(["collapse", "verbatim"]), default="collapse", show_default=True)
@click.option(
    "--keep-first", type=click.IntRange(1), metavar="K", help="Exposures kept exactly for each phrase [default: 8]."
)
@click.option(
    "--grid-every",
    type=click.IntRange(1),
    metavar="N",
    help="Count by every N steps too [default: at most 256 buckets].",
)
@census_option
def command(
    run: Path,
    phrases: tuple[Path, ...],
    out: Path,
    workers: int,
    engine: Literal["auto", "words", "aho-corasick"],
    exact: bool,
    boundary: Literal["word", "none"],
    whitespace: Literal["collapse", "verbatim"],
    keep_first: int | None,
    grid_every: int | None,
    census: Path | None,
) -> int:
    """Scan the corpus of a run for phrases and publish the timeline.

    Only what is not there yet is scanned: run it again after an interruption, or with more phrases or shards.
    Exit status 3 says that shards are missing from what was published.
    """
    from exposure.phrases import MatchRule
    from indexer.request_flow import IndexInputs, index_inputs
    from indexer.run import IndexOptions

    rule = MatchRule("exact" if exact else "fold", boundary, whitespace)
    options = IndexOptions(rule, keep_first, grid_every, workers, engine)
    wanted, result = index_inputs(IndexInputs(run, phrases, out, options, census))
    click.echo(
        f"{out}: {counted(len(wanted), 'phrase')}, {result.scanned} of {counted(result.units, 'unit')} scanned now, "
        f"generation {result.generation.stem[:12]}",
        err=True,
    )
    for problem in dict.fromkeys(problem for _, problem in result.holes):
        click.echo(f"hole in coverage: {problem}", err=True)
    if result.holes:
        click.echo(
            "Answers beyond a hole are inexact or unknown. Mend the shard and run the same command again.", err=True
        )
    return HOLES_STATUS if result.holes else 0
