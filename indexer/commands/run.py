"""`exposure run`: make and show run manifests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from exposure.commands.options import EXISTING, counted, output_options, refuse_overwriting
from exposure.errors import UsageError

if TYPE_CHECKING:
    from exposure.orders import Checkpoints, DataOrder, Packing

COUNT = click.IntRange(1, 2**31 - 1)


@click.group("run")
def command() -> None:
    """Describe a training run: its data, their packing and order (init), and what that gives (show)."""


@command.command("init")
@click.option(
    "--corpus", multiple=True, required=True, metavar="GLOB", help="Shards, in the order of their names; repeatable."
)
@click.option("--tokenizer", type=EXISTING, help="tokenizer.json of the run; without it positions are approximate.")
@click.option("--packing", type=click.Choice(["document-per-row", "concatenate"]), required=True)
@click.option("--sequence-length", type=COUNT, metavar="L", help="Tokens of a training sequence.")
@click.option("--batch-sequences", type=COUNT, required=True, metavar="B", help="Sequences of a batch.")
@click.option("--epochs", type=COUNT, metavar="E", help="Passes over the corpus [default: 1].")
@click.option("--shuffle-seed", type=click.IntRange(0), metavar="S", help="Shuffle each epoch e by PCG64(S + e).")
@click.option(
    "--shuffle-from-epoch",
    type=click.IntRange(0),
    default=0,
    metavar="E",
    help="Epochs before this one (from 0) stay in order.",
)
@click.option("--order-file", type=EXISTING, help=".npy with the row of every slot of the run.")
@click.option(
    "--checkpoint-every", type=click.IntRange(1), metavar="N", help="A checkpoint every N steps, and at step 0."
)
@click.option("--checkpoints", metavar="N,N,...", help="The steps of the checkpoints, as a list.")
@click.option(
    "--end-of-document", metavar="TOKEN", help="Token after each document in `concatenate` [default: the usual one]."
)
@click.option(
    "--row-prefix", multiple=True, metavar="TOKEN", help="Special token that begins every row; counts towards L."
)
@click.option(
    "--row-suffix", multiple=True, metavar="TOKEN", help="Special token that closes every row; counts towards L."
)
@click.option("--text-field", default="text", show_default=True)
@click.option("--id-field", default="id", show_default=True)
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Cores to use.")
@click.option("--skip-bad", is_flag=True, help="Leave bad lines out of the order, and record them.")
@click.option("--census", type=EXISTING, help="Folder of the census [default: census/ beside the manifest].")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, metavar="RUN.json")
@click.argument("unquoted", nargs=-1, metavar="")
def init(
    corpus: tuple[str, ...],
    tokenizer: Path | None,
    packing: Packing,
    sequence_length: int | None,
    batch_sequences: int,
    epochs: int | None,
    shuffle_seed: int | None,
    shuffle_from_epoch: int,
    order_file: Path | None,
    checkpoint_every: int | None,
    checkpoints: str | None,
    end_of_document: str | None,
    row_prefix: tuple[str, ...],
    row_suffix: tuple[str, ...],
    text_field: str,
    id_field: str,
    workers: int,
    skip_bad: bool,
    census: Path | None,
    output: Path,
    unquoted: tuple[str, ...],
) -> None:
    """Take the census of a corpus and write the manifest of a run over it.

    The census counts every document and token once, and is used again by other runs over the same shards. With a
    document per row only the tokens that decide what a row shows are counted: those of documents that may not fit.
    """
    from indexer.manifest import RunOptions, make_manifest, shard_paths
    from indexer.readers.text import Fields

    if unquoted:
        raise UsageError(f"{unquoted[0]} stands alone: the shell has opened the pattern. Quote it: --corpus 'GLOB'.")
    if output.suffix.lower() != ".json":
        raise UsageError(f"-o {output}: a manifest is JSON. Give a name that ends in .json.")
    if not output.absolute().parent.is_dir():
        raise UsageError(f"-o {output}: the folder {output.absolute().parent} does not exist. Make it first.")
    options = RunOptions(
        corpus=corpus,
        packing=packing,
        batch_sequences=batch_sequences,
        sequence_length=sequence_length,
        tokenizer=tokenizer,
        end_of_document=end_of_document,
        row_prefix=row_prefix,
        row_suffix=row_suffix,
        epochs=epochs,
        shuffle_seed=shuffle_seed,
        shuffle_from_epoch=shuffle_from_epoch,
        order_file=order_file,
        checkpoints=_checkpoints(checkpoint_every, checkpoints),
        fields=Fields(text_field, id_field),
        skip_bad=skip_bad,
        census=census or output.parent / "census",
        workers=workers,
    )
    refuse_overwriting(output, [*shard_paths(corpus), tokenizer, order_file])
    order = make_manifest(options)
    order.save(output)
    skipped = sum(len(shard.skipped) for shard in order.shards)
    click.echo(
        f"{output}: {counted(order.rows, 'row')}, {counted(order.steps, 'step')}, {order.exactness}, "
        f"{counted(skipped, 'line')} skipped",
        err=True,
    )


def _checkpoints(every: int | None, steps: str | None) -> Checkpoints:
    from exposure.orders import Checkpoints

    if every is not None and steps is not None:
        raise UsageError("--checkpoint-every and --checkpoints both say where checkpoints are. Give one of them.")
    if steps is None:
        return Checkpoints(every=every)
    try:
        return Checkpoints(steps=tuple(int(step) for step in steps.split(",")))
    except ValueError as error:
        raise UsageError(f"--checkpoints {steps!r} is not a list of steps. Write it as 0,100,200.") from error


@command.command("show")
@click.argument("manifest", type=EXISTING, metavar="RUN.json")
@output_options
def show(manifest: Path, format_: str, out: str | None) -> None:
    """What a manifest says: sizes, packing, order, checkpoints."""
    from exposure.orders import DataOrder
    from exposure.tables import emit

    facts = _facts(DataOrder.load(manifest))
    if format_ == "table":
        emit(
            [{"what": name, "value": None if value is None else str(value)} for name, value in facts.items()],
            ("what", "value"),
            format_,
            out,
        )
    else:
        emit([facts], tuple(facts), format_, out)


def _facts(order: DataOrder) -> dict[str, object]:
    checkpoints = order.checkpoint_steps
    return {
        "digest": order.digest,
        "exactness": order.exactness,
        "shards": len(order.shards),
        "documents": sum(shard.documents for shard in order.shards),
        "skipped_lines": sum(len(shard.skipped) for shard in order.shards),
        "tokens": _tokens(order),
        "tokenizer": order.tokenizer and order.tokenizer.path,
        "packing": order.packing,
        "sequence_length": order.sequence_length,
        "batch_sequences": order.batch_sequences,
        "epochs": order.epochs,
        "order": order.order.rule,
        "rows": order.rows,
        "slots": order.slots,
        "steps": order.steps,
        "tail_tokens": order.tail_tokens,
        "checkpoints": len(checkpoints),
        "first_checkpoint": min(checkpoints, default=None),
        "last_checkpoint": max(checkpoints, default=None),
    }


def _tokens(order: DataOrder) -> int | None:
    """Tokens of the corpus; None where not all of them were counted."""
    tokens = [shard.tokens for shard in order.shards if shard.tokens is not None]
    return sum(tokens) if len(tokens) == len(order.shards) else None
