"""`exposure serve`: answer over REST."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from exposure.commands.options import EXISTING, counted
from exposure.errors import UsageError

if TYPE_CHECKING:
    from service.config import Additions
    from service.settings import Settings

_PAIR = "NAME=DIR"


@click.command("serve")
@click.option(
    "--data",
    type=EXISTING,
    required=True,
    metavar="DIR",
    help="The data directory: DIR/timelines/NAME are timelines. Made where there is none yet.",
)
@click.option("--config", type=EXISTING, metavar="FILE", help="Settings (TOML): docs/running-a-service.md lists them.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Where to listen; others than this machine need --keys."
)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="Answer under this name too (behind a tunnel or proxy).",
)
@click.option("--keys", type=EXISTING, metavar="FILE", help="Who may ask: a file made with `exposure keys add`.")
@click.option("--root", "roots", multiple=True, metavar=_PAIR, help="A folder of files that requests may name.")
@click.option(
    "--model-root", "model_roots", multiple=True, metavar=_PAIR, help="A folder of models that requests may name."
)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME=SOURCE",
    help="A series of checkpoints that requests may name: a path, or owner/name@step{step}.",
)
@click.option("--online", is_flag=True, help="Models may be fetched from a hub.")
@click.option("--read-only", is_flag=True, help="Only answer: no jobs, no uploads, no deletions.")
@click.option("--no-workers", is_flag=True, help="Start no workers; others claim jobs (`exposure worker`).")
@click.option("--log-format", type=click.Choice(["text", "json"]), help="How the log is written; text.")
@click.option("--otlp", metavar="URL", help="Send traces to this OpenTelemetry collector (extra: telemetry).")
def command(data: Path, config: Path | None, host: str, port: int, **options: Any) -> None:
    """Answer questions to what is in DIR over REST, and index and evaluate on request.

    Timelines are made by jobs, or with: exposure index --out DIR/timelines/NAME. New generations are taken up as they
    are published. Ctrl-C or SIGTERM ends the service once the requests that run are answered.
    """
    from dataclasses import replace

    from service.config import load_settings
    from service.data_directory import make_data_folder, open_data_directory
    from service.listening import is_everywhere, listen, url_of
    from service.lock import serving
    from service.server import run
    from service.telemetry.logs import configure

    settings = load_settings(config, data, _additions(options))
    if not is_everywhere(host):
        settings = replace(settings, hosts=tuple(dict.fromkeys((*settings.hosts, host))))
    configure(settings.log_format)
    made = make_data_folder(settings.data, settings.is_read_only)
    with serving(settings.data, settings.is_read_only), listen(host, port, settings.keys is not None) as listening:
        notes = open_data_directory(settings.data, settings.is_read_only).notes
        notes = (*made, *notes)
        run(settings, listening, lambda: _greet(url_of(listening), data, settings, notes))


def _additions(options: Mapping[str, Any]) -> Additions:
    from service.config import Additions

    return Additions(
        roots={name: Path(folder) for name, folder in _pairs("--root", options["roots"])},
        model_roots={name: Path(folder) for name, folder in _pairs("--model-root", options["model_roots"])},
        models=dict(_pairs("--model", options["models"])),
        hosts=options["hosts"],
        keys=options["keys"],
        is_online=options["online"],
        is_read_only=options["read_only"],
        has_workers=not options["no_workers"],
        log_format=options["log_format"],
        otlp=options["otlp"],
    )


def _pairs(option: str, given: tuple[str, ...]) -> list[tuple[str, str]]:
    """NAME=VALUE, each name once; raises UsageError."""
    import re

    from exposure.api.names import NAME

    pairs = [one.partition("=") for one in given]
    for (name, _, value), one in zip(pairs, given, strict=True):
        if not value or not re.fullmatch(NAME, name):
            raise UsageError(f"{option} {one!r}: NAME=VALUE was expected, a name of letters, digits, '.', '_' and '-'.")
    names = [name for name, _, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"{option}: {', '.join(twice)} is given twice. Give each name once.")
    return [(name, value) for name, _, value in pairs]


def _greet(url: str, data: Path, settings: Settings, notes: tuple[str, ...]) -> None:
    from service.catalog import Catalog
    from service.settings import LOOPBACK_HOSTS

    catalog = Catalog(settings)
    click.echo(f"{url}: {counted(len(catalog.names()), 'timeline')} of {data}, documentation at /docs", err=True)
    if settings.keys is None:
        click.echo(
            "No keys are configured: the service answers on this machine only, and everybody on it may do everything "
            "but take up jobs.",
            err=True,
        )
    elif len(settings.hosts) > len(LOOPBACK_HOSTS):
        click.echo(f"Keys are asked for. Answered under the names: {', '.join(settings.hosts)}", err=True)
    else:
        click.echo("Keys are asked for. Answered under the names of this machine only (--allow-host).", err=True)
    for note in notes:
        click.echo(note, err=True)
    for name in catalog.unnameable():
        click.echo(f"not served: timelines/{name}. Rename it to letters, digits, '.', '_' and '-'.", err=True)
