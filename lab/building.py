"""The model and the optimiser that a run's settings ask for."""

from __future__ import annotations

import torch
from torch.optim import AdamW
from transformers import PreTrainedModel

from exposure.orders import DataOrder
from lab.models import Vocabulary, config_of, initial_model
from lab.saving import begin_token, end_token
from lab.settings import TrainingSettings
from lab.token_rows import TokenRows


def model_for(order: DataOrder, rows: TokenRows, settings: TrainingSettings, device: torch.device) -> PreTrainedModel:
    """The model with its initial weights; its context is the run's sequence length."""
    assert order.tokenizer is not None
    assert order.sequence_length is not None
    begin, end = begin_token(order.tokenizer), end_token(order.tokenizer)
    size = -(-rows.facts.vocabulary // settings.vocabulary_multiple) * settings.vocabulary_multiple
    vocabulary = Vocabulary(size, None if begin is None else begin[1], None if end is None else end[1])
    shape, dropout = settings.model.shape, settings.attention_dropout
    config = config_of(shape, vocabulary, order.sequence_length, settings.tie, dropout)
    model: PreTrainedModel = initial_model(config, settings.init_seed).to(device)  # type: ignore[arg-type]
    return model


def optimizer_for(model: PreTrainedModel, settings: TrainingSettings) -> AdamW:
    """AdamW (Loshchilov & Hutter, arXiv 1711.05101); weight decay on matrices, embeddings among them, and not on
    gains and biases. COPY names AdamW and a decay of 0.1, not what decays: this is the habit of Llama's trainers.
    """
    matrices = [one for one in model.parameters() if one.dim() > 1]
    vectors = [one for one in model.parameters() if one.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": settings.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    return AdamW(groups, lr=settings.lr, betas=(settings.beta1, settings.beta2), eps=settings.epsilon, fused=True)
