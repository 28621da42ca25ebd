"""What can be measured of a checkpoint: one entry each, without torch. Its name stands in every Measurement."""

from __future__ import annotations

from evaluator.pair_measure_facts import attention_facts, concept_facts
from exposure.api.resources import MeasureFacts

MINIMAL_PAIRS = "minimal-pairs"
COPYING, ICL, INDUCTION = "copying", "icl", "induction"
_OF_PAIRS = ("group", "split")
_OF_HEADS = ("layer", "head")
_FOLDED = "the gains of norms folded in"


def _copying(generator: str, of: str) -> MeasureFacts:
    return MeasureFacts(
        name=f"copying-{generator}",
        title=f"Context copying, {of}",
        description="Share of sequences whose 6-token suffix greedy decoding copies from the context: the mean (level "
        "overall), and by the place of the sequence (level position). low and high by Wilson's interval.",
        unit="share",
        by=("group",),
        asked_as=COPYING,
    )


def _icl(name: str, title: str, description: str) -> MeasureFacts:
    return MeasureFacts(name=name, title=title, description=description, unit="nats", by=(), asked_as=ICL)


def _of_heads(name: str, title: str, description: str, unit: str = "share") -> MeasureFacts:
    return MeasureFacts(name=name, title=title, description=description, unit=unit, by=_OF_HEADS, asked_as=INDUCTION)


MEASURES: dict[str, MeasureFacts] = {
    one.name: one
    for one in (
        MeasureFacts(
            name="accuracy",
            title="Accuracy",
            description="Share of pairs whose good sentence scores higher; low and high by the lemma bootstrap.",
            unit="share",
            by=_OF_PAIRS,
        ),
        MeasureFacts(
            name="accuracy-wilson",
            title="Accuracy, Wilson's interval",
            description="The same share; low and high by Wilson's interval, which takes pairs as independent.",
            unit="share",
            by=_OF_PAIRS,
        ),
        MeasureFacts(
            name="macro-accuracy",
            title="Mean accuracy of paradigms",
            description="Mean of the paradigms' accuracies; n counts paradigms, low and high by the lemma bootstrap.",
            unit="share",
            by=_OF_PAIRS,
        ),
        MeasureFacts(
            name="mean-delta",
            title="Mean difference of log-probabilities",
            description="Mean over pairs of the good sentence's score less the bad one's, normed by the convention.",
            unit="nats",
            by=_OF_PAIRS,
        ),
        MeasureFacts(
            name="ties",
            title="Ties",
            description="Pairs whose two sentences have the same score.",
            unit="pairs",
            by=_OF_PAIRS,
        ),
        _copying("tokens", "random tokens"),
        _copying("hex", "random hex characters"),
        _icl(
            "icl-score",
            "In-context learning score",
            "Mean over documents of the loss at a late token less that at an early one: below 0 where context helps. "
            "low and high by Student's interval.",
        ),
        _icl("icl-early-loss", "Loss at the early token", "Mean over the same documents: the first token of the two."),
        _icl("icl-late-loss", "Loss at the late token", "Mean over the same documents: the second token of the two."),
        _of_heads("induction", "Induction score", "Ā · EP of a head, in −1 … 1.", "score"),
        _of_heads("induction-folded", "Induction score, folded", f"Ā · EP of a head, {_FOLDED}.", "score"),
        _of_heads(
            "induction-attention",
            "Induction attention Ā",
            "Mean weight, in the second of two identical halves, on what followed the same token in the first.",
        ),
        _of_heads(
            "eigenvalue-positivity",
            "Eigenvalue positivity EP",
            "Sum of the real parts of the eigenvalues of W_U W_O W_V W_E over the sum of their moduli.",
            "score",
        ),
        _of_heads("eigenvalue-positivity-folded", "Eigenvalue positivity, folded", f"The same, {_FOLDED}.", "score"),
        _of_heads("prefix-matching", "Prefix matching", "Weight on the tokens that followed the same token before."),
        _of_heads("previous-token", "Previous token", "Weight on the token before."),
        *concept_facts(),
        *attention_facts(),
    )
}
"""Name → what it is."""

ASKED = frozenset(one.asked_as for one in MEASURES.values())
"""What a request can name in `measures`."""
