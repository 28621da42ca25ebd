"""`exposure prune`: free what nothing needs any more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from exposure.commands.options import EXISTING, output_options
from exposure.errors import UsageError

if TYPE_CHECKING:
    from service.upkeep.prune import Pruned

COLUMNS = ("what", "place", "count", "bytes")


@click.command("prune")
@click.argument("timelines", type=EXISTING, nargs=-1, metavar="[TIMELINE]…")
@click.option("--data", type=EXISTING, metavar="DIR", help="A data directory: all of its timelines, and its jobs.")
@click.option(
    "--keep-generations",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    metavar="N",
    help="Keep the newest N beside the current one.",
)
@click.option(
    "--older-than",
    "job_days",
    type=click.FloatRange(min=0),
    metavar="DAYS",
    help="Also forget jobs that ended so long ago [default: none].",
)
@click.option("--code-cache", is_flag=True, help="Also compiled code of other versions.")
@click.option("--dry-run", is_flag=True, help="Delete nothing, and say what would be.")
@output_options
def command(
    timelines: tuple[Path, ...],
    data: Path | None,
    keep_generations: int,
    job_days: float | None,
    code_cache: bool,
    dry_run: bool,
    format_: str,
    out: str | None,
) -> None:
    """Delete older generations, and what killed processes left half written or half deleted.

    It may run while a service does, and while others index: what is open stays readable for whoever has it open.
    Results (segments, evaluations, sets) are never deleted by this; `exposure remove` does.
    """
    from exposure.tables import emit
    from service.data_directory import DataDirectory
    from service.upkeep.doctor import refuse_other
    from service.upkeep.prune import prune_code, prune_directory, prune_timeline

    if data is None and not timelines and not code_cache:
        raise UsageError("There is nothing to prune. Name a timeline, or a data directory with --data DIR.")
    if job_days is not None and data is None:
        raise UsageError("--older-than is of the jobs of a data directory. Name it with --data DIR.")
    found: list[Pruned] = []
    for timeline in timelines:
        found += prune_timeline(timeline, keep_generations, dry_run)
    if data is not None:
        refuse_other(data)
        found += prune_directory(DataDirectory(data), keep_generations, job_days, dry_run)
    if code_cache:
        found += prune_code(dry_run)
    emit([_row(one) for one in found], COLUMNS, format_, out)
    total = sum(one.bytes or 0 for one in found)
    click.echo(f"{total:,} bytes {'would be freed' if dry_run else 'freed'}", err=True)


def _row(one: Pruned) -> dict[str, object]:
    return {"what": one.what, "place": str(one.place), "count": one.count, "bytes": one.bytes}
