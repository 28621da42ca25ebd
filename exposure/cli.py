"""The root command. Sub-commands are found by name, so nothing is imported upward and `--help` is instant."""

from __future__ import annotations

import importlib
import io
import os
import sys

import click

from exposure import __version__
from exposure.errors import ExposureError

COMMANDS: dict[str, str] = {
    "phrases": "exposure.commands.phrases",
    "run": "indexer.commands.run",
    "index": "indexer.commands.index",
    "publish": "indexer.commands.publish",
    "first-seen": "exposure.commands.first_seen",
    "history": "exposure.commands.history",
    "split": "exposure.commands.split",
    "context": "indexer.commands.context",
    "coverage": "exposure.commands.coverage",
    "batch": "indexer.commands.batch",
    "serve": "service.commands.serve",
    "worker": "service.commands.worker",
    "keys": "service.commands.keys",
    "remove": "service.commands.remove",
    "prune": "service.commands.prune",
    "backup": "service.commands.backup",
    "doctor": "service.commands.doctor",
    "train-tokenizer": "lab.commands.train_tokenizer",
    "pretrain": "lab.commands.pretrain",
    "evaluate": "evaluator.commands.evaluate",
    "report": "evaluator.commands.report",
    "convert-checkpoint": "evaluator.commands.convert_checkpoint",
    "world": "exposure.commands.world",
    "repeats": "lab.commands.repeats",
}
"""Sub-command → the module whose `command` it is; in the order in which they are used."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, or when help asks for their first lines."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of COMMANDS."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of that name, or None."""
        del ctx
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[name]).command
        return command


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="exposure")
def root() -> None:
    """When did a language model first see this, and what could it do before and after?

    From minimal pairs to critical phrases (phrases), from a corpus to a data order (run), from both to an exposure
    timeline (index) that answers (first-seen, history, split, context, coverage, batch, serve).
    """


def main() -> None:
    """Run `exposure`; errors that a user can mend are one sentence on standard error and exit status 1."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that knows only ASCII still gets its answer
    try:
        status = root.main(prog_name="exposure", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Abort:
        _fail("interrupted. Finished work is kept: the same command goes on from there.", 130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except ExposureError as error:
        _fail(str(error), 1)
    except BrokenPipeError:
        _discard_output()  # the reader has gone, as `head` does
        sys.exit(141)
    except MemoryError:
        _fail("there is not enough memory. Finished work is kept: give more, or ask for less at once.", 1)
    except OSError as error:
        _discard_output()
        where = f"{error.filename}: " if error.filename else ""
        _fail(f"{where}{error.strerror or error}. Finished work is kept: mend this and run the same command again.", 1)
    sys.exit(status if isinstance(status, int) else 0)


def _discard_output() -> None:
    """Leave nothing in standard output that Python would try, and fail, to write at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(sentence: str, status: int) -> None:
    click.echo(f"error: {sentence}", err=True)
    sys.exit(status)
