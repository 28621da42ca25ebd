"""`exposure train-tokenizer`: a byte-level BPE tokenizer of a corpus."""

from __future__ import annotations

from pathlib import Path

import click

from exposure.commands.options import refuse_overwriting


@click.command("train-tokenizer")
@click.option("--corpus", multiple=True, required=True, metavar="GLOB", help="Shards, as for `run init`; repeatable.")
@click.option("--vocabulary", type=click.IntRange(1), default=8192, show_default=True, metavar="N", help="Tokens.")
@click.option("--text-field", default="text", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, metavar="TOKENIZER.json")
def command(corpus: tuple[str, ...], vocabulary: int, text_field: str, output: Path) -> None:
    """Train a byte-level BPE tokenizer (NFC, end-of-document token <|endoftext|>) on a corpus.

    The same corpus and size give the same file.
    """
    from exposure.artefacts import atomic_write
    from exposure.progress import Progress
    from indexer.manifest import shard_paths
    from indexer.readers.records import Fields
    from lab.tokenizer_training import trained_tokenizer

    paths = shard_paths(corpus)
    refuse_overwriting(output, paths)
    with atomic_write(output) as partial:
        with Progress("tokenizer", sum(path.stat().st_size for path in paths)) as progress:
            content = trained_tokenizer(paths, vocabulary, Fields(text_field), progress.advance)
        partial.write_text(content + "\n", encoding="utf-8")
    click.echo(f"{output}: {vocabulary:,} tokens", err=True)
