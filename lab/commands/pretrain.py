"""`exposure pretrain`: a small model trained on a run's data in the run's order, saved as a series of checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from exposure.commands.options import EXISTING, census_option, counted
from exposure.errors import TrainingError
from lab.shapes import SHAPES, shape_of

if TYPE_CHECKING:
    import torch

    from exposure.orders import DataOrder
    from lab.settings import TrainingSettings
    from lab.token_rows import TokenRows
    from lab.trainer import Trainer
    from lab.training_log import LoggedStep

COUNT = click.IntRange(1)
_SAME = (
    *("tie", "vocabulary_multiple", "init_seed", "lr", "warmup", "floor", "beta1", "beta2"),
    *("weight_decay", "attention_dropout", "clip"),
)
"""Options that are settings as they stand."""


@click.command("pretrain")
@click.argument("manifest", type=EXISTING, metavar="RUN.json")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="FOLDER", help="The folder of the run.")
@click.option("--shape", type=click.Choice(list(SHAPES)), default="small-cpu", show_default=True)
@click.option("--layers", type=COUNT, metavar="N", help="Instead of the shape's.")
@click.option("--heads", type=COUNT, metavar="N", help="Instead of the shape's.")
@click.option("--width", type=COUNT, metavar="N", help="Instead of the shape's.")
@click.option("--mlp", type=COUNT, metavar="N", help="Instead of the shape's.")
@click.option("--tie", is_flag=True, help="One matrix for input and output embeddings.")
@click.option(
    "--vocabulary-multiple", type=COUNT, default=1, help="Pad the embeddings to a multiple of this (64, say)."
)
@click.option("--init-seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the initial weights.")
@click.option(
    "--data-seed", type=click.IntRange(0), metavar="S", help="Shuffle every epoch anew, instead of the order."
)
@click.option("--epochs", type=COUNT, metavar="E", help="Instead of the manifest's.")
@click.option("--batch-sequences", type=COUNT, metavar="B", help="Instead of the manifest's.")
@click.option(
    "--checkpoint-steps",
    metavar="STEPS",
    help="Steps and ranges by commas (0,1,2,4,0:960:20,powers,last), instead of the manifest's [default without "
    "those: 0,powers,last].",
)
@click.option("--lr", type=float, default=1e-3, show_default=True, help="Peak learning rate.")
@click.option("--warmup", type=float, default=0.1, show_default=True, help="Fraction of the steps.")
@click.option("--floor", type=float, default=0.1, show_default=True, help="Last learning rate, as a fraction of --lr.")
@click.option("--beta1", type=float, default=0.9, show_default=True)
@click.option("--beta2", type=float, default=0.999, show_default=True)
@click.option("--weight-decay", type=float, default=0.0, show_default=True)
@click.option(
    "--attention-dropout", type=float, default=0.0, show_default=True, help="Share of attention weights dropped."
)
@click.option("--clip", type=float, default=1.0, show_default=True, help="Greatest norm of the gradient; 0: none.")
@click.option(
    "--precision", type=click.Choice(["auto", "fp32", "bf16"]), default="auto", help="[default: bf16 on a GPU]"
)
@click.option("--micro-batch", type=COUNT, metavar="N", help="Sequences of one forward pass.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option("--threads", type=COUNT, metavar="N", help="CPU threads [default: all cores].")
@click.option("--max-minutes", type=float, metavar="M", help="Stop after about so long; the same command goes on.")
@click.option("--state-seconds", type=float, default=60.0, show_default=True, help="Time between states for going on.")
@click.option("--rows", type=EXISTING, metavar="FOLDER", help="Token rows, where the corpus is not at hand.")
@click.option("--tokenizer", type=EXISTING, help="The tokenizer file, if it was moved.")
@click.option("--prepare", is_flag=True, help="Make the token rows, and train nothing.")
@census_option
def command(manifest: Path, out: Path, **options: Any) -> None:
    """Train a model on the data of a run, in the run's order, and save its checkpoints as a series.

    The folder holds run.json (the run that was really trained), series.json and a transformers directory a checkpoint.
    The same command goes on after an interruption.
    """
    from exposure.orders import DataOrder

    order = _order_to_train(DataOrder.load(manifest), options)
    rows = _rows(manifest, order, options)
    if options["prepare"]:
        click.echo(f"{rows.facts.rows:,} rows of {rows.facts.length} tokens are ready", err=True)
        return
    _train(order, rows, out, options)


def _order_to_train(order: DataOrder, options: dict[str, Any]) -> DataOrder:
    from lab.checkpoint_steps import DEFAULT, parse_steps
    from lab.training_order import reordered, with_checkpoints

    if order.tokenizer is None:
        raise TrainingError(
            "This run has no tokenizer, so there are no tokens to train on. Make its manifest with "
            "`exposure run init --tokenizer FILE --sequence-length L`."
        )
    if options["tokenizer"] is not None:
        moved = order.tokenizer.model_copy(update={"path": str(options["tokenizer"].absolute())})
        order = order.model_copy(update={"tokenizer": moved})
    if options["census"] is not None:
        order = order.model_copy(update={"census": str(options["census"].absolute())})
    order = reordered(order, options["data_seed"], options["epochs"], options["batch_sequences"])
    asked = options["checkpoint_steps"]
    if asked is None and order.checkpoint_steps:
        return order
    return with_checkpoints(order, parse_steps(asked or DEFAULT, order.steps))


def _rows(manifest: Path, order: DataOrder, options: dict[str, Any]) -> TokenRows:
    from lab.token_rows import FACTS, TokenRows, rows_folder

    folder = options["rows"] or rows_folder(manifest, order)
    if options["rows"] is None and not (folder / FACTS).exists():
        from lab.row_making import made_rows

        return made_rows(order, folder)
    return TokenRows.open(folder, order)


def _train(order: DataOrder, rows: TokenRows, out: Path, options: dict[str, Any]) -> None:
    import torch

    from lab.pretraining import pretrain
    from lab.stopping import Stop

    if options["threads"] is not None:
        torch.set_num_threads(options["threads"])
    device = _device(options["device"])
    settings = _settings(order, options, device.type == "cuda")
    with Stop(options["max_minutes"]) as stop, _Shown(order.steps) as shown:
        result = pretrain(order, rows, settings, out, device, stop, shown.begin, shown.step, options["state_seconds"])
    loss = "" if result.last is None else f", loss {result.last.loss:.3f}"
    click.echo(
        f"{out}: step {result.step:,} of {result.steps:,}{loss}, {counted(result.parameters, 'parameter')}", err=True
    )
    if not result.is_done:
        click.echo("Stopped before the end: the same command goes on from there.", err=True)


def _device(name: str) -> torch.device:
    import torch

    is_there = torch.cuda.is_available()
    if name == "cuda" and not is_there:
        raise TrainingError("--device cuda was asked for, but torch finds no GPU here. Use --device cpu.")
    return torch.device("cuda" if name == "cuda" or (name == "auto" and is_there) else "cpu")


def _settings(order: DataOrder, options: dict[str, Any], is_gpu: bool) -> TrainingSettings:
    from lab.settings import settings_for

    values = {name: options[name] for name in _SAME}
    values["precision"] = options["precision"]
    if values["precision"] == "auto":
        values["precision"] = "bf16" if is_gpu else "fp32"
    values["micro_batch"] = options["micro_batch"] or (64 if is_gpu else 16)
    own = {size: options[size] for size in ("layers", "heads", "width", "mlp")}
    return settings_for(order, shape_of(options["shape"], **own), **values)


class _Shown:
    """A bar over steps, with loss and rate; silent where nobody is looking."""

    def __init__(self, steps: int) -> None:
        from sys import stderr

        from tqdm import tqdm

        self._bar: Any = tqdm(total=steps, desc="training", unit="step", disable=not stderr.isatty())

    def begin(self, trainer: Trainer) -> None:
        """The step from which training goes on."""
        self._bar.update(trainer.step)
        if trainer.step:
            click.echo(f"going on from step {trainer.step:,}", err=True)

    def step(self, step: LoggedStep) -> None:
        """One step more."""
        self._bar.update(1)
        self._bar.set_postfix(loss=f"{step.loss:.3f}", tokens_s=f"{step.tokens / max(step.seconds, 1e-9):,.0f}")

    def __enter__(self) -> _Shown:
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.close()
