"""What an evaluation is asked to do. Importable without torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from evaluator.conventions import PRESETS, Convention, Method
from evaluator.measure_specs import ASKED, ICL, MINIMAL_PAIRS
from evaluator.measures.measure_options import MeasureOptions
from exposure.errors import UsageError
from exposure.orders import DataOrder


def measures_of(names: Sequence[str]) -> tuple[str, ...]:
    """The measures of a request, minimal pairs first; raises UsageError for a name that none has."""
    for name in names:
        if name not in ASKED:
            raise UsageError(f"There is no measure {name!r}. Known are {', '.join(sorted(ASKED))}.")
    return tuple(dict.fromkeys([MINIMAL_PAIRS, *names]))


@dataclass(frozen=True)
class EvaluationRequest:
    """How a series is evaluated; nothing here changes what a given checkpoint scores, but for `dtype`."""

    device: str = "auto"
    dtype: str = "auto"
    threads: int | None = None
    batch_tokens: int | None = None
    keep_duplicates: bool = False
    cache_bytes: int | None = None
    measures: tuple[str, ...] = (MINIMAL_PAIRS,)
    """What is measured of each checkpoint; minimal pairs always are."""
    measure_options: MeasureOptions = field(default_factory=MeasureOptions)
    is_whole_series: bool = False
    """Every checkpoint of the run was asked for: what the folder holds of other steps is of weights that are gone."""

    def __post_init__(self) -> None:
        """Raise UsageError where a measure is asked for without what it needs, or told what it does not say."""
        options = self.measure_options
        if ICL in self.measures and not options.text:
            raise UsageError("The measure icl compares losses on a text, and none is given. Give --text FILE, or more.")
        if options.text and ICL not in self.measures:
            raise UsageError(
                "A text is given, and only the measure icl reads one. Ask for --measures icl, or leave it."
            )
        if options.icl_rows < 1 or not 2 <= options.icl_tokens[0] < options.icl_tokens[1]:
            early, late = options.icl_tokens
            raise UsageError(
                f"The measure icl was asked for on {options.icl_rows} rows, at tokens {early} and {late}. Give at "
                "least one row, an early token from 2 on, and a later one."
            )


def conventions_of(presets: Sequence[str], method: Method, order: DataOrder | None) -> tuple[Convention, ...]:
    """The conventions of an evaluation: the presets by name, the first being the primary one.

    Where the run's rows began with no token that could stand before a sentence, scores without a prefix are added
    beside: such a model never saw text after the token that a convention puts there. Raises UsageError.
    """
    chosen = [_with_method(_preset(name), method) for name in dict.fromkeys(presets or ["exposure"])]
    if order is not None and not _had_prefix(order):
        chosen += [replace(one, name=f"{one.name}-no-prefix", prefix="none") for one in chosen if one.prefix != "none"]
    return tuple(dict.fromkeys(chosen))


def _preset(name: str) -> Convention:
    if name not in PRESETS:
        raise UsageError(f"There is no convention {name!r}. Known are {', '.join(PRESETS)}.")
    return PRESETS[name]


def _with_method(convention: Convention, method: Method) -> Convention:
    return convention if method == "full" else replace(convention, name=f"{convention.name}-{method}", method=method)


def _had_prefix(order: DataOrder) -> bool:
    """Whether text followed a special token in training: at each row's start, or after each document's end."""
    spec = order.tokenizer
    if spec is None:
        return True
    return bool(spec.row_prefix_ids) or (order.packing == "concatenate" and spec.end_of_document_id is not None)
