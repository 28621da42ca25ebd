"""`exposure phrases`, from the shell's side."""

import csv
import hashlib
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from exposure import __version__
from exposure.commands.phrases import command
from exposure.errors import PairsError, UsageError
from exposure.extraction_report import REPORT_COLUMNS
from exposure.pair_rows import COLUMNS
from exposure.phrase_file import SCHEMA, read_phrases, read_provenance
from exposure.phrases import Phrase

BLIMP = Path(__file__).parents[3] / "shared" / "data" / "blimp"
DOCS = Path(__file__).parents[2] / "docs" / "pairs.md"
CHINESE = "sentence_good,sentence_bad,phrase_good,phrase_bad\n我买了三本书。,我买了三张书。,三本书,三张书\n"
GERMAN = "sentence_good,sentence_bad\nIch sah die Katze.,Ich sah der Katze.\n"
RULES = "genus: {summary: article to noun, critical: differs, context: katze, flags: [degenerate]}\n"
DETERMINER = {
    "sentence_good": "Raymond is selling this sketch.", "sentence_bad": "Raymond is selling this sketches.",
    "UID": "determiner_noun_agreement_1", "pairID": "0", "linguistics_term": "determiner_noun_agreement",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, made the current one, with Chinese pairs, German pairs and their rule, a BLiMP file and a list."""
    (tmp_path / "zh.csv").write_text(CHINESE, encoding="utf-8")
    (tmp_path / "genus.csv").write_text(GERMAN, encoding="utf-8")
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    (tmp_path / "dna.jsonl").write_text(json.dumps(DETERMINER), encoding="utf-8")
    (tmp_path / "towns.txt").write_text("New York\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    """A run that must succeed."""
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def refused(kind: type[Exception], *arguments: str) -> str:
    """The message of a run that must fail with this error, without a word on standard output."""
    result = CliRunner().invoke(command, arguments)
    assert type(result.exception) is kind, result.output
    assert result.stdout == ""
    return str(result.exception)


def test_every_door_at_once(folder: Path) -> None:
    """Explicit phrases, BLiMP's rules, an own rule and a list go into one file."""
    result = run("zh.csv", "dna.jsonl", "genus.csv", "towns.txt", "--rules", "rules.yaml", "-o", "out.parquet")
    assert [row.phrase for row in read_phrases(folder / "out.parquet")] == [
        Phrase("三本书"),
        Phrase("三张书"),
        Phrase("this sketch"),
        Phrase("this sketches"),
        Phrase("die katze"),
        Phrase("der katze"),
        Phrase("New York"),
    ]
    assert result.stdout == ""
    assert result.stderr == "out.parquet: 7 distinct phrases of 7 sides\n"


def test_provenance_names_what_went_in(folder: Path) -> None:
    """The file says which inputs, which rules and which version made it, with their digests and without folders."""
    run(str(folder / "genus.csv"), "--rules", str(folder / "rules.yaml"), "-o", "out.parquet")
    assert read_provenance(folder / "out.parquet") == {
        "exposure": __version__,
        "inputs": [{"file": "genus.csv", "sha256": hashlib.sha256(GERMAN.encode()).hexdigest()}],
        "preset": "blimp",
        "rules": {"file": "rules.yaml", "sha256": hashlib.sha256(RULES.encode()).hexdigest()},
        "format_version": 1,
    }


def test_same_inputs_same_bytes(folder: Path) -> None:
    """Two processes with other hash seeds, in other folders, write the same bytes."""
    digests = set()
    for seed, place in (("1", folder), ("2", folder / "elsewhere")):
        place.mkdir(exist_ok=True)
        for name in ("dna.jsonl", "genus.csv", "rules.yaml"):
            (place / name).write_bytes((folder / name).read_bytes())
        subprocess.run(
            [sys.executable, "-c", "from exposure.commands.phrases import command; command()", "dna.jsonl", "genus.csv",
             "--rules", "rules.yaml", "-o", "out.parquet"],
            cwd=place, env=os.environ | {"PYTHONHASHSEED": seed}, check=True, capture_output=True,
        )  # fmt: skip
        digests.add(hashlib.sha256((place / "out.parquet").read_bytes()).hexdigest())
    assert len(digests) == 1


def test_report_formats(folder: Path) -> None:
    """The same figures as a table, as CSV and as JSON lines, and no file is asked for."""
    arguments = ["genus.csv", "towns.txt", "--rules", "rules.yaml", "--report"]
    lines = [json.loads(line) for line in run(*arguments, "--format", "jsonl").stdout.splitlines()]
    assert [(line["uid"], line["pairs"], line["distinct_phrases"], line["flags"]) for line in lines] == [
        ("genus", 1, 2, ["degenerate"]),
        ("towns", 1, 1, []),
    ]
    rows = list(csv.DictReader(io.StringIO(run(*arguments, "--format", "csv").stdout)))
    assert tuple(rows[0]) == REPORT_COLUMNS
    assert [row["distinct_phrases"] for row in rows] == ["2", "1"]
    table = run(*arguments).stdout.splitlines()
    assert table[0].split() == list(REPORT_COLUMNS)
    assert table[2].split()[0] == "genus"


def test_report_and_file_together(folder: Path) -> None:
    """--report beside -o does both."""
    result = run("zh.csv", "-o", "out.parquet", "--report", "--format", "jsonl")
    assert json.loads(result.stdout)["distinct_phrases"] == 2
    assert len(read_phrases(folder / "out.parquet")) == 2


def test_explain(folder: Path) -> None:
    """--explain shows the pairs that were asked for, although another paradigm has no rule."""
    result = run("dna.jsonl", "genus.csv", "zh.csv", "--explain", "determiner_noun_agreement_1/0", "--explain", "zh/0")
    first, second = result.stdout.split("zh/0\n")
    assert first.startswith("determiner_noun_agreement_1/0\n  rule      class A: ")
    assert "Raymond is selling [this sketches.]" in first
    assert "我买了[三张书]。" in second


def test_own_rule_goes_before_blimps(folder: Path) -> None:
    """A rule of one's own for a paradigm of BLiMP replaces the built-in one."""
    (folder / "mine.yaml").write_text("determiner_noun_agreement_1: {summary: noun alone, critical: differs}\n")
    run("dna.jsonl", "--rules", "mine.yaml", "-o", "out.parquet")
    assert [row.phrase for row in read_phrases(folder / "out.parquet")] == [Phrase("sketch"), Phrase("sketches")]


def test_preset_exp(folder: Path) -> None:
    """--preset exp takes EXP's rules, and the file says so."""
    run("dna.jsonl", "--preset", "exp", "-o", "out.parquet")
    assert read_phrases(folder / "out.parquet")[0].phrase == Phrase("this sketch")
    assert read_provenance(folder / "out.parquet")["preset"] == "exp"


# What is refused


def test_nothing_to_do(folder: Path) -> None:
    """Without anything to give back the command says what it could do."""
    assert refused(UsageError, "zh.csv").startswith("Nothing to do: give -o FILE.parquet, --report or --explain")


def test_output_is_parquet(folder: Path) -> None:
    """An output of another name is refused: it could be an input."""
    assert "Give a name that ends in .parquet" in refused(UsageError, "zh.csv", "-o", "zh.csv")
    assert (folder / "zh.csv").read_text(encoding="utf-8") == CHINESE


def test_unknown_paradigm(folder: Path) -> None:
    """A paradigm without rule and phrases is refused, with both ways out, and nothing is written."""
    answer = refused(PairsError, "genus.csv", "-o", "out.parquet")
    assert answer.startswith("No rule says what the critical phrase of genus is (first met in the pair genus/0).")
    assert not (folder / "out.parquet").exists()


def test_unknown_pair_to_explain(folder: Path) -> None:
    """A pair that is not there is answered with one that is."""
    answer = refused(PairsError, "zh.csv", "--explain", "zh/1")
    assert answer == "There is no pair 'zh/1' among the 1 given. Write UID/PAIR, such as zh/0."


def test_missing_files(folder: Path) -> None:
    """Missing pairs, rules and folders are named."""
    assert "no.csv does not exist" in refused(PairsError, "no.csv", "--report")
    assert "no.yaml cannot be read" in refused(PairsError, "zh.csv", "--report", "--rules", "no.yaml")
    assert "the folder no does not exist" in refused(UsageError, "zh.csv", "-o", "no/out.parquet")


def test_no_pairs_given() -> None:
    """Without PAIRS click says what is missing."""
    assert CliRunner().invoke(command, ["--report"]).exit_code == 2


def test_nothing_heavy_is_imported_for_help() -> None:
    """Importing the command loads neither Arrow, nor YAML, nor pydantic, nor the rules of BLiMP."""
    code = (
        "import sys, exposure.commands.phrases as p; assert p.command.name == 'phrases'; "
        "print(sorted({'pyarrow', 'yaml', 'pydantic', 'duckdb', 'numpy', 'exposure.blimp'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert shown.stdout.strip() == "[]"


# BLiMP itself


@pytest.mark.skipif(not BLIMP.is_dir(), reason="BLiMP is not beside this repository")
def test_blimp_from_end_to_end(tmp_path: Path) -> None:
    """All of BLiMP goes through: a row a side, seven identical pairs, and no phrase in the 13 paradigms of class E."""
    result = run(str(BLIMP), "-o", str(tmp_path / "blimp.parquet"), "--report", "--format", "jsonl")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert (len(lines), sum(line["pairs"] for line in lines)) == (67, 67_000)
    assert {line["uid"]: line["identical_sides"] for line in lines if line["identical_sides"]} == {
        "principle_A_case_2": 5,
        "passive_1": 2,
    }
    assert sum(line["class"] == "E" for line in lines) == 13
    assert all((line["distinct_phrases"] == 0) == (line["class"] == "E") for line in lines)
    assert len(read_phrases(tmp_path / "blimp.parquet")) == 134_000


@pytest.mark.skipif(not BLIMP.is_dir(), reason="BLiMP is not beside this repository")
def test_blimp_by_exps_rules(tmp_path: Path) -> None:
    """With --preset exp, 16 paradigms have phrases, and there-raising in the 254 + 681 pairs that EXP counts."""
    result = run(str(BLIMP), "--preset", "exp", "--report", "--format", "jsonl")
    lines = {line["uid"]: line for line in map(json.loads, result.stdout.splitlines())}
    assert sum(line["distinct_phrases"] > 0 for line in lines.values()) == 16
    assert lines["existential_there_subject_raising"]["pairs_without_phrase"] == 1000 - 254 - 681


# The documentation


def test_every_option_and_column_is_documented() -> None:
    """Options, input columns, report columns and file columns are in docs/pairs.md."""
    text = DOCS.read_text(encoding="utf-8")
    options = [name for parameter in command.params for name in parameter.opts if name.startswith("-")]
    documented = set(re.findall(r"`([^`\s]+)", text))
    assert {*options, *COLUMNS, *REPORT_COLUMNS, *SCHEMA.names} - documented == set()


def test_documented_pairs_go_through(folder: Path) -> None:
    """The CSV examples of docs/pairs.md give the phrases that they name, all of them in their sentences."""
    examples = re.findall(r"```csv\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert len(examples) == 2
    for number, example in enumerate(examples):
        (folder / f"{number}.csv").write_text(example, encoding="utf-8")
    lines = run("0.csv", "1.csv", "--report", "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line)["distinct_phrases"] for line in lines] == [2, 2]
    assert [json.loads(line)["not_in_sentence"] for line in lines] == [0, 0]
