"""`exposure evaluate`: minimal pairs scored by every checkpoint of a series."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evaluator.commands.measure_choices import measure_choices, options_of, refuse_unused
from exposure.commands.options import EXISTING, counted
from exposure.tables import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evaluator.checkpoint_record import CheckpointRecord
    from evaluator.conventions import Method

SOME_BROKEN = 3
"""Exit status when some checkpoints could not be scored, or measured as asked, and the rest was."""

COLUMNS = ("step", "status", "weights", "same_weights_as", "source")


@click.command("evaluate")
@click.argument("checkpoints")
@click.option("--pairs", type=EXISTING, multiple=True, required=True, help="Minimal pairs: files, or a folder of them.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the evaluation.")
@click.option("--timeline", type=EXISTING, help="Timeline of the run's data: what was exposed, and when.")
@click.option("--phrases", type=EXISTING, multiple=True, help="Phrase files, where they are not by the default rules.")
@click.option("--uid", "uids", multiple=True, help="Only these paradigms.")
@click.option(
    "--steps", help="Only these checkpoints: 0,100,500:1000:100 (needed where CHECKPOINTS does not say them)."
)
@click.option("--preset", "presets", multiple=True, help="Scoring convention: exposure (default), lm-eval, minicons.")
@click.option("--method", type=click.Choice(["full", "one-prefix", "two-prefix"]), default="full", show_default=True)
@click.option(
    "--measures",
    metavar="NAMES",
    default="minimal-pairs",
    show_default=True,
    help="What is measured beside minimal pairs, with commas between: attention,concept-vectors,copying,icl,induction.",
)
@measure_choices
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:1.")
@click.option("--dtype", default="auto", show_default=True, help="auto (bfloat16 on cuda), float32, bfloat16, float16.")
@click.option("--batch-tokens", type=click.IntRange(min=1), metavar="N", help="Tokens a batch (default: by device).")
@click.option("--threads", type=click.IntRange(min=1), metavar="N", help="CPU threads (default: all cores).")
@click.option("--keep-duplicates", is_flag=True, help="Score a checkpoint also when its weights came before.")
@click.option("--cache-gb", type=click.FloatRange(min=0), metavar="GB", help="Keep at most this much of downloads.")
def command(
    checkpoints: str,
    pairs: tuple[Path, ...],
    out: Path,
    timeline: Path | None,
    phrases: tuple[Path, ...],
    uids: tuple[str, ...],
    steps: str | None,
    presets: tuple[str, ...],
    method: Method,
    measures: str,
    device: str,
    dtype: str,
    batch_tokens: int | None,
    threads: int | None,
    keep_duplicates: bool,
    cache_gb: float | None,
    **choices: Any,
) -> int:
    """Score minimal pairs by every checkpoint of a series, and keep the scores in a folder.

    CHECKPOINTS is a series.json (exposure pretrain writes one), a folder of step-N directories, or a hub pattern such
    as owner/name@step{step} with --steps. Run the same command again after an interruption, with more --steps, or with
    a --timeline: only what is missing is scored. Then: exposure report FOLDER. Exit status 3: some checkpoints could
    not be scored, or a measure could not be made of one that was; the notes say why, and the rest is stored.
    """
    from evaluator.folder_lock import folder_lock
    from evaluator.request_flow import EvaluationInputs, evaluate_inputs
    from evaluator.requests import EvaluationRequest, measures_of

    asked = measures_of([name.strip() for name in measures.split(",")])
    refuse_unused(click.get_current_context(), asked)
    request = EvaluationRequest(
        device=device,
        dtype=dtype,
        threads=threads,
        batch_tokens=batch_tokens,
        keep_duplicates=keep_duplicates,
        cache_bytes=None if cache_gb is None else int(cache_gb * 1e9),
        measures=asked,
        measure_options=options_of(**choices),
        is_whole_series=steps is None,
    )
    inputs = EvaluationInputs(checkpoints, pairs, out, timeline, phrases, uids, steps, presets, method, request)
    with folder_lock(out):
        records = evaluate_inputs(inputs, lambda note: click.echo(f"note: {note}", err=True))
    _say(records, out)
    return SOME_BROKEN if any(_is_unfinished(record, request.measures) for record in records) else 0


def _is_unfinished(record: CheckpointRecord, measures: Sequence[str]) -> bool:
    """Whether something that was asked for of this checkpoint is not there."""
    from evaluator.measure_specs import MINIMAL_PAIRS

    others = [name for name in measures if name != MINIMAL_PAIRS]
    return record.status == "broken" or (record.status == "scored" and record.lacks(others))


def _say(records: Sequence[CheckpointRecord], out: Path) -> None:
    rows = [
        {
            "step": record.step,
            "status": record.status,
            "weights": None if record.weights_sha256 is None else record.weights_sha256[:12],
            "same_weights_as": record.same_weights_as,
            "source": record.source,
        }
        for record in records
    ]
    click.echo(table(rows, COLUMNS), nl=False)
    for record in records:
        for sentence in [record.reason, *record.notes]:
            if sentence:
                click.echo(f"step {record.step:,}: {sentence}")
    scored = sum(record.status == "scored" for record in records)
    click.echo(f"\n{counted(scored, 'checkpoint')} scored. Now: exposure report {out}")
