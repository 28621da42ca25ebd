"""What a model must be like before anything inside it is looked at."""

from __future__ import annotations

from collections.abc import Sequence

from torch.nn import Module, ModuleList
from transformers import PreTrainedModel

from exposure.errors import EvaluationError


def refuse_train_mode(model: PreTrainedModel) -> None:
    """Raise EvaluationError where dropout may be on."""
    if model.training:
        raise EvaluationError("The model is in train mode, in which it drops out at random. Call model.eval() first.")


def blocks_of(model: PreTrainedModel) -> Sequence[Module]:
    """[layer] The decoder blocks of any model that keeps them in one list; EvaluationError where there is none."""
    n_layers = int(model.config.num_hidden_layers)
    lists = [one for one in model.base_model.children() if isinstance(one, ModuleList) and len(one) == n_layers]
    if len(lists) != 1:
        raise EvaluationError(
            f"This {model.config.model_type} model has {len(lists)} lists of {n_layers} blocks, and one was expected. "
            "Its hidden states cannot be told: leave the measures of hidden states out."
        )
    return list(lists[0])
