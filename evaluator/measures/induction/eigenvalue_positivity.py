"""Eigenvalue positivity of a head's output-value circuit: whether attending to a token makes that token likelier.

EP = Σ Re λ / Σ |λ| over the eigenvalues of W_U W_O W_V W_E [V, V] (Elhage et al. 2021, A Mathematical Framework for
Transformer Circuits, copying heads; COPY, arXiv 2409.09281). Its non-zero eigenvalues are those of the cyclic product
W_V W_E W_U W_O [d_head, d_head], which is what is computed. Weights stand here as they multiply rows: x W.

`raw` takes the weights as they are (COPY's formula). `folded` puts in what is linear in the norms around them: the gain
of the norm before attention and of the final norm, and, for LayerNorm, the subtraction of the mean. Neither takes the
division by the standard deviation, biases, or the MLPs of the layers between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from evaluator.scored import Floats

Folding = Literal["raw", "folded"]

BLOCK = 8192
"""Tokens whose embeddings are held in double precision at once."""

Weights = npt.NDArray[np.floating]


@dataclass(frozen=True)
class NormGains:
    """What of the norms around a layer's heads is linear; None where there is no such norm, or it has no gain."""

    attention: Floats | None  # [d_model]
    final: Floats | None  # [d_model]
    centre: bool
    """Whether both norms subtract the mean, as LayerNorm does and RMSNorm does not."""


def token_map(embedding: Weights, unembedding: Weights) -> Floats:
    """[d_model, d_model] W_U W_E in double precision, of embedding [V, d_model] and unembedding [d_model, V].

    The only product over the vocabulary, the same for all heads of a model.
    """
    total = np.zeros((unembedding.shape[0], embedding.shape[1]))
    for start in range(0, len(embedding), BLOCK):
        part = slice(start, start + BLOCK)
        total += unembedding[:, part].astype(np.float64) @ embedding[part].astype(np.float64)
    return total


def folded_token_map(tokens: Floats, gains: NormGains) -> Floats:
    """[d_model, d_model] The token map with the norms folded in: C diag(g_final) W_U W_E C diag(g_attention).

    C = I − 1/d takes the mean away and stands only for norms that do.
    """
    folded = tokens if gains.final is None else gains.final[:, None] * tokens
    if gains.centre:
        folded = folded - folded.mean(axis=0, keepdims=True)
        folded = folded - folded.mean(axis=1, keepdims=True)
    return folded if gains.attention is None else folded * gains.attention


def eigenvalue_positivity(values: Weights, outputs: Weights, tokens: Floats) -> Floats:
    """[head] EP in [−1, 1], of W_V [head, d_model, d_head], W_O [head, d_head, d_model] and a token map.

    0 for a head whose circuit is zero, or is rounding: one that writes nothing copies nothing.
    """
    read, written = values.astype(np.float64), outputs.astype(np.float64)
    eigenvalues = _eigenvalues(written @ tokens @ read)
    size = np.abs(eigenvalues).sum(axis=-1)
    is_something = size > _rounding(read, written, tokens)
    return np.where(is_something, eigenvalues.real.sum(axis=-1) / np.where(is_something, size, 1.0), 0.0)


def _eigenvalues(products: Floats) -> npt.NDArray[np.complex128]:
    """[head, eigenvalue] of [head, d_head, d_head]. For matrices so small, several threads wait for each other: they
    take 25 times as long as one where the machine has other work. PyTorch's are the threads that can be set.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return np.asarray(torch.linalg.eigvals(torch.from_numpy(products)).numpy())
    finally:
        torch.set_num_threads(threads)


def _rounding(values: Floats, outputs: Floats, tokens: Floats) -> Floats:
    """[head] What Σ |λ| may be where the exact product is zero."""
    sizes = np.linalg.norm(values, axis=(1, 2)) * np.linalg.norm(outputs, axis=(1, 2)) * np.linalg.norm(tokens)
    return np.asarray(values.shape[-1] * np.finfo(np.float64).eps * sizes)
