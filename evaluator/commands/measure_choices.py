"""The options of `exposure evaluate` that say how other measures than minimal pairs are made."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from exposure.commands.options import EXISTING
from exposure.errors import UsageError

if TYPE_CHECKING:
    from evaluator.measures.measure_options import MeasureOptions

_OF_PAIRS = ("concept-vectors", "attention")
READ_BY: dict[str, tuple[str, ...]] = {
    "icl_rows": ("icl",),
    "icl_tokens": ("icl",),
    "positions": ("concept-vectors",),
    "raw_states": ("concept-vectors",),
    "attention_side": ("attention",),
    "attention_tokens": ("attention",),
    "attention_control": ("attention",),
    "sides": _OF_PAIRS,
    "at_step": _OF_PAIRS,
}
"""Parameter → the measures that read it; `text` is refused by the request itself."""

Command = TypeVar("Command", bound=Callable[..., Any])

CHOICES = (
    click.option(
        "--text", type=EXISTING, multiple=True, help="icl: its text: shards, .txt, or a folder of them."
    ),
    click.option("--icl-rows", type=click.IntRange(1), default=200, show_default=True, help="icl: documents of it."),
    click.option(
        "--icl-tokens",
        type=(int, int),
        default=(50, 500),
        show_default=True,
        metavar="EARLY LATE",
        help="Whose losses icl compares.",
    ),
    click.option(
        "--position",
        "positions",
        type=click.Choice(["last-word", "last-token", "critical"]),
        multiple=True,
        help="concept-vectors: where states are read; repeatable [default: last-word].",
    ),
    click.option("--raw-states", is_flag=True, help="concept-vectors: the last layer before the final norm."),
    click.option(
        "--attention-side",
        type=click.Choice(["good", "bad"]),
        default="good",
        show_default=True,
        help="attention: of which sentence.",
    ),
    click.option(
        "--attention-tokens",
        type=click.Choice(["sum", "mean"]),
        default="sum",
        show_default=True,
        help="attention: over the tokens of the earlier word.",
    ),
    click.option(
        "--attention-control",
        type=click.Choice(["same-distance", "same-query"]),
        default="same-distance",
        show_default=True,
        help="attention: what it is compared with.",
    ),
    click.option(
        "--sides",
        type=click.Choice(["either", "good", "bad", "both"]),
        default="either",
        show_default=True,
        help="concept-vectors, attention: whose exposure splits the pairs.",
    ),
    click.option(
        "--at-step", type=click.IntRange(min=0), metavar="N", help="The same: end of the window [default: the run's]."
    ),
)  # fmt: skip


def measure_choices(command: Command) -> Command:
    """`command` with these options; it hands them to `options_of`."""
    return reduce(lambda inner, option: option(inner), reversed(CHOICES), command)


def refuse_unused(context: click.Context, measures: Collection[str]) -> None:
    """Raise UsageError where an option is given that none of `measures` reads: it would change nothing."""
    named = {one.name: one.opts[0] for one in context.command.params}
    for name, readers in READ_BY.items():
        is_given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if is_given and not set(readers).intersection(measures):
            said = "the measure" if len(readers) == 1 else "the measures"
            raise UsageError(
                f"{named[name]} is read by {said} {' and '.join(readers)} alone, and the measures asked for are "
                f"{', '.join(measures)}. Add {' or '.join(readers)} to --measures, or leave {named[name]} out."
            )


def options_of(
    text: tuple[Path, ...],
    icl_rows: int,
    icl_tokens: tuple[int, int],
    positions: tuple[Any, ...],
    raw_states: bool,
    attention_side: Any,
    attention_tokens: Any,
    attention_control: Any,
    sides: Any,
    at_step: int | None,
) -> MeasureOptions:
    """What measures are told."""
    from evaluator.measures.attention.attention_to_context import AttentionSpec
    from evaluator.measures.measure_options import MeasureOptions
    from exposure.splits import SplitRequest

    return MeasureOptions(
        text=text,
        icl_rows=icl_rows,
        icl_tokens=icl_tokens,
        positions=positions or ("last-word",),
        raw_states=raw_states,
        attention=AttentionSpec(attention_side, attention_tokens, attention_control),
        split=SplitRequest("window", at_step, sides),
    )
