"""A pretraining run from its manifest to its last checkpoint: the whole flow on one page."""

from __future__ import annotations

import fcntl
import platform
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
import transformers

from exposure import __version__
from exposure.errors import TokenizerError, TrainingError
from exposure.order_rules import OrderFile, Sequential, Shuffled
from exposure.orders import DataOrder
from exposure.provenance import sha256_of_file
from lab.settings import TrainingRecord, TrainingSettings, refuse_other_settings
from lab.token_rows import TokenRows
from lab.trainer import RunFolder, Trainer
from lab.training_log import LoggedStep

_OF_ORDER = ("order", "epochs", "batch_sequences", "packing", "sequence_length")
"""Fields of a manifest that are short enough to be named where they differ."""

_RULES = (Sequential, Shuffled, OrderFile)


@dataclass(frozen=True)
class PretrainingResult:
    """`step` of `steps` are done; the run went on from step `resumed_from`. `last` is the last step trained now."""

    step: int
    steps: int
    resumed_from: int
    parameters: int
    last: LoggedStep | None

    @property
    def is_done(self) -> bool:
        """Whether the run has come to its end."""
        return self.step == self.steps


def pretrain(
    order: DataOrder,
    rows: TokenRows,
    settings: TrainingSettings,
    out: Path,
    device: torch.device,
    should_stop: Callable[[], bool],
    on_begin: Callable[[Trainer], None] = lambda _: None,
    on_step: Callable[[LoggedStep], None] = lambda _: None,
    state_seconds: float = 60.0,
) -> PretrainingResult:
    """Train `order` into the folder `out`, or go on with the run that is there.

    `settings.order` is the digest of `order`. Raises TrainingError where the folder holds another run, or a loss is not
    finite; TokenizerError where the tokenizer file is not the manifest's.
    """
    out.mkdir(parents=True, exist_ok=True)
    with _alone(out):
        folder = RunFolder(out, _checked_tokenizer(order))
        _refuse_other_run(order, folder.run)
        refuse_other_settings(out, settings)
        _keep_manifest(order, folder.run)
        with closing(Trainer(order, rows, settings, folder, device)) as trainer:
            TrainingRecord(settings, _facts(trainer, order, device)).save(out)
            on_begin(trainer)
            last: list[LoggedStep] = []

            def note(step: LoggedStep) -> None:
                last[:] = [step]
                on_step(step)

            trainer.train(should_stop, note, state_seconds)
            parameters = trainer.model.num_parameters()
            return PretrainingResult(
                trainer.step, order.steps, trainer.resumed_from, parameters, last[0] if last else None
            )


def _checked_tokenizer(order: DataOrder) -> Path:
    assert order.tokenizer is not None
    path = Path(order.tokenizer.path)
    try:
        found = sha256_of_file(path)
    except OSError as error:
        raise TokenizerError(
            f"The tokenizer {path} cannot be read: {error.strerror}. Say where: --tokenizer."
        ) from error
    if found != order.tokenizer.sha256:
        raise TokenizerError(
            f"The tokenizer {path} has sha256 {found[:12]}…, the manifest says {order.tokenizer.sha256[:12]}…. "
            "Put the original file back, or give it with --tokenizer."
        )
    return path


def _refuse_other_run(order: DataOrder, path: Path) -> None:
    """Raise TrainingError, naming what differs, where the folder holds a run of another data order."""
    if not path.exists() or (kept := DataOrder.load(path)).digest == order.digest:
        return
    differing = [name for name in _OF_ORDER if getattr(kept, name) != getattr(order, name)]
    said = [f"{name} was {_said(getattr(kept, name))}, now {_said(getattr(order, name))}" for name in differing]
    raise TrainingError(
        f"{path} is the manifest of another run ({'; '.join(said) or 'over other data'}). Give the same run and order "
        "to go on with it, or train into another folder with --out."
    )


def _said(value: object) -> str:
    return f"{value.rule} {getattr(value, 'seed', '')}".strip() if isinstance(value, _RULES) else str(value)


def _keep_manifest(order: DataOrder, path: Path) -> None:
    """Write the manifest, unless it is there: then its paths may be those of the machine that has the corpus."""
    if not path.exists() or DataOrder.load(path).checkpoint_steps != order.checkpoint_steps:
        order.save(path)


def _facts(trainer: Trainer, order: DataOrder, device: torch.device) -> dict[str, object]:
    return {
        "parameters": trainer.model.num_parameters(),
        "steps": order.steps,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "threads": torch.get_num_threads(),
        "versions": {
            "exposure": __version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        },
    }


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Refuse a second process that trains into the same folder."""
    with (out / ".lock").open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise TrainingError(
                f"Another process is training into {out}. Wait for it, or name another --out."
            ) from error
        yield
