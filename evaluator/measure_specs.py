"""What can be measured of a checkpoint: one entry each, without torch. Its name stands in every Measurement."""

from __future__ import annotations

from exposure.api.resources import MeasureFacts

_OF_PAIRS = ("group", "split")

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
    )
}
"""Name → what it is."""

ASKED = frozenset(one.asked_as for one in MEASURES.values())
"""What a request can name in `measures`."""
