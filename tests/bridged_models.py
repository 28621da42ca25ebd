"""Models of inside_models.py in the hands of TransformerLens: TransformerBridge around the same weights, without a hub.

Import it after `pytest.importorskip("transformer_lens")`. A bridge is built once and only to be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from inside_models import made
from torch import Tensor
from transformer_lens import ActivationCache, FactoredMatrix
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.model_bridge.sources import build_bridge_from_module
from transformers import PreTrainedModel

from evaluator.scored import Floats

NAMES = (
    "gpt_neox",
    "gpt_neox, sequential",
    "llama",
    "llama, biased, wide heads",
    "mistral",
    "qwen2",
    "olmo",
    "olmo2",
    "gpt2",
)
"""Those of FAMILIES; see `ours` for the one that is another."""

FOLDED = tuple(name for name in NAMES if name != "olmo2")
"""Those whose norms TransformerLens folds; of OLMo 2, whose norms come after, it says that it does not."""


def ours(name: str) -> PreTrainedModel:
    """A model of its own. The sequential NeoX has biases here: TransformerLens reads none without."""
    return made("gpt_neox", use_parallel_residual=False) if name == "gpt_neox, sequential" else made(name)


def bridge_around(model: PreTrainedModel) -> TransformerBridge:
    """A bridge that takes `model` for its own, and makes it attend eagerly: so it can see patterns."""
    model.set_attn_implementation("eager")
    return build_bridge_from_module(model, type(model).__name__, hf_config=model.config)


@cache
def bridged(name: str) -> TransformerBridge:
    """Weights as they are."""
    return bridge_around(ours(name))


@cache
def folded(name: str) -> TransformerBridge:
    """Norms folded into the weights beside them, and what writes to the residual stream centred where norms centre.

    The rest of what HookedTransformer did to weights changes other things: centring the unembedding is a change of it.
    """
    bridge = bridge_around(ours(name))
    bridge.enable_compatibility_mode(disable_warnings=True, center_unembed=False, fold_value_biases=False)
    return bridge


@dataclass(frozen=True)
class Seen:
    """What the bridge saw in one pass."""

    logits: Tensor  # [row, token, V]
    cache: ActivationCache

    @property
    def patterns(self) -> Tensor:
        """[layer, row, head, query, key]."""
        layers = range(self.cache.model.cfg.n_layers)
        return torch.stack([self.cache["pattern", layer] for layer in layers])

    @property
    def residuals(self) -> Tensor:
        """[n_layers + 1, row, token, d_model] Before the first block, then after each."""
        layers = range(self.cache.model.cfg.n_layers)
        after = [self.cache["resid_post", layer] for layer in layers]
        return torch.stack([self.cache["resid_pre", 0], *after])


def seen(bridge: TransformerBridge, token_ids: Tensor) -> Seen:
    """One pass over `token_ids` [row, token]."""
    with torch.no_grad():
        return Seen(*bridge.run_with_cache(token_ids))


def vocabulary_circuits(bridge: TransformerBridge) -> FactoredMatrix:
    """[layer, head, V, V] W_E W_V W_O W_U of the bridge's weights, in double precision."""
    heads = bridge.OV
    return (bridge.W_E.double() @ FactoredMatrix(heads.A.double(), heads.B.double())) @ bridge.W_U.double()


def positivity(eigenvalues: Tensor) -> Floats:
    """[...] Σ Re λ / Σ |λ| of [..., eigenvalue]."""
    return np.asarray((eigenvalues.real.sum(-1) / eigenvalues.abs().sum(-1)).detach())
