"""The training loop: rows in the order of the manifest → loss → update, step by step, with a log and checkpoints.

Needs only token rows, the manifest and the tokenizer file: nothing of the corpus, and nothing of the indexer.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from exposure.errors import TrainingError
from exposure.orders import DataOrder, TokenizerSpec
from lab.building import model_for, optimizer_for
from lab.dropout import seeded_dropout
from lab.loss import Batch, backward
from lab.resuming import has_state, load_state, save_state
from lab.saving import (
    checkpoint_path,
    checkpoint_steps_in,
    drop_checkpoints_after,
    write_checkpoint,
    write_series,
)
from lab.schedule import learning_rate
from lab.series_facts import facts_of
from lab.settings import TrainingSettings
from lab.token_rows import TokenRows
from lab.training_log import LoggedStep, TrainingLog
from lab.training_order import rows_of_step

LOGGED_AT_ONCE = 10
"""Steps whose loss is fetched together from a GPU, so that it need not wait for the loop after each."""


@dataclass(frozen=True)
class RunFolder:
    """Where a run is written: `path` holds run.json already; `tokenizer` is the file that goes into checkpoints."""

    path: Path
    tokenizer: Path

    @property
    def run(self) -> Path:
        """The manifest of the run that is trained."""
        return self.path / "run.json"


@dataclass(slots=True)
class _Pending:
    """A step whose numbers are still on the device."""

    step: int
    loss: torch.Tensor
    norm: torch.Tensor
    lr: float
    tokens: int
    seconds: float


class Trainer:
    """One run, from its last state on: `step` is the training steps done, `model` has consumed batches 0 … step − 1."""

    def __init__(
        self, order: DataOrder, rows: TokenRows, settings: TrainingSettings, folder: RunFolder, device: torch.device
    ) -> None:
        """Build the model and put the newest state of the folder into it; raises TrainingError where that cannot be."""
        assert order.tokenizer is not None
        self._order, self._rows, self._settings, self._folder, self._device = order, rows, settings, folder, device
        self._spec: TokenizerSpec = order.tokenizer
        self._refuse_lost_state()
        self.model = model_for(order, rows, settings, device)
        self.model.train()
        self._optimizer = optimizer_for(self.model, settings)
        self.step = self.resumed_from = load_state(folder.path, self.model, self._optimizer)
        self._facts = facts_of(order, settings, self.model.num_parameters())
        drop_checkpoints_after(folder.path, self.step, folder.run, self._facts)
        self._log = TrainingLog(folder.path, self.step)
        self._tokens, self._seconds = self._tokens_up_to(self.step), self._log.last.seconds
        self._pending: list[_Pending] = []
        self._saved_at = time.monotonic()

    def train(
        self,
        should_stop: Callable[[], bool],
        on_step: Callable[[LoggedStep], None] = lambda _: None,
        state_seconds: float = 60.0,
    ) -> bool:
        """Train until the run is done (True), or `should_stop` after a step (False); the state is saved either way.

        Checkpoints are written at the manifest's steps, the state for going on with them where the last is older than
        `state_seconds`. Raises TrainingError where a loss is not finite: nothing after the last checkpoint is kept.
        """
        if not has_state(self._folder.path):
            save_state(self._folder.path, self.step, self.model, self._optimizer)
        wanted = set(self._order.checkpoint_steps)
        started = time.monotonic() - self._seconds
        if self.step in wanted and not checkpoint_path(self._folder.path, self.step).exists():
            self._checkpoint(on_step, state_seconds)
        while self.step < self._order.steps and not should_stop():
            self._one_step()
            self._seconds = time.monotonic() - started
            self._pending[-1].seconds = round(self._seconds, 3)
            if len(self._pending) >= (LOGGED_AT_ONCE if self._device.type == "cuda" else 1):
                self._flush(on_step)
            if self.step in wanted:
                self._checkpoint(on_step, state_seconds)
        self._flush(on_step)
        save_state(self._folder.path, self.step, self.model, self._optimizer)
        return self.step == self._order.steps

    def close(self) -> None:
        """Close the log."""
        self._log.close()

    def _refuse_lost_state(self) -> None:
        """Raise TrainingError where checkpoints are there that would be trained anew, and replaced, from step 0."""
        path = self._folder.path
        if checkpoint_steps_in(path) and not has_state(path):
            raise TrainingError(
                f"{path} holds checkpoints up to step {checkpoint_steps_in(path)[-1]:,}, but no state to go on from "
                "(resume/). Train into another folder with --out, or delete this one to train it again."
            )

    def _one_step(self) -> None:
        settings, step = self._settings, self.step + 1
        rate = learning_rate(step, self._order.steps, settings.lr, settings.warmup, settings.floor)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        batch = self._batch(step)
        self._optimizer.zero_grad(set_to_none=True)
        with seeded_dropout(settings, step, self._device):
            loss = backward(self.model, batch, settings.micro_batch, settings.precision == "bf16")
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), settings.clip or math.inf)
        self._optimizer.step()
        self._tokens += batch.tokens
        self.step = step
        self._pending.append(_Pending(step, loss, norm, rate, self._tokens, 0.0))

    def _batch(self, step: int) -> Batch:
        rows = rows_of_step(self._order, step)
        ids = np.ascontiguousarray(self._rows.ids[rows]).astype(np.int64)  # [sequence, token]
        return Batch(ids, self._rows.lengths[rows].astype(np.int64))

    def _tokens_up_to(self, step: int) -> int:
        slots = np.arange(min(step * self._order.batch_sequences, self._order.slots), dtype=np.int64)
        return int(self._rows.lengths[self._order.rows_in(slots)].sum(dtype=np.int64))

    def _flush(self, on_step: Callable[[LoggedStep], None]) -> None:
        done = [
            LoggedStep(one.step, one.loss.item(), one.lr, one.norm.item(), one.tokens, one.seconds)
            for one in self._pending
        ]
        self._pending.clear()
        bad = next((one for one in done if not (math.isfinite(one.loss) and math.isfinite(one.grad_norm))), None)
        self._log.write(done[: done.index(bad)] if bad else done)
        if bad is not None:
            raise TrainingError(
                f"Training step {bad.step:,}: the loss is {bad.loss}, the norm of its gradient {bad.grad_norm}. Lower "
                "--lr, lengthen --warmup or set --clip, and train into another folder with --out."
            )
        for one in done:
            on_step(one)

    def _checkpoint(self, on_step: Callable[[LoggedStep], None], state_seconds: float) -> None:
        self._flush(on_step)
        path = self._folder.path
        write_checkpoint(path, self.step, self.model, self._folder.tokenizer, self._spec)
        write_series(path, checkpoint_steps_in(path), self._folder.run, self._facts)
        if time.monotonic() - self._saved_at >= state_seconds:
            save_state(path, self.step, self.model, self._optimizer)
            self._saved_at = time.monotonic()
