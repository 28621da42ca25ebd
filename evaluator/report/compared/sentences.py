"""What several runs say side by side, in sentences. They claim no more than the runs allow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from evaluator.compared.comparable import Comparable
from evaluator.compared.comparison import Comparison
from evaluator.compared.exponents import HYPOTHESES, FamilyExponent
from evaluator.compared.first_steps import FirstStep
from evaluator.compared.formation_order import FormationOrder
from evaluator.compared.regularisation import Contrast, Regularisation
from evaluator.compared.settings import FACTS
from evaluator.report.compared.phrases import (
    alpha_interval,
    alpha_text,
    ends_text,
    first_text,
    signed_share,
    theta_text,
)
from evaluator.report.findings import Finding
from evaluator.report.wording import count_text, list_text, p_phrase, share_text, steps_text

COPY_FIGURES = (
    "For context only: COPY (arXiv 2409.09281) reports, of models of 162M parameters after 10B tokens, 21 % of queries "
    "copied without regularising, 51 % with weight decay of 0.1 and 56 % with attention dropout of 0.1."
)


def sentences(comparison: Comparison) -> list[Finding]:
    """On first steps, α, regularising and layers, as far as each was compared."""
    return [
        *(Finding(one.quantity.title, _first(comparison, one), False) for one in comparison.held),
        *_exponents(comparison.exponents),
        *_regularised(comparison.regularisation),
        *_layers(comparison.orders),
    ]


def _first(comparison: Comparison, held: Comparable) -> str:
    """At the lowest and the highest θ of the sweep that any run reached."""
    mine = [one for one in comparison.first_steps if one.curve.quantity == held.quantity]
    reached = [theta for theta in held.quantity.thetas if any(_is_seen(one, theta) for one in mine)]
    last = [float(one.values[-1]) for one in held.curves]
    ends = f"At the last checkpoints {share_text(min(last))} to {share_text(max(last))}."
    if not reached:
        return f"No run reaches {theta_text(held.quantity.thetas[0])}. {ends}"
    return " ".join([*(_reached(mine, theta) for theta in dict.fromkeys([reached[0], reached[-1]])), ends])


def _is_seen(one: FirstStep, theta: float) -> bool:
    return one.theta == theta and one.crossing.step is not None


def _reached(steps: Sequence[FirstStep], theta: float) -> str:
    mine = [one for one in steps if one.theta == theta]
    seen = sorted((one for one in mine if _is_seen(one, theta)), key=lambda one: one.crossing.step or 0)
    by_time = [
        f"{', '.join(one.run.name for one in group)} ({words})"
        for words, group in groupby(seen, key=first_text)
    ]  # fmt: skip
    shown = by_time if len(by_time) <= MOST_NAMED else [by_time[0], "…", by_time[-1]]
    return (
        f"{theta_text(theta)} is reached in {len(seen)} of {count_text(len(mine), 'run')}, by step: {', '.join(shown)}."
    )


MOST_NAMED = 4
"""Times named in one sentence."""


def _exponents(found: Sequence[FamilyExponent]) -> Iterator[Finding]:
    """Of the sets of runs with two sizes; where there is none, why not."""
    by_measure = groupby(found, key=lambda one: one.quantity)
    for quantity, of_quantity in by_measure:
        families = [list(group) for _, group in groupby(of_quantity, key=lambda one: one.family.names)]
        told = [group for group in families if group[0].has_sizes] or families[:1]
        text = " ".join(dict.fromkeys(map(_family, told)))
        yield Finding(f"α of {quantity.title[:1].lower()}{quantity.title[1:]}", text, False)


def _family(held: Sequence[FamilyExponent]) -> str:
    """One set of runs over the sweep of θ."""
    names = list_text(held[0].family.names)
    told = [one for one in held if one.found is not None and one.found.estimate is not None]
    if not told:
        return f"No α of {names}: {held[0].reason}."
    estimates = [one.found.estimate for one in told if one.found is not None and one.found.estimate is not None]
    span = _span(estimates)
    thetas = _span([one.theta for one in told])
    sizes = len({run.tokens_per_step for run in held[0].family.runs} - {None})
    over = f"over {count_text(len(held[0].family.runs), 'run')} of {sizes} sizes ({names})"
    return f"α = {span} at θ = {thetas}, {over}. {_claims(told)} {caveats_text(held[0])}".rstrip()


def _span(values: Sequence[float]) -> str:
    low, high = alpha_text(min(values)), alpha_text(max(values))
    return low if low == high else f"{low} … {high}"


def _claims(told: Sequence[FamilyExponent]) -> str:
    """At how many θ each claim is outside the interval; one interval in full where there is one θ only."""
    judged = [one for one in told if one.found is not None and one.found.interval is not None]
    if not judged:
        return f"No interval: {told[0].reason}; so no claim is excluded."
    out = [
        f"{alpha:g} ({claim}) at {sum(one.excludes(alpha) is True for one in judged)}"
        for claim, alpha in HYPOTHESES.items()
    ]
    widest = max(judged, key=lambda one: one.found.interval.high - one.found.interval.low)  # type: ignore[union-attr]
    assert widest.found is not None
    return (
        f"Excluded by its 95 % interval (the widest: {alpha_interval(widest.found.interval)}), of {len(judged)} θ: "
        f"{', '.join(out)}."
    )


def caveats_text(one: FamilyExponent) -> str:
    """What the runs of an exponent differ in beside their size, and what of them is not known; "" where nothing."""
    unknown = ", ".join(FACTS[name] for name in one.family.unknown)
    others = ", ".join(FACTS[name] for name in one.differ_in)
    said = [
        f"The runs differ in {others} too, so α is of that as well." if others else "",
        f"Not known, so that the runs may differ in it: {unknown}." if unknown else "",
    ]
    return " ".join(filter(None, said))


def _regularised(found: Sequence[Regularisation]) -> Iterator[Finding]:
    """A sentence for each quantity with contrasts, and one for each reason why there are none."""
    for one in found:
        if one.contrasts:
            text = " ".join(map(_contrast, one.contrasts))
            yield Finding(f"Regularised: {one.held.quantity.title}", text, False)
    for reason in dict.fromkeys(one.reason for one in found if one.reason is not None):
        yield Finding("Regularised", reason, False)


def _contrast(one: Contrast) -> str:
    step = int(one.steps[-1])
    plain, treated = (f"{share_text(float(arm.values(step).mean()))}" for arm in (one.plain, one.treated))
    runs = f"{len(one.treated.curves)} against {count_text(len(one.plain.curves), 'run')}"
    return (
        f"With {FACTS[one.factor]} {one.amount:g} at step {steps_text(step)} {treated}, without {plain} ({runs}): "
        f"difference {signed_share(one.difference(step))} {_judged(one, step)}"
    )


def _judged(one: Contrast, step: int) -> str:
    ends = one.difference_ends(step)
    if ends is None:
        return "with no interval (over seeds that needs two runs of each kind, not all alike)."
    if ends[2] == "seeds":
        return f"{ends_text(ends, is_signed=True)}, 95 % over seeds."
    return (
        f"with no interval over seeds, as there is one of each; over queries of these two runs it is "
        f"{ends_text(ends, is_signed=True)}, which says nothing of other seeds."
    )


def _layers(orders: Sequence[FormationOrder]) -> Iterable[Finding]:
    """Of all runs together, or of those that have one."""
    together = [one for one in orders if len(one.runs) > 1 and one.order.heads == "all"]
    told = [one for one in together if one.order.coefficient is not None]
    if not together:
        return []
    if not told:
        return [Finding("Layer order", f"No order of layers: {together[0].order.reason}.", False)]
    parts = ", ".join(map(_coefficient, told))
    mixed = f" The runs differ in {_facts(told[0])}." if told[0].differ_in else ""
    text = (
        f"Spearman of layer against formation step, mean over {len(told[0].runs)} runs, shallow first: {parts}.{mixed}"
    )
    return [Finding("Layer order", text, False)]


def _coefficient(one: FormationOrder) -> str:
    order = one.order
    return f"{share_text(order.coefficient, 2)} at {theta_text(order.theta)} ({p_phrase(order.p_shallow_first)})"


def _facts(one: FormationOrder) -> str:
    return list_text([FACTS[name] for name in one.differ_in])
