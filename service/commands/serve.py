"""`exposure serve`: answer over REST."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from exposure.commands.options import EXISTING, counted
from exposure.errors import UsageError

if TYPE_CHECKING:
    from service.catalog import Catalog


@click.command("serve")
@click.option(
    "--data", type=EXISTING, required=True, metavar="DIR", help="The data directory: DIR/timelines/NAME are timelines."
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Where to listen: this machine only, as there are no keys."
)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="Answer under this name too (behind a tunnel or proxy).",
)
def command(data: Path, host: str, port: int, hosts: tuple[str, ...]) -> None:
    """Answer questions to the timelines in DIR/timelines over REST.

    Make one with: exposure index --out DIR/timelines/NAME. New generations are taken up as they are published.
    Ctrl-C or SIGTERM ends the service once the requests that run are answered.
    """
    if not data.is_dir():
        raise UsageError(f"--data {data} is no folder. Make it, and index with --out {data}/timelines/NAME.")
    from service.catalog import Catalog
    from service.listening import listen, url_of
    from service.lock import serving
    from service.server import run
    from service.settings import LOOPBACK_HOSTS, Settings

    settings = Settings(data.resolve(), hosts=(*LOOPBACK_HOSTS, host, *hosts))
    with serving(settings.data), listen(host, port) as listening:
        run(settings, listening, lambda: _greet(url_of(listening), data, Catalog(settings)))


def _greet(url: str, data: Path, catalog: Catalog) -> None:
    click.echo(f"{url}: {counted(len(catalog.names()), 'timeline')} of {data}, documentation at /docs", err=True)
    click.echo("No keys are configured: the service answers on this machine only.", err=True)
    for name in catalog.unnameable():
        click.echo(f"not served: timelines/{name}. Rename it to letters, digits, '.', '_' and '-'.", err=True)
