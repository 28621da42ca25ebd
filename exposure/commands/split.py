"""`exposure split`: proxy-train and proxy-validation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from exposure.commands.options import EXISTING, emit_answers, note_beyond, opened, output_options, timeline_argument
from exposure.errors import QuestionError

if TYPE_CHECKING:
    from exposure.phrases import CriticalPhrase
    from exposure.splits import Policy, Sides

PARADIGM_COLUMNS = (
    "uid",
    "pairs",
    "proxy_train",
    "proxy_validation",
    "unknown",
    "not_indexed",
    "no_phrase",
    "refused",
    "flags",
)
PAIR_COLUMNS = ("uid", "pair_id", "split", "status_good", "status_bad", "phrase_good", "phrase_bad")


@click.command("split")
@timeline_argument
@click.option("--pairs", type=EXISTING, multiple=True, required=True, help="A phrase file, or the pairs themselves.")
@click.option("--uid", "uids", multiple=True, help="Only these paradigms.")
@click.option(
    "--at-step", type=int, metavar="N", help="seen-by: the checkpoint. window: its end (default: the whole run)."
)
@click.option("--policy", type=click.Choice(["window", "seen-by"]), default="window", show_default=True)
@click.option("--sides", type=click.Choice(["either", "good", "bad", "both"]), default="either", show_default=True)
@click.option("--include-flagged", is_flag=True, help="Split also where the flags say that these sides mean nothing.")
@click.option("--by", type=click.Choice(["paradigm", "pair"]), default="paradigm", show_default=True)
@output_options
def command(
    timeline: Path,
    pairs: tuple[Path, ...],
    uids: tuple[str, ...],
    at_step: int | None,
    policy: Policy,
    sides: Sides,
    include_flagged: bool,
    by: str,
    format_: str,
    out: str | None,
) -> None:
    """Split pairs into proxy-train (exposed) and proxy-validation (not exposed).

    A pair whose exposure is not known stands in neither. Where exposure on the bad side means nothing (flag
    bad_grammatical_elsewhere), only --sides good is answered; the others are counted as refused.
    """
    from exposure.splits import PairSplit, ParadigmSplit, SplitRequest, by_paradigm, split_pairs

    request = SplitRequest(policy, at_step, sides, include_flagged)
    critical = _chosen(_critical_phrases(pairs), uids)
    with opened(timeline) as answering:
        answers = split_pairs(answering, critical, request)
        note_beyond(at_step, answering.steps)
    if by == "paradigm":
        emit_answers(ParadigmSplit, by_paradigm(answers), PARADIGM_COLUMNS, format_, out, [timeline, *pairs])
    else:
        emit_answers(PairSplit, answers, PAIR_COLUMNS, format_, out, [timeline, *pairs])


def _critical_phrases(paths: tuple[Path, ...]) -> list[CriticalPhrase]:
    """The rows of phrase files, and the phrases of pairs by the project's own rules."""
    from exposure.blimp import PARADIGMS
    from exposure.extraction import extract
    from exposure.pair_files import load_pairs
    from exposure.phrase_file import read_phrases

    files = [path for path in paths if path.suffix.lower() == ".parquet"]
    raw = [path for path in paths if path not in files]
    return [row for path in files for row in read_phrases(path)] + (extract(load_pairs(raw), PARADIGMS) if raw else [])


def _chosen(critical: list[CriticalPhrase], uids: tuple[str, ...]) -> list[CriticalPhrase]:
    present = {one.uid for one in critical}
    for uid in uids:
        if uid not in present:
            raise QuestionError(
                f"--uid {uid}: the pairs have no such paradigm. They have: {', '.join(sorted(present)[:8])} …"
            )
    return [one for one in critical if not uids or one.uid in uids]
