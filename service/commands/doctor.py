"""`exposure doctor`: is everything as it was written, and what can be repaired?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from exposure.commands.options import EXISTING, counted, output_options
from exposure.errors import UsageError

if TYPE_CHECKING:
    from service.upkeep.finding import Finding

FOUND = 3
"""Exit status where something was found."""


@click.command("doctor")
@click.argument("data", type=EXISTING, metavar="DIR")
@click.option("--repair", is_flag=True, help="Repair what can be repaired safely, and say what was done.")
@click.option("--thorough", is_flag=True, help="Also read the corpora of the runs.")
@output_options
def command(data: Path, repair: bool, thorough: bool, format_: str, out: str | None) -> int:
    """Check a data directory, or a backup of one: every file against what it should be.

    It reads all that there is, changes nothing without --repair, and may run while a service does; repairing may not.
    Nothing is deleted but markers of damaged segments and half-written files: what is damaged is moved to
    DIR/quarantine. Exit status 3: something was found.
    """
    from exposure.tables import emit
    from service.upkeep.doctor import examine, mend, refuse_other, service_of

    refuse_other(data)
    process = service_of(data)
    if repair and process is not None:
        raise UsageError(f"{data} is served by process {process}. Stop it, then repair; checking alone may run beside.")
    findings = examine(data, thorough)
    done = [said for _, said in mend(data, findings)] if repair and findings else [None] * len(findings)
    columns = ("place", "problem", "done" if repair else "remedy")
    rows = [{**_row(data, finding), "done": said} for finding, said in zip(findings, done, strict=True)]
    if rows or format_ != "table":
        emit(rows, columns, format_, out)
    click.echo(f"{data}: {counted(len(findings), 'finding')}", err=True)
    return FOUND if findings else 0


def _row(data: Path, finding: Finding) -> dict[str, object]:
    place = finding.place
    name = str(place.relative_to(data)) if place.is_relative_to(data) else str(place)
    return {"place": name, "problem": finding.problem, "remedy": finding.remedy}
