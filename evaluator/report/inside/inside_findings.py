"""What was found inside, in sentences: one for each measure of each run, as short as it can be said with its null."""

from __future__ import annotations

from dataclasses import dataclass

from evaluator.report.build import Report
from evaluator.report.evaluated_run import EvaluatedRun
from evaluator.report.inside.attention_found import AttentionFound, AttentionGroup
from evaluator.report.inside.attention_words import attention_sentence, figure_of, mean_change
from evaluator.report.inside.concept_rows import adjusted_after, eligible_in
from evaluator.report.inside.concepts_found import AUROC, ConceptsFound
from evaluator.report.inside.copying_found import CopyingFound, CopyResult
from evaluator.report.inside.induction_found import NAMED, InductionFound
from evaluator.report.inside.page_formation import SHORT
from evaluator.report.inside.values import between_text, number_text
from evaluator.report.standing import SIGNIFICANT
from evaluator.report.wording import count_text, p_phrase, share_text, steps_text


@dataclass(frozen=True, slots=True)
class InsideFinding:
    """A sentence on one measure; `run` is "" where there is one run only."""

    about: str
    run: str
    sentence: str

    @property
    def title(self) -> str:
        """What it is about, and of which run."""
        return f"{self.about}, {self.run}" if self.run else self.about


def inside_findings(report: Report) -> list[InsideFinding]:
    """By run; nothing where nothing was measured."""
    several = len(report.runs) > 1
    return [
        InsideFinding(about, run.name if several else "", sentence)
        for run in report.runs
        for about, sentence in _of_run(report, run)
        if sentence
    ]


def _of_run(report: Report, run: EvaluatedRun) -> list[tuple[str, str]]:
    inside, eligible = run.inside, eligible_in(report, run)
    return [
        ("Copying", "" if inside.copying is None else copying_sentence(inside.copying)),
        ("Induction heads", "" if inside.induction is None else induction_sentence(inside.induction)),
        ("Concept vectors", "" if inside.concepts is None else concepts_sentence(inside.concepts, eligible)),
        ("Attention", "" if inside.attention is None else attention_finding(inside.attention, eligible)),
    ]


def copying_sentence(found: CopyingFound) -> str:
    """Where accuracy ends with its interval, when it first reaches half, and the ICL score."""
    parts = [_copied(one) for one in found.results]
    if found.icl is not None:
        ends = between_text(float(found.icl.low[-1]), float(found.icl.high[-1]), number_text)
        parts.append(f"ICL score {number_text(float(found.icl.value[-1]))} nats{f' [{ends}]' if ends else ''}.")
    return " ".join(parts)


def _copied(one: CopyResult) -> str:
    last = len(one.overall.value) - 1
    ends = between_text(float(one.overall.low[last]), float(one.overall.high[last]))
    crossing = one.first_copying
    when = "half is never reached"
    if crossing.step is not None:
        when = f"half is reached at step {steps_text(crossing.step)}"
        when += (
            " already, the first checkpoint" if crossing.after is None else f" (not at {steps_text(crossing.after)})"
        )
    name = {"tokens": "Random tokens", "hex": "Hex characters"}[one.generator]
    return f"{name}: {share_text(float(one.overall.value[last]))} [{ends}] copied in the end; {when}."


def induction_sentence(found: InductionFound) -> str:
    """How many heads form, when the first does, and whether by layer."""
    named, order = found.named, found.named_order
    if named is None:
        return "The model has one layer: no induction head can form."
    name, formed = SHORT[found.by], int(named.has_formed.sum())
    if not formed:
        highest = share_text(float(found.of.values[:, 1:].max()))
        return (
            f"No head of {named.steps.size} from layer 1 on reaches {name} = {share_text(NAMED, 1)}; highest {highest}."
        )
    reach = (
        f"{formed:,} of {count_text(named.steps.size, 'head')} from layer 1 on reach {name} = {share_text(NAMED, 1)}"
    )
    said = f"{reach}, the first at step {steps_text(float(named.steps.min()))}."
    if order is None or order.coefficient is None:
        return f"{said} No order of layers can be told: {order.reason if order else 'too few heads'}."
    is_shown = order.p_shallow_first is not None and order.p_shallow_first < SIGNIFICANT
    verdict = "shallow layers form first" if is_shown else "that shallow layers form first is not shown"
    permuted = f"layers permuted {p_phrase(order.p_shallow_first)}"
    return f"{said} Spearman of layer against step {number_text(order.coefficient)}, {permuted}: {verdict}."


def concepts_sentence(found: ConceptsFound, eligible: list[str]) -> str:
    """In how many eligible paradigms the last layer separates after, before, and on embeddings."""
    uids = [uid for uid in eligible if uid in found.uids]
    if not uids:
        return "Measured, and no paradigm has enough pairs in both parts to be asked."
    adjusted = adjusted_after(found, uids, found.headline)
    after = [uid for uid in uids if adjusted.get(uid, 1.0) < SIGNIFICANT]
    before = sum(_is_low(found, uid, AUROC, found.layers[-1], after=False) for uid in after)
    embedded = sum(_is_low(found, uid, AUROC, found.layers[0]) for uid in after)
    if not found.has_split:
        return (
            "Without a split no direction is tested; a probe of lemmas that it has not met is beyond permuted labels "
            f"in {len(after):,} of {count_text(len(uids), 'paradigm')} at the later checkpoint (adjusted)."
        )
    disjoint = sum(_is_low(found, uid, "concept-disjoint-auroc", found.layers[-1]) for uid in after)
    eligible_text = count_text(len(uids), "eligible paradigm")
    return (
        f"On proxy-validation the last layer is beyond permuted labels after learning in {len(after):,} of "
        f"{eligible_text} (adjusted p < {share_text(SIGNIFICANT, 2)}): {before:,} of these are so before as well, "
        f"{disjoint:,} for lemmas that the direction has not met, and {embedded:,} in the embeddings too."
    )


def _is_low(found: ConceptsFound, uid: str, measure: str, layer: int, after: bool = True) -> bool:
    step = found.spans[uid].after if after else found.spans[uid].before
    value = found.at(measure, uid, step, layer)
    return value is not None and value.p is not None and value.p < SIGNIFICANT


def attention_finding(found: AttentionFound, eligible: list[str]) -> str:
    """Of all pairs where that was measured; and in how many eligible paradigms the gain is beyond its control."""
    whole = next((one for one in found.groups if one.level == "overall"), None)
    held = [one for one in found.groups if one.level == "paradigm" and one.name in eligible]
    parts = [] if whole is None else [attention_sentence(whole)]
    tested = [one for one in held if one.figures]
    if tested:
        rose = sum((mean_change(one)[0] or 0.0) > 0 for one in tested)
        gained, gathered = (
            sum(_is_beyond(one, name) for one in tested) for name in ("positive-total", "effective-heads")
        )
        heads = sum(bool(one.selected) for one in tested)
        parts.append(
            f"In {rose:,} of {count_text(len(tested), 'eligible paradigm')} the mean weight on the context word rises. "
            f"What rising heads gain is more than their control's in {gained:,}, and more concentrated in {gathered:,} "
            f"(p < {share_text(SIGNIFICANT, 2)}, not adjusted); a head stands on held-out lemmas in {heads:,}."
        )
    return " ".join(parts) or "Measured; no change was tested in any eligible paradigm."


def _is_beyond(group: AttentionGroup, name: str) -> bool:
    figure = figure_of(group, name)
    return figure is not None and figure.p is not None and figure.p < SIGNIFICANT
