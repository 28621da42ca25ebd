"""Where a family of transformers keeps what its attention heads are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor
from torch.nn import Module
from transformers import PreTrainedModel

Projection = tuple[Tensor, Tensor | None]
"""A weight and its bias, where it has one. Their shapes: at each use."""


@dataclass(frozen=True)
class AttentionShape:
    """Sizes of the attention of a model, the same in all of its layers."""

    n_heads: int
    """Heads of queries."""
    n_kv_heads: int
    """Heads of keys and values; head h of the queries reads head h // (n_heads // n_kv_heads) of these."""
    d_head: int
    d_model: int


@dataclass(frozen=True)
class AttentionProjections:
    """The four projections of one layer as views of its parameters: never to be written to."""

    query: Projection  # [n_heads, d_head, d_model], [n_heads, d_head]
    key: Projection  # [n_kv_heads, d_head, d_model], [n_kv_heads, d_head]
    value: Projection  # [n_kv_heads, d_head, d_model], [n_kv_heads, d_head]
    output: Projection  # [n_heads, d_head, d_model], [d_model]


class Layout(Protocol):
    """One family of models: the names of its modules, and how its projections are stored."""

    @property
    def centres_norm(self) -> bool:
        """Whether its norms subtract the mean (LayerNorm) or not (RMSNorm)."""

    def blocks(self, model: PreTrainedModel) -> Sequence[Module]:
        """[layer] Its decoder blocks."""

    def attention(self, block: Module) -> Module:
        """The module of a block that projects, attends, and projects back."""

    def attention_norm(self, block: Module) -> Module | None:
        """The norm before attention; None where attention reads the residual stream itself."""

    def attention_output_norm(self, block: Module) -> Module | None:
        """The norm between attention and the residual stream; None where there is none."""

    def final_norm(self, model: PreTrainedModel) -> Module:
        """The norm before the unembedding."""

    def projection_modules(self, attention: Module) -> Sequence[Module]:
        """The modules that hold the projections."""

    def projections(self, attention: Module, shape: AttentionShape) -> AttentionProjections:
        """Their weights, by head."""


def split_heads(projection: Projection, n_heads: int) -> Projection:
    """A weight `[n_heads × d_head, d_model]` as `[n_heads, d_head, d_model]`; its bias as `[n_heads, d_head]`."""
    weight, bias = projection
    return weight.view(n_heads, -1, weight.shape[1]), None if bias is None else bias.view(n_heads, -1)


def joined_heads(projection: Projection, n_heads: int) -> Projection:
    """An output weight `[d_model, n_heads × d_head]` as `[n_heads, d_head, d_model]`; its bias as it is."""
    weight, bias = projection
    return weight.T.view(n_heads, -1, len(weight)), bias
