"""`exposure evaluate`: minimal pairs scored by every checkpoint of a series."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from exposure.commands.options import EXISTING, counted
from exposure.errors import EvaluationError, UsageError
from exposure.tables import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evaluator.conventions import Convention, Method
    from evaluator.folder import CheckpointRecord, EvaluationFolder
    from exposure.checkpoint_series import CheckpointSeries
    from exposure.orders import DataOrder
    from exposure.pairs import MinimalPair
    from exposure.phrases import CriticalPhrase

SOME_BROKEN = 3
"""Exit status when some checkpoints could not be scored and the rest was."""

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
    device: str,
    dtype: str,
    batch_tokens: int | None,
    threads: int | None,
    keep_duplicates: bool,
    cache_gb: float | None,
) -> int:
    """Score minimal pairs by every checkpoint of a series, and keep the scores in a folder.

    CHECKPOINTS is a series.json (exposure pretrain writes one), a folder of step-N directories, or a hub pattern such
    as owner/name@step{step} with --steps. Run the same command again after an interruption, with more --steps, or with
    a --timeline: only what is missing is scored. Then: exposure report FOLDER. Exit status 3: some checkpoints could
    not be scored.
    """
    from evaluator.devices import device_of, dtype_name, dtype_of
    from evaluator.folder import EvaluationFolder, manifest_of
    from evaluator.provenance import provenance
    from evaluator.requests import EvaluationRequest, conventions_of
    from evaluator.run import evaluate
    from evaluator.series import place_of, series_of

    series = series_of(checkpoints, steps)
    order = _order(series)
    chosen = _chosen(pairs, uids, method)
    critical = _critical(chosen, phrases)
    on = device_of(device)
    conventions = _stored_conventions(out) if not presets and method == "full" else ()
    manifest = manifest_of(
        out.name,
        series.name,
        chosen,
        dtype_name(dtype_of(dtype, on)),
        conventions or conventions_of(presets, method, order),
        place_of(series),
    )
    known = {"provenance": provenance(on), "order_sha256": None if order is None else order.digest}
    looks_up_anew = timeline is not None
    folder = EvaluationFolder.make(out, manifest.model_copy(update=known), chosen, critical, looks_up_anew)
    if timeline is not None:
        _keep_exposures(folder, timeline, critical, order, series.run)
    request = EvaluationRequest(
        device=device,
        dtype=dtype,
        threads=threads,
        batch_tokens=batch_tokens,
        keep_duplicates=keep_duplicates,
        cache_bytes=None if cache_gb is None else int(cache_gb * 1e9),
        is_whole_series=steps is None,
    )
    records = evaluate(folder, series, chosen, request)
    _say(records, out)
    return SOME_BROKEN if any(record.status == "broken" for record in records) else 0


def _order(series: CheckpointSeries) -> DataOrder | None:
    """The data order that the series names; None, and a note, where it names none that can be read."""
    from exposure.orders import DataOrder

    if series.run is None:
        return None
    if not Path(series.run).exists():
        click.echo(f"note: the run manifest {series.run} that the series names is not there.", err=True)
        return None
    return DataOrder.load(Path(series.run))


def _stored_conventions(out: Path) -> tuple[Convention, ...]:
    """Those of the evaluation that is there already, which the same command without presets goes on with."""
    from evaluator.folder import EvaluationFolder

    return EvaluationFolder.open(out).manifest.conventions if (out / "evaluation.json").exists() else ()


def _chosen(paths: Sequence[Path], uids: tuple[str, ...], method: Method) -> list[MinimalPair]:
    from evaluator.pair_file import scored_texts
    from exposure.pair_files import load_pairs

    pairs = load_pairs(paths)
    if bare := [pair.name for pair in pairs if pair.is_bare_phrase]:
        raise UsageError(
            f"{bare[0]} is a bare phrase without sentences: there is nothing to score. Give minimal pairs."
        )
    present = {pair.uid for pair in pairs}
    for uid in uids:
        if uid not in present:
            raise UsageError(
                f"--uid {uid}: the pairs have no such paradigm. They have: {', '.join(sorted(present)[:8])} …"
            )
    chosen = [pair for pair in pairs if not uids or pair.uid in uids]
    if not any(scored_texts(pair, method) for pair in chosen):
        raise UsageError(
            f"--method {method} applies to none of these {len(chosen):,} pairs: their files name no words for it. "
            "Leave --method out, or choose paradigms that have them."
        )
    return chosen


def _critical(pairs: Sequence[MinimalPair], phrases: Sequence[Path]) -> list[CriticalPhrase]:
    """The critical phrases of the pairs: from phrase files, else by the rules; none of paradigms without a rule."""
    from exposure.blimp import PARADIGMS
    from exposure.extraction import extract
    from exposure.phrase_file import read_phrases

    if phrases:
        names = {(pair.uid, pair.pair_id) for pair in pairs}
        return [row for path in phrases for row in read_phrases(path) if (row.uid, row.pair_id) in names]
    return extract([pair for pair in pairs if pair.has_explicit_phrase or pair.uid in PARADIGMS], PARADIGMS)


def _keep_exposures(
    folder: EvaluationFolder,
    timeline: Path,
    critical: Sequence[CriticalPhrase],
    order: DataOrder | None,
    run: str | None,
) -> None:
    from evaluator.exposure_lookup import look_up_exposures
    from exposure.commands.options import opened

    with opened(timeline) as answering:
        exposures = look_up_exposures(answering, critical)
    if order is not None and exposures.source.order_digest != order.digest:
        raise EvaluationError(
            f"{timeline} indexes another data order than {run}, which the series of checkpoints names: what it calls "
            f"exposed was not shown to these checkpoints then. Index their own order: exposure index --run {run}."
        )
    folder.keep_exposures(exposures)


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
