"""One model on the device, whose weights are overwritten in place from checkpoint to checkpoint."""

from __future__ import annotations

import weakref

import torch
from transformers import PreTrainedModel

from evaluator.arrivals import LoadedWeights
from evaluator.checkpoints import ResolvedCheckpoint
from evaluator.in_place import assign, copy_all, is_proven, told_apart
from evaluator.reference_model import Attention, reference_model, reference_of
from evaluator.weight_names import NamePlan, Storage, name_plan, storages
from exposure.errors import CheckpointError, EvaluationError


class ResidentModel:
    """Holds the model. Its storages never change after the first load, so compiled graphs stay valid.

    The first checkpoint is loaded by from_pretrained and, over weights made unusable, in place; only if both are
    the same bit by bit are later ones loaded in place. (Where some of its tensors are alike, as before training, both
    are compared for others too.) Otherwise each is loaded by from_pretrained and copied, which is slower and as right;
    `notes` says so.
    """

    def __init__(self, device: torch.device, dtype: torch.dtype, attention: Attention = "sdpa") -> None:
        self.notes: list[str] = []
        self._device, self._dtype, self._attention = device, dtype, attention
        self._model: PreTrainedModel | None = None
        self._first: ResolvedCheckpoint | None = None
        self._storages: list[Storage] = []
        self._plan: NamePlan | None = None
        self._held: weakref.ref[LoadedWeights] | None = None

    def load(self, weights: LoadedWeights) -> PreTrainedModel:
        """The model with these weights, in eval mode.

        Raises CheckpointError where they cannot be loaded or are of another model, and EvaluationError where they do
        not fit on the device; another checkpoint can be loaded afterwards.
        """
        if self._held is not None and self._held() is weights and self._model is not None:
            return self._model
        self._held = None
        try:
            model = self._begin(weights) if self._model is None else self._overwrite(self._model, weights)
        except torch.OutOfMemoryError as error:
            raise EvaluationError(
                f"{weights.checkpoint.name} does not fit into the memory of {self._device} as {self._dtype}. Use a "
                "smaller dtype (bfloat16) or another device (cpu)."
            ) from error
        self._held = weakref.ref(weights)
        return model

    def _begin(self, weights: LoadedWeights) -> PreTrainedModel:
        model = self._reference(weights)
        is_host = self._device.type == "cpu"
        expected = [one.tensor.clone() if is_host else one.tensor for one in storages(model)]
        torch.nn.Module.to(model, self._device)
        targets = storages(model)
        self._plan = self._proven_plan(model, targets, weights, expected)
        self.notes = [] if self._plan else ["Weights cannot be loaded in place: from_pretrained loads each checkpoint."]
        if self._plan is None:
            copy_all(expected, targets)
        self._model, self._first, self._storages = model, weights.checkpoint, targets
        return model

    def _proven_plan(
        self, model: PreTrainedModel, targets: list[Storage], weights: LoadedWeights, expected: list[torch.Tensor]
    ) -> NamePlan | None:
        """How to assign in place, proven; None where there is no such way. Leaves the weights of the model undefined
        unless it is proven.
        """
        plan = name_plan(model, weights.tensors)
        if plan is None:
            return None
        told = told_apart(plan, weights.tensors)
        if told is not None:
            made = [one.tensor for one in storages(reference_of(model, told, self._dtype, self._attention))]
            if len(made) != len(targets) or not is_proven(plan, targets, told, made):
                return None
        return plan if is_proven(plan, targets, weights.tensors, expected) else None

    def _overwrite(self, model: PreTrainedModel, weights: LoadedWeights) -> PreTrainedModel:
        assert self._first is not None
        weights.checkpoint.refuse_other_model(self._first)
        if self._plan is not None and self._plan.names == frozenset(weights.tensors):
            assign(self._plan, self._storages, weights.tensors, weights.checkpoint.name)
        else:
            self._copy(storages(self._reference(weights)), weights.checkpoint.name)
        return model

    def _reference(self, weights: LoadedWeights) -> PreTrainedModel:
        checkpoint = weights.checkpoint
        return reference_model(checkpoint.folder, checkpoint.name, self._dtype, self._attention)

    def _copy(self, sources: list[Storage], name: str) -> None:
        """Copy what from_pretrained made into the storages of the resident model."""
        if [one.names for one in sources] != [one.names for one in self._storages]:
            raise CheckpointError(
                f"{name} ties other weights together than the first checkpoint of the series, so it is another model. "
                "Evaluate it apart."
            )
        copy_all([one.tensor for one in sources], self._storages)
