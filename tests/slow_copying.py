"""The copy test the slow way: token after token by greedy decoding, every time from the first token on."""

from __future__ import annotations

import numpy as np
import torch
from transformers import PreTrainedModel

from evaluator.measures.copying.copy_samples import CopySamples
from evaluator.scored import Flags


def greedily_copied(model: PreTrainedModel, samples: CopySamples, prefix_id: int | None) -> Flags:
    """[sample, position] Whether six greedy steps after the sequence's prefix give its suffix."""
    before = [] if prefix_id is None else [prefix_id]
    found = []
    for sequences in samples.tokens.tolist():
        context = before + [token for sequence in sequences for token in sequence]
        copied = []
        for position in samples.positions.tolist():
            asked = sequences[position - 1]
            row = context + asked[:12]
            for _ in range(6):
                with torch.no_grad():
                    row.append(int(model(input_ids=torch.tensor([row])).logits[0, -1].argmax()))
            copied.append(row[-6:] == asked[12:])
        found.append(copied)
    return np.array(found)
