"""Eigenvalue positivity of every head of a model, from its weights alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from evaluator.inside.architecture import Architecture
from evaluator.measures.induction.eigenvalue_positivity import (
    NormGains,
    eigenvalue_positivity,
    folded_token_map,
    token_map,
)
from evaluator.scored import Floats


@dataclass(frozen=True)
class HeadPositivity:
    """EP of every head, [layer, head], in [−1, 1]: COPY's, and with the linear part of the norms folded in."""

    raw: Floats
    folded: Floats


def head_positivity(architecture: Architecture) -> HeadPositivity:
    """One product over the vocabulary, then eigenvalues of d_head × d_head matrices, all in double precision."""
    tokens = token_map(architecture.embedding().numpy(), architecture.unembedding().numpy())
    layers = [_layer_positivity(architecture, layer, tokens) for layer in range(architecture.n_layers)]
    raw, folded = (np.stack(of) for of in zip(*layers, strict=True))
    return HeadPositivity(raw, folded)


def _layer_positivity(architecture: Architecture, layer: int, tokens: Floats) -> tuple[Floats, Floats]:
    """[head] raw, [head] folded. Where attention is added through a norm (OLMo 2), its gain is folded into W_O."""
    heads = architecture.heads(layer, torch.float64)
    values, outputs = heads.W_V.numpy(), heads.W_O.numpy()
    added = _doubles(architecture.attention_output_gain(layer, torch.float64))
    led = outputs if added is None else outputs * added
    folded = eigenvalue_positivity(values, led, folded_token_map(tokens, _gains(architecture, layer)))
    return eigenvalue_positivity(values, outputs, tokens), folded


def _gains(architecture: Architecture, layer: int) -> NormGains:
    """Only OLMo 2 has attention without a norm before it, and its norms do not centre."""
    return NormGains(
        attention=_doubles(architecture.attention_norm_gain(layer, torch.float64)),
        final=_doubles(architecture.final_norm_gain(torch.float64)),
        centre=architecture.centres_norm,
    )


def _doubles(gain: Tensor | None) -> Floats | None:
    return None if gain is None else np.asarray(gain.numpy())
