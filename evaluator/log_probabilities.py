"""log p of the tokens that are wanted of rows: one forward pass, logits only where asked for, log-softmax in fp32.

`HeadLogProbabilities` takes the hidden states of the base model to the output embeddings itself, a chunk of nodes at a
time; `ModelLogProbabilities` is the model's own forward pass, for models that do more to their logits (scale, cap).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from transformers import PreTrainedModel

from evaluator.model_inputs import model_inputs
from evaluator.rows import Rows

CHUNK_BYTES = {"cpu": 64 << 20, "cuda": 512 << 20}
"""fp32 logits that are held at a time. On a CPU, memory that is written again and again instead of asked for anew."""

LogProbabilities = Callable[[Rows], torch.Tensor]
"""Rows → [edge] fp32, on the model's device: log p(target | node and its ancestors)."""


@dataclass(frozen=True)
class _Chunk:
    """The edges of some consecutive wanted nodes."""

    nodes: torch.Tensor  # [node] row × width + place
    edges: slice
    node_of_edge: torch.Tensor  # [edge] place in `nodes`
    targets: torch.Tensor  # [edge]


def _chunks(rows: Rows, chunk_nodes: int, device: torch.device) -> Iterator[_Chunk]:
    is_first = np.diff(rows.edge_nodes, prepend=-1) > 0  # [edge] of its node
    nodes, node_of_edge = rows.edge_nodes[is_first], np.cumsum(is_first) - 1
    edge_bounds = np.append(np.flatnonzero(is_first), len(is_first)).tolist()
    on_device = [torch.from_numpy(array).to(device) for array in (nodes, node_of_edge, rows.edge_targets)]
    n_chunks = max(1, -(-len(nodes) // chunk_nodes))
    for first, end in pairwise(np.linspace(0, len(nodes), n_chunks + 1).astype(int).tolist()):  # of one size
        edges = slice(edge_bounds[first], edge_bounds[end])
        yield _Chunk(on_device[0][first:end], edges, on_device[1][edges] - first, on_device[2][edges])


class ModelLogProbabilities:
    """By the model's own forward pass, right for every architecture. Holds the logits of a whole batch."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model

    def __call__(self, rows: Rows) -> torch.Tensor:
        """[edge] fp32."""
        logits = self._model(**model_inputs(self._model, rows)).logits.flatten(0, 1)  # [row × place, vocabulary]
        found = torch.empty(len(rows.edge_targets), device=logits.device)
        for chunk in _chunks(rows, _chunk_nodes(logits.shape[-1], logits.device), logits.device):
            log_probs = torch.log_softmax(logits[chunk.nodes], dim=-1, dtype=torch.float32)
            found[chunk.edges] = log_probs[chunk.node_of_edge, chunk.targets]
        return found


class HeadLogProbabilities:
    """By the base model and the output embeddings: logits [node, vocabulary] of one chunk at a time, in two buffers.

    Logits of a 16-bit model are fp32 on a GPU, where the products of the matrix units are added up so anyway; on a
    CPU they are rounded to the model's dtype first.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        head = model.get_output_embeddings()  # type: ignore[no-untyped-call]
        self._model = model
        self._weight: torch.Tensor = head.weight  # [vocabulary, width]
        self._bias: torch.Tensor | None = getattr(head, "bias", None)
        self._chunk_nodes = _chunk_nodes(len(self._weight), self._weight.device)
        self._buffers = torch.empty((2, 0, len(self._weight)), device=self._weight.device)

    def __call__(self, rows: Rows) -> torch.Tensor:
        """[edge] fp32."""
        hidden = self._model.base_model(**model_inputs(self._model, rows)).last_hidden_state.flatten(0, 1)
        found = torch.empty(len(rows.edge_targets), device=hidden.device)
        for chunk in _chunks(rows, self._chunk_nodes, hidden.device):
            log_probs = self._log_softmax(hidden[chunk.nodes])
            found[chunk.edges] = log_probs[chunk.node_of_edge, chunk.targets]
        return found

    def _log_softmax(self, hidden: torch.Tensor) -> torch.Tensor:
        """[node, vocabulary] of `hidden` [node, width]; overwritten by the next call."""
        if self._buffers.shape[1] < len(hidden):
            self._buffers = self._buffers.new_empty((2, len(hidden), len(self._weight)))
        logits, log_probs = self._buffers[:, : len(hidden)]
        self._unembed(hidden, logits)
        if self._bias is not None:
            logits += self._bias
        return torch.log_softmax(logits, dim=-1, out=log_probs)

    def _unembed(self, hidden: torch.Tensor, logits: torch.Tensor) -> None:
        if hidden.dtype == torch.float32:
            torch.mm(hidden, self._weight.t(), out=logits)
        elif hidden.is_cuda:
            torch.mm(hidden, self._weight.t(), out_dtype=torch.float32, out=logits)
        else:
            logits.copy_(torch.mm(hidden, self._weight.t()))


def _chunk_nodes(vocabulary: int, device: torch.device) -> int:
    return max(1, CHUNK_BYTES[device.type] // (4 * vocabulary))
