"""`exposure first-seen`: when phrases were first seen."""

from __future__ import annotations

from pathlib import Path

import click

from exposure.commands.options import (
    EXISTING,
    emit_answers,
    lines_of,
    note_beyond,
    opened,
    output_options,
    timeline_argument,
)
from exposure.errors import UsageError

COLUMNS = ("phrase", "status", "first_batch", "first_step", "first_exact", "sequence", "token", "document", "count")
FORMS = ("gap", "anchor")


@click.command("first-seen")
@timeline_argument
@click.argument("phrases", nargs=-1, metavar="PHRASE...")
@click.option("--file", type=EXISTING, help="Ask for every line of this file.")
@click.option("--at-step", type=int, metavar="N", help="Ask for checkpoint N instead of the whole run.")
@output_options
def command(
    timeline: Path, phrases: tuple[str, ...], file: Path | None, at_step: int | None, format_: str, out: str | None
) -> None:
    """When each PHRASE was first seen, and how often.

    first_step is the first checkpoint that has seen the phrase; batch, sequence and token are 0-based. A count is a
    lower bound where count_high (shown when it differs, and by --format jsonl) is larger or missing.
    """
    from exposure.answers import FirstSeen

    asked = [*phrases, *(lines_of(file) if file else [])]
    if not all(text.strip() for text in asked):
        raise UsageError("An empty phrase was asked for. Give phrases of at least one character.")
    if not asked:
        raise UsageError("No phrase was asked for. Give phrases, or --file FILE with one a line.")
    with opened(timeline) as answering:
        answers = answering.first_seen(asked, at_step)
        note_beyond(at_step, answering.steps)
    inexact = ["count_high"] if any(one.count != one.count_high for one in answers) else []
    forms = [name for name in FORMS if any(getattr(one, name) for one in answers)]
    emit_answers(FirstSeen, answers, [*COLUMNS, *inexact, *forms], format_, out, [timeline, file])
