"""Everything that was decided and everything that went in: what a number on this page is a number of."""

from __future__ import annotations

from evaluator.report.build import Report
from evaluator.report.convention_choice import convention_text
from evaluator.report.evaluated_run import EvaluatedRun
from evaluator.report.markup import safe, tag
from evaluator.report.page_parts import definitions, section
from evaluator.report.provenance import provenance_text


def conventions_section(report: Report) -> str:
    """A box for each run."""
    return section("conventions", "Conventions", *(_box(run, len(report.runs) > 1) for run in report.runs))


def _box(run: EvaluatedRun, several: bool) -> str:
    convention = run.convention
    terms = [
        ("convention", safe(convention_text(convention, run.manifest.dtype))),
        ("method", convention.method),
        ("prefix", "bos" if convention.prefix == "bos" else "none"),
        ("lead_space", str(convention.lead_space).lower()),
        ("dtype", safe(run.manifest.dtype)),
        ("norm", convention.norm),
        ("tie", f"{convention.tie} ({_ties(run):,} ties in all curves)"),
        ("also stored", safe(", ".join(one.name for one in run.manifest.conventions))),
        ("pairs", f"{run.manifest.pairs:,}, sha256 {_hash(run.manifest.pairs_sha256)}"),
        ("tokenizer", _hash(run.manifest.tokenizer_sha256)),
        *_weights(run),
        *_timeline(run),
    ]
    title = tag("h3", safe(run.name)) if several else ""
    return tag("div", title, definitions(terms), class_="box")


def _ties(run: EvaluatedRun) -> int:
    return sum(int(group.pooled.ties.sum()) for group in run.groups("paradigm"))


def _hash(digest: str | None) -> str:
    return "not known" if digest is None else tag("code", safe(digest))


def _weights(run: EvaluatedRun) -> list[tuple[str, str]]:
    scored = [one for one in run.checkpoints if one.status == "scored"]
    ends = {"first weights": scored[0], "last weights": scored[-1]} if scored else {}
    return [(name, f"step {one.step:,}, sha256 {_hash(one.weights_sha256)}") for name, one in ends.items()]


def _timeline(run: EvaluatedRun) -> list[tuple[str, str]]:
    if run.exposed is None:
        return [("timeline", "none was given")]
    source = run.exposed.source
    return [
        ("timeline", f"{safe(source.timeline)}, {_hash(source.logical_digest)}"),
        ("data order", f"{source.steps:,} steps, {safe(source.exactness)}, {_hash(source.order_digest)}"),
    ]


def foot(report: Report) -> str:
    """Provenance, whole."""
    text = tag("pre", safe_lines(provenance_text(report, indent=1)), tabindex="0")
    files = (
        "The same numbers: accuracy, lags, paradigms, since_exposure, splits, concept_before_after, attention_heads, "
        "formation (.csv, .parquet), funnel, checkpoints (.csv)."
    )
    return tag("footer", tag("p", files), tag("details", tag("summary", "Provenance"), text))


def safe_lines(text: str) -> str:
    """Text of several lines, each escaped."""
    return "\n".join(map(safe, text.split("\n")))
