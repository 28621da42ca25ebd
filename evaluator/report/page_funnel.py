"""EXP's selection of paradigms as a funnel: what left at which stage, nothing hidden."""

from __future__ import annotations

from evaluator.funnel import FunnelRow, Stage
from evaluator.report.build import Report
from evaluator.report.markup import breakable, safe, tag
from evaluator.report.page_parts import Column, note, section, table
from evaluator.report.wording import NONE, count_text, lag_text, p_text, share_text

STAGES: tuple[Stage, ...] = (
    "early_accuracy",
    "low_peak",
    "no_phrase",
    "few_proxy_train",
    "validation_below",
    "not_significant",
    "selected",
)


def funnel_section(report: Report) -> str:
    """What is left after each stage, and each paradigm's stage."""
    if not report.funnel:
        return section("funnel", "Selection funnel", note(report.funnel_note)) if report.funnel_note else ""
    lead = (
        "EXP's way from all paradigms to those it reports (Muckatira et al. 2026). Its last stage looks at the "
        "outcome: read the table of all eligible paradigms above, not only what is selected here."
    )
    parts = [_bars(report), *([note(report.funnel_note)] if report.funnel_note else []), _table(report)]
    return section("funnel", "Selection funnel", *parts, lead=lead)


def _said(report: Report, stage: Stage) -> str:
    asked = report.request.funnel
    early = f"steps {asked.early_from:,}–{asked.early_to:,}"
    runs = min(asked.runs, len(report.delays))
    return {
        "early_accuracy": f"mean accuracy over {early} at or above {share_text(asked.early_accuracy, 2)}",
        "low_peak": f"never reaches {share_text(asked.peak, 2)}",
        "no_phrase": "no critical phrase within the sentence",
        "few_proxy_train": f"fewer than {asked.proxy_train} proxy-train pairs",
        "validation_below": f"proxy-validation never reaches {share_text(asked.validation, 2)}",
        "not_significant": f"p < {share_text(asked.p, 2)} in random splits in fewer than {count_text(runs, 'run')}",
        "selected": "selected",
    }[stage]


def _bars(report: Report) -> str:
    """A line a stage: how many leave there, and a bar of what is left."""
    total = len(report.funnel)
    left = total
    rows = [tag("li", tag("b", f"{total}"), " paradigm" + "s" * (total != 1), _bar(1.0))]
    for stage in STAGES[:-1]:
        gone = sum(row.stage == stage for row in report.funnel)
        left -= gone
        words = tag("span", safe(f" {gone} dropped: {_said(report, stage)}"))
        rows.append(tag("li", tag("b", f"{left}"), words, _bar(left / total)))
    return tag("ol", *rows, class_="funnel")


def _bar(share: float) -> str:
    return tag("i", "", style=f"width:{share * 100:.1f}%", aria_hidden="true")


def _table(report: Report) -> str:
    anchors = {sheet.uid: sheet.anchor for sheet in report.sheets}
    columns = [
        Column("paradigm"),
        Column("leaves at"),
        Column("early mean", True),
        Column("peak", True),
        Column("proxy-train", True),
        Column("validation peak", True),
        Column("lag, p random", True, "by run; the nulls stand with the lags above"),
    ]
    rows = [_row(row, anchors.get(row.uid)) for row in report.funnel]
    inner = table("Every paradigm and its stage", columns, rows)
    return tag("details", tag("summary", f"All of {count_text(len(rows), 'paradigm')}"), inner)


def _row(row: FunnelRow, anchor: str | None) -> list[str]:
    name = breakable(row.uid)
    lags = [NONE if lag is None else f"{lag_text(lag)} (p {p_text(p)})" for lag, p in zip(row.lags, row.p, strict=True)]
    return [
        name if anchor is None else tag("a", name, href=f"#{anchor}"),
        safe(row.stage.replace("_", " ")),
        share_text(row.early_mean),
        share_text(row.peak),
        f"{row.proxy_train:,}",
        safe(", ".join(share_text(peak) for peak in row.validation_peaks)),
        safe(", ".join(lags)),
    ]
