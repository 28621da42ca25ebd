"""The numbers that stand below a paradigm's figure."""

from __future__ import annotations

from evaluator.accuracy import AccuracyCurve
from evaluator.report.markup import safe, tag
from evaluator.report.sheet import View
from evaluator.report.wording import NONE, share_text, words


def facts(view: View) -> list[tuple[str, str]]:
    """Pairs and accuracies of both parts, who is in neither, plateaus and clusters: terms and markup."""
    delay = view.delay
    if delay is None:
        return [("all pairs", safe(_from_to(view.everything)))]
    rows = []
    for name, curve, part in (
        ("proxy-train", delay.train, "train"),
        ("proxy-validation", delay.validation, "validation"),
    ):
        if curve.pairs[0]:
            rows.append((name, tag("span", safe(_from_to(curve)), class_=part)))
    if not rows:
        rows.append(("all pairs", safe(_from_to(view.everything))))
    others = {part: number for part, number in delay.counts.items() if number and not part.startswith("proxy-")}
    if others:
        rows.append(("in neither", safe(", ".join(f"{n:,} {words(part)}" for part, n in others.items()))))
    if delay.plateau is not None:
        rows.append(("plateau difference", safe(_plateau(view))))
    if delay.clusters is not None:
        rows.append(("clusters", safe(_clusters(view))))
    if view.inexact:
        rows.append(("bars", f"{view.inexact:,} first exposures are upper bounds: bars may rise earlier"))
    return rows


def _from_to(curve: AccuracyCurve) -> str:
    ends = f"{share_text(float(curve.accuracy[0]))} → {share_text(float(curve.accuracy[-1]))}"
    return f"{int(curve.pairs[0]):,} pairs, {ends}"


def _plateau(view: View) -> str:
    plateau = None if view.delay is None else view.delay.plateau
    if plateau is None:
        return NONE
    ends = plateau.interval
    held = "" if ends is None else f" [{share_text(ends.low)}, {share_text(ends.high)}]"
    return f"{share_text(plateau.difference)}{held}, over the last {plateau.checkpoints} checkpoints"


def _clusters(view: View) -> str:
    clusters = None if view.delay is None else view.delay.clusters
    if clusters is None:
        return NONE
    return (
        f"{clusters.critical:,} critical lemmas, effectively {clusters.effective:.1f}; {clusters.mixed:,} with pairs "
        f"in both parts ({clusters.movable:,} pairs)"
    )
