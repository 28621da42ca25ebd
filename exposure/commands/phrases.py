"""`exposure phrases`: from pairs, lists of phrases and rules to phrases.parquet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from exposure.errors import PairsError, UsageError

if TYPE_CHECKING:
    from exposure.pairs import MinimalPair
    from exposure.phrases import CriticalPhrase
    from exposure.rules import ParadigmRule


@click.command("phrases")
@click.argument("pairs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the phrases here (.parquet).")
@click.option("--rules", "rules_file", type=click.Path(path_type=Path), help="YAML rules for your own paradigms.")
@click.option("--preset", type=click.Choice(["exp"]), help="Another set of BLiMP rules: those of EXP (docs/rules.md).")
@click.option("--report", "wants_report", is_flag=True, help="Print one line for each paradigm.")
@click.option("--explain", "explained", metavar="UID/PAIR", multiple=True, help="Show what one pair gives, and why.")
@click.option("--format", "format_", type=click.Choice(["table", "jsonl", "csv"]), default="table", show_default=True,
              help="How --report is printed.")  # fmt: skip
def command(
    pairs: tuple[Path, ...],
    output: Path | None,
    rules_file: Path | None,
    preset: str | None,
    wants_report: bool,
    explained: tuple[str, ...],
    format_: str,
) -> None:
    """Find the critical phrases of minimal pairs and write them to a phrase file.

    PAIRS are files or folders: BLiMP's .jsonl, your own .jsonl or .csv, or a .txt with one phrase a line. Phrases that
    a file names itself come first; the others are found by the rule of their paradigm.
    """
    _check_usage(output, wants_report, explained)
    from exposure.extraction import extract
    from exposure.pair_files import load_pairs

    loaded = load_pairs(pairs)
    rules = _rules(preset, rules_file)
    if explained:
        _print_explanations(loaded, rules, explained)
    if output is None and not wants_report:
        return
    rows = extract(loaded, rules)
    if output is not None:
        _write(output, rows, pairs, preset, rules_file)
    if wants_report:
        _print_report(loaded, rows, format_)


def _check_usage(output: Path | None, wants_report: bool, explained: Sequence[str]) -> None:
    if output is None and not wants_report and not explained:
        raise UsageError("Nothing to do: give -o FILE.parquet, --report or --explain UID/PAIR.")
    if output is not None and output.suffix.lower() != ".parquet":
        raise UsageError(f"-o {output}: phrases are written as Parquet. Give a name that ends in .parquet.")


def _rules(preset: str | None, rules_file: Path | None) -> dict[str, ParadigmRule]:
    """BLiMP's rules or the preset's; one's own come on top, also for a paradigm of BLiMP."""
    from exposure.blimp import EXP_PARADIGMS, PARADIGMS

    rules = dict(EXP_PARADIGMS if preset == "exp" else PARADIGMS)
    if rules_file is not None:
        from exposure.own_rules import load_rules

        rules |= load_rules(rules_file)
    return rules


def _print_explanations(pairs: Sequence[MinimalPair], rules: Mapping[str, ParadigmRule], names: Sequence[str]) -> None:
    from exposure.explanation import explain

    by_name = {pair.name: pair for pair in pairs}
    for name in names:
        if name not in by_name:
            raise PairsError(
                f"There is no pair {name!r} among the {len(pairs)} given. Write UID/PAIR, such as {pairs[0].name}."
            )
        click.echo(explain(by_name[name], rules.get(by_name[name].uid)))


def _write(
    output: Path, rows: Sequence[CriticalPhrase], pairs: Sequence[Path], preset: str | None, rules_file: Path | None
) -> None:
    from exposure.phrase_file import write_phrases

    write_phrases(output, rows, _provenance(pairs, preset, rules_file))
    distinct = len({row.phrase for row in rows if row.phrase is not None})
    click.echo(f"{output}: {distinct:,} distinct phrases of {len(rows):,} sides", err=True)


def _provenance(pairs: Sequence[Path], preset: str | None, rules_file: Path | None) -> dict[str, object]:
    """What decides the rows: the inputs by name (never by folder: the same files give the same bytes anywhere)."""
    from exposure import __version__
    from exposure.pair_files import pair_files

    return {
        "exposure": __version__,
        "inputs": [_digest(file) for file in pair_files(pairs)],
        "preset": preset or "blimp",
        "rules": None if rules_file is None else _digest(rules_file),
    }


def _digest(file: Path) -> dict[str, str]:
    from exposure.provenance import sha256_of_file

    return {"file": file.name, "sha256": sha256_of_file(file)}


def _print_report(pairs: Sequence[MinimalPair], rows: Sequence[CriticalPhrase], format_: str) -> None:
    from exposure.extraction_report import REPORT_COLUMNS, report
    from exposure.tables import emit

    emit(report(pairs, rows), REPORT_COLUMNS, format_)
