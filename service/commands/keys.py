"""`exposure keys`: who may ask a service."""

from __future__ import annotations

from pathlib import Path

import click

SCOPES = ("read", "index", "evaluate", "worker", "admin")

_FILE = click.option(
    "--file",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="KEYS",
    help="The key file.",
)


@click.group("keys")
def command() -> None:
    """Make, list and remove the keys of a service: exposure serve --keys KEYS.

    The file holds hashes; a key itself is shown once, when it is made. A service that runs takes changes up within a
    second.
    """


@command.command("add")
@_FILE
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(SCOPES),
    multiple=True,
    required=True,
    help="What it may do; repeatable. index and evaluate include read, admin includes all.",
)
def add(file: Path, name: str, scopes: tuple[str, ...]) -> None:
    """Make a key called NAME and print it; it is kept nowhere. The file is made where there is none."""
    from service.keys.access import SCOPES as ALL
    from service.keys.key_file import add_key

    click.echo(add_key(file, name, tuple(scope for scope in ALL if scope in scopes)))


@command.command("list")
@_FILE
def list_keys(file: Path) -> None:
    """Print the names of the keys, what they may do, and when they were made."""
    from service.keys.key_file import read_keys

    for key in read_keys(file):
        click.echo(f"{key.name}\t{','.join(key.scopes)}\t{key.created}")


@command.command("remove")
@_FILE
@click.argument("name")
def remove(file: Path, name: str) -> None:
    """Remove the key called NAME."""
    from service.keys.key_file import remove_key

    remove_key(file, name)
