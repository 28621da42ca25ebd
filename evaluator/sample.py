"""The few sequences by which every checkpoint's fast way is compared with the plain one."""

from __future__ import annotations

import numpy as np

from evaluator.sequences import Integers, TokenSequences
from evaluator.tries import SortedSequences

RUNS = 4
RUN_LENGTH = 8
MAX_LENGTHS = 4
"""Each length of the sample costs a forward pass of the plain way."""


def sample_sequences(sequences: TokenSequences, ordered: SortedSequences) -> Integers:
    """Places of runs of sorted neighbours, so that they branch: around the longest sequence and spread over the rest.

    Of their lengths only the most common few are kept, and the longest.
    """
    lengths = sequences.lengths[ordered.order]
    centres = [int(lengths.argmax()), *np.linspace(0, len(lengths) - 1, RUNS + 1)[1:-1].astype(int).tolist()]
    runs = [np.arange(centre - RUN_LENGTH // 2, centre + RUN_LENGTH // 2) for centre in centres]
    places = np.unique(np.clip(np.concatenate(runs), 0, len(lengths) - 1))
    found, counts = np.unique(lengths[places], return_counts=True)
    common = found[np.argsort(-counts, kind="stable")[: MAX_LENGTHS - 1]]
    kept = places[np.isin(lengths[places], [lengths.max(), *common])]
    return np.asarray(ordered.order[kept])
