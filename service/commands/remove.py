"""`exposure remove`: delete what a data directory holds, while no service runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from exposure.commands.options import EXISTING
from exposure.errors import UsageError

if TYPE_CHECKING:
    from exposure.api.jobs import Job
    from service.data_directory import DataDirectory
    from service.deleting import Deleter
    from service.uses import Kind


@click.command("remove")
@click.option("--data", type=EXISTING, required=True, metavar="DIR", help="The data directory.")
@click.argument("things", nargs=-1, required=True, metavar="KIND/NAME...")
def command(data: Path, things: tuple[str, ...]) -> None:
    """Delete timelines/NAME, runs/NAME, evaluations/NAME, pair-sets/ID or phrase-sets/ID from a data directory.

    Refused while a job that is queued or running uses one, or another thing needs it; everything named before it is
    deleted then. Where a service holds the directory, it has to be asked: DELETE /v1/KIND/NAME.
    """
    from service.data_directory import DataDirectory
    from service.lock import holder, serving
    from service.removal import delete, leftovers

    named = [_named(thing) for thing in things]
    if not data.is_dir():
        raise UsageError(f"--data {data} is no folder. Name the data directory.")
    directory = DataDirectory(data.resolve())
    if (process := holder(directory.path)) is not None:
        routes = ", ".join(f"DELETE /v1/{kind}/{name}" for kind, name in named)
        raise UsageError(f"{data} is served by process {process}. Ask that service: {routes}.")
    with serving(directory.path):
        deleter = _deleter(directory)
        for kind, name in named:
            delete(deleter.set_aside(kind, name))
            click.echo(f"deleted: {kind}/{name}", err=True)
        for aside in leftovers(directory):
            delete(aside)


def _named(thing: str) -> tuple[Kind, str]:
    from service.uses import NOUNS

    kind, _, name = thing.rstrip("/").partition("/")
    found = next((one for one in NOUNS if one == kind), None)
    if found is None or not name:
        raise UsageError(f"{thing} names nothing that can be deleted. Write one of {', '.join(NOUNS)}, '/' and a name.")
    return found, name.removesuffix(".parquet") if found == "phrase-sets" else name


def _deleter(directory: DataDirectory) -> Deleter:
    """One that asks the jobs of the directory, where there were ever any."""
    from service.deleting import Deleter
    from service.jobs.store import JobStore

    def active() -> list[Job]:
        if not directory.jobs.exists():
            return []
        with JobStore(directory.jobs) as jobs:
            return list(jobs.active())

    return Deleter(directory, active)
