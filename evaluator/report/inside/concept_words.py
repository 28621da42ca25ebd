"""What holds of a paradigm's concept vectors, in a plain sentence: before and after, each beside its null."""

from __future__ import annotations

from evaluator.report.inside.concepts_found import AUROC, PROBE, ConceptsFound, Nulled
from evaluator.report.inside.values import between_text, number_text, span_text
from evaluator.report.standing import SIGNIFICANT
from evaluator.report.wording import p_phrase, share_text


def is_beyond(value: Nulled | None) -> bool:
    """Whether it is beyond its null: p < .05, one-tailed, not adjusted."""
    return value is not None and value.p is not None and value.p < SIGNIFICANT


def concept_sentence(found: ConceptsFound, uid: str) -> str:
    """Of the last layer, of proxy-validation; it claims no more than the nulls allow."""
    span, last, first = found.spans[uid], found.layers[-1], found.layers[0]
    before, after = (found.at(AUROC, uid, step, last) for step in (span.before, span.after))
    if not found.has_split:
        return _without_split(found, uid)
    if after is None:
        return "At the later checkpoint the separation cannot be said: no pair of proxy-validation has a state."
    parts = [
        _separates(before, after, span_text(span)),
        _control("lemmas that it has not met", found.at("concept-disjoint-auroc", uid, span.after, last)),
        _form(found.at(AUROC, uid, span.after, first)) if first != last else "",
        _swap(found.at("concept-swap-disjoint-auroc", uid, span.after, last)),
        _rank(*(found.at("concept-rank", uid, step, last) for step in (span.before, span.after))),
        _of_any(*(found.at("concept-rank-mismatch", uid, step, last) for step in (span.before, span.after))),
    ]
    return " ".join(part for part in parts if part)


def _without_split(found: ConceptsFound, uid: str) -> str:
    """Nothing was exposed as far as is known: what a probe reads of lemmas that it has not met, and ranks."""
    span, last, first = found.spans[uid], found.layers[-1], found.layers[0]
    before, after = (found.at(PROBE, uid, step, last) for step in (span.before, span.after))
    if after is None:
        return "Without a split, and with too few lemmas for a probe, no separation can be said."
    form = found.at(PROBE, uid, span.after, first) if first != last else None
    parts = [
        "No split, so no direction to test. A probe of lemmas that it has not met:",
        _separates(before, after, span_text(span)),
        "" if form is None else _form(form),
        _rank(*(found.at("concept-rank", uid, step, last) for step in (span.before, span.after))),
        _of_any(*(found.at("concept-rank-mismatch", uid, step, last) for step in (span.before, span.after))),
    ]
    return " ".join(part for part in parts if part)


def _separates(before: Nulled | None, after: Nulled, steps: str) -> str:
    """The first clause: at which of the two checkpoints good sentences are told from bad ones, however little."""
    when = {
        (False, True): "after, not before",
        (True, True): "before already, and after",
        (True, False): "before, no more after",
        (False, False): "neither before nor after",
    }[is_beyond(before), is_beyond(after)]
    return f"Beyond permuted labels {when}: AUROC {_from(before)}{beside_null(after)}, {steps}."


def _from(before: Nulled | None) -> str:
    return "" if before is None else f"{beside_null(before)} → "


def beside_null(value: Nulled) -> str:
    """A share beside what permuted labels give: ".950 (.42 … .58, p = .005)"."""
    null = between_text(value.null_low, value.null_high, lambda end: share_text(end, 2))
    return f"{share_text(value.value)} ({f'{null}, {p_phrase(value.p)}' if null else 'no null'})"


def _control(words: str, value: Nulled | None) -> str:
    if value is None:
        return ""
    holds = "It holds" if is_beyond(value) else "It is not shown"
    return f"{holds} for {words}: {beside_null(value)}."


def _form(value: Nulled | None) -> str:
    """The embedding layer is the control for word form."""
    if value is None:
        return ""
    if is_beyond(value):
        return f"The embeddings are beyond them as well, {beside_null(value)}: word form alone may do it."
    return f"The embeddings are not, {beside_null(value)}."


def _swap(value: Nulled | None) -> str:
    """By the direction of other lemmas of the paradigm in which the same forms are on the other side."""
    if value is None:
        return ""
    says = "its direction is the form of a word" if is_beyond(value) and value.value < 0.5 else "word form is not shown"
    return f"Swap test: AUROC {beside_null(value)}, {says}."


def _rank(before: Nulled | None, after: Nulled | None) -> str:
    if after is None:
        return ""
    was = "" if before is None else f"{number_text(before.value, 1)} → "
    null = between_text(after.null_low, after.null_high, lambda value: number_text(value, 1))
    beside = f" (permuted labels {null})" if null else ""
    pairs = "" if after.n is None else f" at {after.n:,} pairs"
    return f"Effective rank {was}{number_text(after.value, 1)}{pairs}{beside}."


def _of_any(before: Nulled | None, after: Nulled | None) -> str:
    """What the rank of any differences does meanwhile: states of a trained model fill more dimensions, of whatever."""
    if after is None or after.null_mean is None:
        return ""
    was = "" if before is None or before.null_mean is None else f"{number_text(before.null_mean, 1)} → "
    return f"Differences between sentences of different pairs: {was}{number_text(after.null_mean, 1)}."
