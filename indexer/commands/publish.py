"""`exposure publish`: build the generation of what has been scanned."""

from __future__ import annotations

from pathlib import Path

import click

from exposure.commands.options import census_option, timeline_argument


@click.command("publish")
@timeline_argument
@census_option
def command(timeline: Path, census: Path | None) -> None:
    """Publish the finished segments of TIMELINE, without scanning; `index` does this at its end."""
    from indexer.run import republish

    generation = republish(timeline, census)
    click.echo(f"{timeline}: generation {generation.stem[:12]} is current", err=True)
