"""The report on the shell: what was evaluated, what was found, and a line a paradigm; never a lag without its null."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import fill

from evaluator.delay_report import FEW_PAIRS
from evaluator.report.build import Report
from evaluator.report.compared.sentences import sentences
from evaluator.report.evaluated_run import EvaluatedRun
from evaluator.report.findings import headline, resolution_note
from evaluator.report.inside.inside_findings import inside_findings
from evaluator.report.page_checkpoints import count_of_checkpoints, what_of
from evaluator.report.paradigm_rows import last
from evaluator.report.sheet import Sheet, View
from evaluator.report.standing import Measure, lag_of, measures_of
from evaluator.report.wording import NONE, count_text, p_text, range_text, share_text, steps_text
from evaluator.since_exposure import SinceExposure
from exposure.tables import table


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One paradigm in one evaluation, as the shell shows it.

    Lags in steps; `*_interval`: their lemma bootstrap; `*_null`: 95 % of the lags of labels permuted within lemmas.
    """

    evaluation: str
    paradigm: str
    pairs: str
    accuracy: str
    half_rise: str
    half_interval: str
    half_null: str
    half_p: str
    lag: str
    lag_interval: str
    lag_null: str
    lag_p: str
    cohort: str
    since: str
    never: str
    flags: str


def summary_rows(report: Report) -> list[SummaryRow]:
    """What is eligible comes first; what is not says why among the flags."""
    return [_row(sheet, view) for sheet in report.sheets for view in sheet.views]


def _row(sheet: Sheet, view: View) -> SummaryRow:
    delay = view.delay
    if delay is None:
        ends = f"{share_text(float(view.everything.accuracy[0]))} → {share_text(last(view.everything))}"
        pairs = f"{int(view.everything.pairs[0]):,}"
        empty = _cells("half_rise", "half", None) | _cells("lag", "lag", None)
        since = _since(view.since)
        return SummaryRow(view.run, sheet.uid, pairs, ends, **empty, **since, flags=view.standing.reason or NONE)
    by_name = {measure.name: measure for measure in measures_of(delay, view.threshold)}
    held = delay.train.pairs[0] or delay.validation.pairs[0]
    accuracies = [delay.train, delay.validation] if held else [view.everything]
    return SummaryRow(
        evaluation=view.run,
        paradigm=sheet.uid,
        pairs=f"{delay.counts['proxy-train']:,} / {delay.counts['proxy-validation']:,}",
        accuracy=" / ".join(share_text(last(curve)) for curve in accuracies),
        **_cells("half_rise", "half", by_name.get("half-rise"), view.standing.is_eligible),
        **_cells("lag", "lag", by_name.get("threshold"), view.standing.is_eligible),
        **_since(None),
        flags=_flags(view),
    )


def _flags(view: View) -> str:
    """Why it is not eligible, the flags that this does not say already, and crossings that did not last."""
    flags = [flag for flag in view.flags if view.standing.is_eligible or flag != FEW_PAIRS]
    falls = [one.text for one in view.fall_backs]
    return "; ".join(filter(None, [view.standing.reason, ", ".join(flags), *falls])) or NONE


def _cells(name: str, prefix: str, measure: Measure | None, is_eligible: bool = False) -> dict[str, str]:
    if measure is None or not measure.has_lag:
        return dict.fromkeys([name, f"{prefix}_interval", f"{prefix}_null", f"{prefix}_p"], NONE)
    lag = measure.lag
    ps = f"{p_text(lag.within_lemma.p)} / {p_text(lag.random_split.p)}"
    return {
        name: lag_of(measure) + ("*" if is_eligible and measure.leads else ""),
        f"{prefix}_interval": NONE if lag.interval is None else range_text(lag.interval.low, lag.interval.high),
        f"{prefix}_null": range_text(lag.within_lemma.low, lag.within_lemma.high),
        f"{prefix}_p": ps,
    }


def _since(since: SinceExposure | None) -> dict[str, str]:
    """The cohort, and accuracies of its first and last bin and of pairs never exposed at the same steps."""
    if since is None or not since.pairs:
        return {"cohort": NONE, "since": NONE, "never": NONE}
    curves = {"since": since.accuracy, "never": since.never_exposed}
    ends = {name: f"{share_text(float(one[0]))} → {share_text(float(one[-1]))}" for name, one in curves.items()}
    return {"cohort": f"{since.pairs:,}", **ends}


def columns_of(report: Report) -> list[str]:
    """The columns that say something in this report."""
    if not report.has_exposures:
        names = ["paradigm", "pairs", "accuracy"]
    elif not report.delays:
        names = ["paradigm", "pairs", "accuracy", "cohort", "since", "never", "flags"]
    else:
        names = [
            "paradigm", "pairs", "accuracy",
            "half_rise", "half_interval", "half_null", "half_p",
            "lag", "lag_interval", "lag_null", "lag_p", "flags",
        ]  # fmt: skip
    return names if len(report.runs) == 1 else ["evaluation", *names]


def summary(report: Report) -> str:
    """The whole of it."""
    parts = [_of_run(run) for run in report.runs]
    rows = [{name: getattr(row, name) for name in SummaryRow.__slots__} for row in summary_rows(report)]
    parts += [table(rows, columns_of(report)), *_explained(report), headline(report)]
    parts += [f"{one.title}: {one.sentence}" for one in inside_findings(report)]
    parts += [note for note in [resolution_note(report)] if note is not None]
    parts += [f"{one.about}: {one.sentence}" for one in ([] if report.compared is None else sentences(report.compared))]
    return "\n".join(part if part.endswith("\n") else f"{fill(part, LINE)}\n" for part in parts)


LINE = 110
"""Letters of a line of prose."""


def _explained(report: Report) -> list[str]:
    if not report.has_exposures:
        return []
    if not report.delays:
        return [
            "cohort: pairs with a first exposure and a checkpoint in every bin of time; since: their accuracy in the "
            "bin before first exposure and in the last one; never: that of pairs never exposed, at the same steps."
        ]
    return [
        "pairs and accuracy (last checkpoint): proxy-train / proxy-validation. Lags in steps, proxy-validation − "
        f"proxy-train: half-rise, and at τ = {share_text(report.threshold, 2)}; interval: 95 % lemma bootstrap "
        "of the lag; null: 95 % of the lags with labels permuted within critical lemmas, which need not be centred at "
        "0 (labels that cannot move carry a lag of their own); p: within lemma / random split, not adjusted. *: leads, "
        "also after adjusting over both lags of all eligible paradigms together. falls back: below τ again after "
        "crossing it."
    ]


def _of_run(run: EvaluatedRun) -> str:
    steps = run.steps.tolist()
    pairs = count_text(run.manifest.pairs, "pair")
    first, end = float(run.overall.macro[0]), float(run.overall.macro[-1])
    lines = [
        f"{run.name}: {run.manifest.series}, {pairs}, convention {run.convention.name}, {run.manifest.dtype}",
        f"  checkpoints: {count_of_checkpoints(run)}; steps {steps_text(steps[0])} … {steps_text(steps[-1])}",
        f"  overall accuracy (mean over paradigms): {share_text(first)} → {share_text(end)}",
    ]
    bad = [one for one in run.checkpoints if one.status != "scored"]
    lines += [f"  step {one.step:,} {one.status}: {what_of(one) or one.source}" for one in bad]
    return "\n".join([*lines, ""])
