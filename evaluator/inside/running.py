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
    """[layer] The decoder blocks of any model that keeps them in one list; EvaluationError where there is none.

    The list is the base model's own (GPT-2's `h`), else one that lies deeper (OPT's `decoder.layers`).
    """
    config = model.config.get_text_config()
    n_layers = int(config.num_hidden_layers)
    own = [one for one in model.base_model.children() if _is_list(one, n_layers)]
    lists = own or _outermost_lists(model.base_model, n_layers)
    if len(lists) != 1:
        raise EvaluationError(
            f"This {model.config.model_type} model has {len(lists)} lists of {n_layers} blocks, and one was expected. "
            "Its hidden states cannot be told: leave the measures of hidden states out."
        )
    return list(lists[0].children())


def _outermost_lists(module: Module, n_layers: int) -> list[Module]:
    """What lies within a list found (a block's experts, as many as there are blocks) is none."""
    if _is_list(module, n_layers):
        return [module]
    return [one for child in module.children() for one in _outermost_lists(child, n_layers)]


def _is_list(module: Module, n_layers: int) -> bool:
    return isinstance(module, ModuleList) and len(module) == n_layers


def refuse_projected_states(model: PreTrainedModel) -> None:
    """Raise EvaluationError where what is unembedded has another width than the blocks (OPT 350M projects it)."""
    unembedding = model.get_output_embeddings()  # type: ignore[no-untyped-call]
    read, width = getattr(unembedding, "in_features", None), model.config.get_text_config().hidden_size
    if read is not None and read != width:
        raise EvaluationError(
            f"The blocks of this {model.config.model_type} model have states of {width} numbers, and its unembedding "
            f"reads {read}: its last layer cannot be put beside the others. Ask for raw states, or leave the measures "
            "of hidden states out."
        )
