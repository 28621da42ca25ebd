"""Options and arguments that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from exposure.errors import TimelineError, UsageError
from exposure.tables import FORMATS, emit

if TYPE_CHECKING:
    from exposure.timeline import Timeline

Command = Callable[..., Any]

EXISTING = click.Path(path_type=Path)


def timeline_argument(command: Command) -> Command:
    """The folder of a timeline."""
    return click.argument("timeline", type=EXISTING)(command)


@contextmanager
def opened(path: Path) -> Iterator[Timeline]:
    """The current generation of the timeline in `path`; raises TimelineError also where a question meets damage."""
    import duckdb

    from exposure.timeline import Timeline

    try:
        with Timeline.open(path) as timeline:
            yield timeline
    except duckdb.Error as error:
        raise TimelineError(
            f"The current generation of {path} cannot be read ({error}). Delete the file that CURRENT names "
            f"in generations/ and run `exposure publish {path}`."
        ) from error


def output_options(command: Command) -> Command:
    """How and where an answer is written."""
    command = click.option("--out", type=click.Path(), help="Write to this file instead of standard output.")(command)
    formats = click.Choice(FORMATS)
    return click.option("--format", "format_", type=formats, default="table", show_default=True)(command)


def census_option(command: Command) -> Command:
    """Where the census is, when not where the manifest says."""
    return click.option("--census", type=EXISTING, help="Folder of the census, if it was moved.")(command)


def emit_answers(
    kind: type,
    answers: Iterable[Any],
    columns: Sequence[str],
    format_: str,
    out: str | None,
    inputs: Iterable[Path | None],
) -> None:
    """Print dataclasses of type `kind`: `columns` in a table, every field for machines; never over one of `inputs`."""
    refuse_overwriting(out, inputs)
    rows = [asdict(answer) for answer in answers]
    for row in rows:
        row.update({name: str(value) for name, value in row.items() if isinstance(value, Enum)})
    if format_ == "table":
        emit(rows, columns, format_, out)
    else:
        from exposure.answer_schema import answer_schema

        schema = answer_schema(kind)
        emit(rows, schema.names, format_, out, schema)
    if any(row.get("exactness") == "approximate" for row in rows):
        click.echo("approximate: this run has no tokenizer, so rows are whole documents.", err=True)


def refuse_overwriting(out: str | Path | None, inputs: Iterable[Path | None]) -> None:
    """Raise UsageError when `out` is one of `inputs`, or lies in a folder among them."""
    if out is None:
        return
    target = Path(out).resolve()
    for one in inputs:
        if one is not None and target.is_relative_to(one.resolve()) and (target == one.resolve() or one.is_dir()):
            raise UsageError(f"{out} would overwrite what this command reads ({one}). Give another name.")


def counted(number: int, noun: str) -> str:
    """ "1 row", "2 rows", "3,000 rows"."""
    return f"{number:,} {noun}" + "s" * (number != 1)


def note_beyond(at_step: int | None, steps: int) -> None:
    """Say on standard error that a step lies beyond the run, where nothing that was not found can be known."""
    if at_step is not None and at_step > steps:
        click.echo(f"Step {at_step:,} lies beyond the run's {steps:,} steps: what was not found is unknown.", err=True)


def lines_of(file: Path) -> list[str]:
    """The lines of a text file that are not blank; raises UsageError where it cannot be read."""
    try:
        return [line for line in file.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{file} cannot be read as UTF-8 text ({error}). Give a file with one phrase a line."
        ) from error
