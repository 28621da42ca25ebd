"""docs/evaluator-benchmarks.md: agreement, speed, cost and memory, from what the commands have kept."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.layout import Table, markdown
from benchmarks.scoring.results import Measured

READING = """\
# Benchmarks of the evaluator

Written by `python -m benchmarks.evaluator_agreement`, `.evaluator_speed`, `.sweep_cost`, `.inside_cost` and
`.inside_memory` with `--write`, each its own section; do not edit.
Peers: lm-evaluation-harness with the settings of its own BLiMP tasks, and minicons. All load the same directories.
"""

AGREEMENT = """\
Tiny models, trained for a few minutes each on public-domain novels, score BLiMP in fp32 on a CPU. *Greatest
difference* is in nats, over every sentence of every pair ("as it comes" compares means over tokens); wanted is 1e-4 at
most. *Ours* and *theirs* are accuracies, the macro mean over paradigms, each side with its own rule for ties: seven
pairs of BLiMP have identical sides, which lm-eval counts as correct and minicons leaves to whoever compares its scores
(here: not correct). *Ties* are pairs with equal scores on our side, *closest decision* is the smallest difference of
scores, in nats, that is no tie: a decision may differ only where that is below the differences of rounding.
"""

SPEED = """\
One checkpoint's scores of BLiMP from sentences to numbers: tokenising and scoring, with the model loaded. For lm-eval
that is `HFLM.loglikelihood` alone, without building its tasks; for minicons `sequence_score`. Each peer has the batch
size at which it was fastest on a share of the pairs ("auto" among lm-eval's). In each round ours and the peer ran in
turn, each in a process of its own, on the same pairs with the same threads; figures are medians, the ratio is that of
the rounds' own ratios. *With load* adds what comes before: the library's model made from the directory. *CPUs* is CPU
time by time of the clock. Every round's scores were compared.
"""

SWEEP = """\
`evaluate` over a series of checkpoints, all with other weights, against the same number of scoring passes (the pairs
tokenised, the weights in place) and one load by transformers' `from_pretrained`.
"""

INSIDE_COST = """\
CPU seconds of the forward passes that the measures inside a model make, against one scoring pass over the same pairs
(tokenised, the weights in place; with its logits and their log-softmax). Round after round everything once in turn; the
ratio is the median of the rounds' own. Measures of pairs share one pass over the sentences, watched while it runs.
`induction` and `icl` cost the same whatever the number of pairs, so the ratio is higher where there are fewer. Copying,
probes and other statistics are left aside.
"""

INSIDE_MEMORY = """\
Peak resident memory of `exposure evaluate` in a process of its own, all measures asked for: a model of COPY's shape
(12 layers, 12 heads, width 768, vocabulary 32,000, context 1,024) with random weights in fp32 on a CPU, whole paradigms
of 1,000 pairs, and a timeline in which half of the pairs are exposed. Fewer copy samples and documents than by default
keep it short; memory is that of one batch, whatever their number. 1 GB = 10⁹ bytes.
"""

PARTS = {
    "agreement": ("Agreement", AGREEMENT),
    "speed": ("Speed", SPEED),
    "sweep": ("Cost of a sweep", SWEEP),
    "inside-cost": ("Cost of the measures inside", INSIDE_COST),
    "inside-memory": ("Memory of all measures", INSIDE_MEMORY),
}


def page(measured: Mapping[str, Measured], before: str = "") -> str:
    """The whole page. What was not measured stays as it stands on the page `before`, or says so."""
    parts = [READING]
    for name, (title, reading) in PARTS.items():
        if name not in measured and (standing := _section(before, title)):
            parts.append(standing)
            continue
        parts.append(f"\n## {title}\n\n{reading}\n")
        parts.append(_part({name: measured[name]}) if name in measured else "Not measured yet.\n")
    return "".join(parts)


def _section(page: str, title: str) -> str:
    """The section of that title, up to the next one; "" where there is none, or nothing was measured."""
    _, heading, rest = page.partition(f"\n## {title}\n")
    text = heading + rest.partition("\n## ")[0]
    return "" if "Not measured yet." in text else text


def _part(measured: Mapping[str, Measured]) -> str:
    (one,) = measured.values()
    versions = ", ".join(f"{name} {version}" for name, version in one.versions.items())
    settings = ", ".join(f"{name} {value}" for name, value in one.settings.items())
    before, after = one.load
    facts = (
        f"\n{one.date}, {one.machine}; {settings}; load {before} before and {after} after the last row; {versions}.\n"
    )
    return "\n".join(markdown(table) for table in tables(measured)) + facts


def tables(measured: Mapping[str, Measured]) -> list[Table]:
    """The tables of what was measured, as people read them."""
    return [
        Table(PARTS[name][0], tuple(one.rows[0]), [_readable(row) for row in one.rows])
        for name, one in measured.items()
        if one.rows
    ]


def _readable(row: Mapping[str, object]) -> dict[str, object]:
    return {name: _number(value) for name, value in row.items()}


def _number(value: object) -> object:
    """Small numbers as powers of ten, shares to four places."""
    if not isinstance(value, float):
        return value
    return f"{value:.1e}" if 0 < abs(value) < 1e-3 else f"{value:.4g}"
