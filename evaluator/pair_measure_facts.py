"""What concept vectors and attention to the context give: an entry for each name in their rows. Importable without
torch."""

from __future__ import annotations

from collections.abc import Iterator

from exposure.api.resources import MeasureFacts

CONCEPT_VECTORS, ATTENTION = "concept-vectors", "attention"

_SEPARATIONS = {
    "concept": (" of concept vectors", "v̄ of proxy-train on proxy-validation"),
    "concept-disjoint": (
        ", other critical lemmas",
        "v̄ of proxy-train pairs with other critical lemmas on proxy-validation",
    ),
    "concept-crossed": (
        ", other critical and context lemmas",
        "v̄ of proxy-train pairs with other critical and context lemmas on proxy-validation",
    ),
    "probe": (" of the probe", "a ridge probe fitted on pairs with other critical lemmas"),
}
_SWAPS = {
    "concept-swap": "v̄ of a paradigm where the same word forms stand on the other side",
    "concept-swap-disjoint": "the same by pairs with other critical lemmas",
}
_RANKS = {"concept-rank": "Effective rank", "concept-participation": "Participation ratio"}
_MAPS = {
    "attention-to-context": "Weight from the later of (critical, context) to the earlier; low and high by the lemma "
    "bootstrap.",
    "attention-control": "The same at the control: an equally distant other place, or what the convention names.",
    "attention-entropy": "−Σ α ln α over the row of the later word, nats.",
}
_FIGURES = {
    "mean": "Mean gain in attention over all heads.",
    "positive-total": "Sum of the gain in attention over the heads that gain.",
    "top1-share": "Share of all gain in attention that the head with the largest gain has.",
    "top5-share": "The same of the five heads with the largest gains.",
    "top10-share": "The same of ten heads.",
    "gini": "Gini coefficient of heads' gain in attention.",
    "effective-heads": "Effective number of heads that gain.",
}
_SELECTED = {
    "attention-head-frequency": "Share of split halves on which the head was chosen.",
    "attention-head-held-out": "Mean gain beyond the control's on the halves that had no part in the choice.",
    "attention-head-p": "p of the held-out halves, adjusted for the choice.",
    "attention-head-p-all": "max-T p over all heads and clusters.",
}


def concept_facts() -> Iterator[MeasureFacts]:
    """By paradigm (group) and layer; 0 is the embeddings."""
    for name, (by, of) in _SEPARATIONS.items():
        auroc, paired = f"AUROC of good against bad sentences: {of}.", f"Share of pairs that point its way: {of}."
        yield from _nulled(f"{name}-auroc", f"AUROC{by}", auroc, "as high")
        yield from _nulled(f"{name}-paired", f"Paired statistic{by}", paired, "as high")
    for name, of in _SWAPS.items():
        text = f"{of}; below ½ it says the form of a word, not grammaticality"
        title = "Swap test, other lemmas" if "disjoint" in name else "Swap test"
        yield from _nulled(f"{name}-auroc", f"{title}, AUROC", f"AUROC of good against bad: {text}.", "as low")
        paired = f"Share of pairs that point its way: {text}."
        yield from _nulled(f"{name}-paired", f"{title}, paired", paired, "as low")
    yield from _nulled("probe-accuracy", "Accuracy of the probe", "Share of sentences it sorts right.", "as high")
    for name, title in _RANKS.items():
        yield _concept(
            f"{name}-all",
            f"{title} of all pairs",
            f"{title} of the mean-centred concept vectors of all pairs.",
            "dimensions",
        )
        for suffix, null in (("", "permuted labels"), ("-mismatch", "sentences of different pairs")):
            text = f"{title} at an equal number of pairs, beside {null}."
            facts = _nulled(name + suffix, f"{title}, {null}" if suffix else title, text, "as low", "dimensions")
            yield from (one for one in facts if suffix or not one.name.endswith("-p"))


def attention_facts() -> Iterator[MeasureFacts]:
    """By paradigm; maps by layer and head."""
    for name, text in _MAPS.items():
        yield _attention(name, text, "nats" if name.endswith("entropy") else "share", ("group", "split", *_HEADS))
    uniform = "What a query that looks alike at all its keys would pay: 1/(k + 1) a key."
    yield _attention("attention-uniform", uniform, "share", ("group", "split"))
    for figure, text in _FIGURES.items():
        for suffix, more in _COMPARED.items():
            yield _attention(f"attention-change-{figure}{suffix}", f"{text} {more}".strip(), "score", ("group",))
    for name, text in _SELECTED.items():
        yield _attention(name, text, "score", ("group", *_HEADS))


_HEADS = ("layer", "head")
_COMPARED = {
    "": "From t_before to t_after.",
    "-control": "Of the control.",
    "-difference": "The word's less the control's.",
    "-p": "One-tailed p of that difference, word and control exchanged by cluster.",
}


def _nulled(name: str, title: str, text: str, tail: str, unit: str = "share") -> Iterator[MeasureFacts]:
    yield _concept(name, title, text, unit)
    yield _concept(
        f"{name}-null", f"{title}, null", f"{text} Mean under the null, low and high its central 95 %.", unit
    )
    yield _concept(f"{name}-p", f"{title}, p", f"{text} One-tailed p: for a value {tail} or more so.", "p")


def _concept(name: str, title: str, text: str, unit: str) -> MeasureFacts:
    by = ("group", "split", "layer")
    return MeasureFacts(name=name, title=title, description=text, unit=unit, by=by, asked_as=CONCEPT_VECTORS)


def _attention(name: str, text: str, unit: str, by: tuple[str, ...]) -> MeasureFacts:
    title = name.replace("-", " ").capitalize()
    return MeasureFacts(name=name, title=title, description=text, unit=unit, by=by, asked_as=ATTENTION)
