"""`exposure convert-checkpoint`: pickled weights, read apart, as safetensors."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("convert-checkpoint")
@click.argument("source")
@click.argument("target", type=click.Path(path_type=Path))
@click.option(
    "--limit-seconds", type=click.IntRange(min=1), default=1800, show_default=True, help="Give up after this long."
)
def command(source: str, target: Path, limit_seconds: int) -> None:
    """Write the checkpoint SOURCE, whose weights are a pickle, as safetensors into the new folder TARGET.

    SOURCE is a folder, or owner/name@revision of a hub. A pickle can run any code when it is loaded, so it is read in
    a process of its own, and only where it holds nothing but tensors. Config and tokenizer are copied.
    """
    from evaluator.isolated_conversion import convert_checkpoint

    digest = convert_checkpoint(source, target, limit_seconds)
    click.echo(f"{target}: weights {digest}")
