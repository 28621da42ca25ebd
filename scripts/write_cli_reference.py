"""Write docs/cli.md from the commands' own help: `python scripts/write_cli_reference.py [--print]`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from exposure.cli import COMMANDS, root

PLACE = Path(__file__).parent.parent / "docs" / "cli.md"


def reference() -> str:
    """The whole of docs/cli.md."""
    sections = ["# Commands\n\nMade from `--help` by scripts/write_cli_reference.py; do not edit.\n"]
    context = click.Context(root, info_name="exposure")
    for name in COMMANDS:
        command = root.get_command(context, name)
        if command is not None:
            sections += _sections(command, click.Context(command, info_name=f"exposure {name}"))
    return "\n".join(sections)


def _sections(command: click.Command, context: click.Context) -> Iterator[str]:
    context.terminal_width = 100
    yield f"## {context.info_name}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from _sections(child, click.Context(child, info_name=f"{context.info_name} {name}"))


if __name__ == "__main__":
    if sys.argv[1:] == ["--print"]:
        sys.stdout.write(reference())
    else:
        PLACE.write_text(reference(), encoding="utf-8")
