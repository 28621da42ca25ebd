"""What is inside a model while it reads one sentence, by transformers alone: the oracle of the shared pass.

One sentence at a time, eager attention, every layer, every token; then looked up by hand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from transformers import PreTrainedModel
from worded_pairs import CountedTokens

from evaluator.measures.attention.attention_to_context import AttentionSpec

Floats = npt.NDArray[np.float64]

NORMS = ("final_layer_norm", "ln_f", "norm")
"""What the norm before the unembedding is called."""


@dataclass(frozen=True)
class Inside:
    """Of one sentence."""

    states: Floats  # [layer, token, d_model] as transformers numbers them: the last one after the final norm
    before_norm: Floats  # [token, d_model] what the final norm reads
    patterns: Floats  # [layer, head, query, key]

    @classmethod
    def of(cls, eager: PreTrainedModel, ids: list[int]) -> Inside:
        """Of a model with attn_implementation="eager"."""
        base, read = eager.base_model, list[torch.Tensor]()
        norm = next(getattr(base, name) for name in NORMS if hasattr(base, name))
        hook = norm.register_forward_pre_hook(lambda _, given: read.append(given[0].detach()))
        with torch.no_grad():
            found = eager(input_ids=torch.tensor([ids]), output_hidden_states=True, output_attentions=True)
        hook.remove()
        return cls(
            torch.stack(found.hidden_states)[:, 0].double().numpy(),
            read[0][0].double().numpy(),
            torch.stack(found.attentions)[:, 0].double().numpy(),
        )

    def layers(self, token: int, is_raw: bool) -> Floats:
        """[layer, d_model]."""
        held = self.states[:, token].copy()
        if is_raw:
            held[-1] = self.before_norm[token]
        return held

    def on(self, query: int, keys: list[int], spec: AttentionSpec) -> Floats:
        """[layer, head] Weight of a query on some keys."""
        held = self.patterns[:, :, query, keys]
        return np.asarray(held.sum(axis=-1) if spec.tokens == "sum" else held.mean(axis=-1))

    def entropy(self, query: int) -> Floats:
        """[layer, head] nats."""
        seen = self.patterns[:, :, query, : query + 1]
        return np.asarray(-(seen * np.log(seen)).sum(axis=-1))


@dataclass(frozen=True)
class Reading:
    """From which token attention to the earlier word is read, and both controls, by trying every place."""

    source: list[int]  # tokens of the later word
    target: list[int]  # tokens of the earlier word
    n_tokens: int

    @classmethod
    def of(cls, counted: CountedTokens, one: int, other: int) -> Reading | None:
        """Of two words of the sentence; None where they are the same, or one has no letter."""
        places = [counted.tokens(word) for word in sorted((one, other))]
        if one == other or places[0] is None or places[1] is None:
            return None
        return cls(places[1], places[0], len(counted.ids))

    @property
    def taken(self) -> set[int]:
        """What no control may hold: both words, and the first token."""
        return {0, *self.source, *self.target}

    @property
    def same_distance(self) -> tuple[int, list[int]] | None:
        """Query and keys, moved by as few tokens as will do; of two, to the left."""
        fitting = []
        for shift in range(-self.n_tokens, self.n_tokens):
            query, keys = self.source[-1] + shift, [key + shift for key in self.target]
            is_query = 0 <= query < self.n_tokens and query not in {*self.source, *self.target}
            if shift and is_query and min(keys) >= 0 and not self.taken & set(keys):
                fitting.append((abs(shift), shift > 0, query, keys))
        return min(fitting)[2:] if fitting else None

    @property
    def same_query(self) -> list[int] | None:
        """The nearest as many keys before the later word; of two as near, the later ones."""
        size, first = len(self.target), self.target[0]
        fitting = [
            (abs(start - first), start < first, start)
            for start in range(self.source[0] - size + 1)
            if not self.taken & set(range(start, start + size))
        ]
        return list(range(min(fitting)[2], min(fitting)[2] + size)) if fitting else None
