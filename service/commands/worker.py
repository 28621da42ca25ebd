"""`exposure worker`: do the jobs of a service, here or on another machine."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from exposure.commands.options import EXISTING
from exposure.errors import UsageError

if TYPE_CHECKING:
    from exposure.api.requests import JobKind

KEY_VARIABLE = "EXPOSURE_WORKER_KEY"


@click.command("worker")
@click.option("--service", required=True, metavar="URL", help="The service, such as http://127.0.0.1:8000.")
@click.option("--kind", type=click.Choice(["index", "evaluate"]), required=True, help="Which jobs to do.")
@click.option("--data", type=EXISTING, required=True, metavar="DIR", help="The data directory of the service, mounted.")
@click.option("--config", type=EXISTING, metavar="FILE", help="Configuration with roots and models, as of the service.")
@click.option(
    "--key-file", type=EXISTING, metavar="FILE", help=f"A key with scope worker [default: the variable {KEY_VARIABLE}]."
)
@click.option(
    "--cores", type=click.IntRange(1), metavar="N", help="Cores for an indexing job [default: configured, 1]."
)
@click.option("--once", is_flag=True, help="Do one job, if one is waiting, and end.")
def command(
    service: str,
    kind: JobKind,
    data: Path,
    config: Path | None,
    key_file: Path | None,
    cores: int | None,
    once: bool,
) -> None:
    """Do the jobs of a service: claim one after the other over HTTP, each done by a process of its own.

    DIR must be the data directory that the service serves, and roots must have the same names: the worker proves it
    before it is given a job. SIGTERM or Ctrl-C ends it; a job that it has is given back, and what is finished of it is
    kept.
    """
    from service.config import load_settings
    from service.telemetry.logs import configure
    from service.workers.link import Link
    from service.workers.worker import Worker

    if kind == "evaluate" and importlib.util.find_spec("torch") is None:
        raise UsageError("PyTorch is not installed here, so nothing can be evaluated. Install exposure[evaluate].")
    settings = load_settings(config, data)
    configure(settings.log_format)
    if cores is not None:
        settings = replace(settings, workers=replace(settings.workers, cores=cores))
    worker = Worker(settings, Link(service, _key(key_file)), kind)
    worker.obey_signals()
    click.echo(f"{worker.name}: does {kind} jobs of {service} in {data}", err=True)
    worker.run(once)


def _key(file: Path | None) -> str | None:
    """The key to send; None where there is none, as for a service without keys."""
    if file is None:
        return os.environ.get(KEY_VARIABLE) or None
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"--key-file {file} cannot be read ({error}). Give a file that holds the key alone."
        ) from error
