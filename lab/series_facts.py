"""What a run's series.json says of its training, so that evaluations can compare runs by it."""

from __future__ import annotations

from exposure.orders import DataOrder
from exposure.training_facts import TrainingFacts
from lab.schedule import warmup_steps
from lab.settings import TrainingSettings


def facts_of(order: DataOrder, settings: TrainingSettings, parameters: int) -> TrainingFacts:
    """The facts of a run of `order`; `parameters` are the model's, tied ones counted once."""
    return TrainingFacts(
        batch_sequences=order.batch_sequences,
        sequence_length=order.sequence_length,
        learning_rate=settings.lr,
        warmup_steps=warmup_steps(order.steps, settings.warmup),
        weight_decay=settings.weight_decay,
        attention_dropout=settings.attention_dropout,
        init_seed=settings.init_seed,
        parameters=parameters,
    )
