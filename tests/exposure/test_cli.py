"""The root command: instant help, documented commands, and a sentence instead of a traceback, whatever is typed."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
import worlds
from shell import Answer, assert_sentence, command, environment, exposure, process

from exposure import __version__
from exposure.cli import COMMANDS, LazyGroup, root

REPOSITORY = Path(__file__).parents[2]
HELP_SECONDS = 0.4
NAMES = ["", *COMMANDS, "run init", "run show"]


def help_seconds(name: str) -> float:
    """The wall time of one `--help` as a process."""
    start = time.perf_counter()
    asked = command(*name.split(), "--help")
    done = subprocess.run(asked, capture_output=True, text=True, env=environment(), check=True)
    assert done.stdout.startswith(f"Usage: exposure {name}".rstrip())
    return time.perf_counter() - start


@pytest.mark.parametrize("name", NAMES)
def test_help_is_instant(name: str) -> None:
    """`--help` of every command answers in under 0.4 s, at best of five tries on a busy machine."""
    seconds = []
    while len(seconds) < 5 and min(seconds, default=9) > HELP_SECONDS:
        seconds.append(help_seconds(name))
    assert min(seconds) < HELP_SECONDS, seconds


def test_help_names_every_command_in_its_order() -> None:
    """`exposure --help` lists the commands as they are used, each with the beginning of its first sentence."""
    listed = re.findall(r"^  ([a-z-]+)  +\S", exposure("--help").out.split("Commands:\n")[1], re.MULTILINE)
    assert listed == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented_and_found_by_its_name(name: str) -> None:
    """docs/cli.md has a heading for each, with its very help; the registry leads to a click command of that name."""
    text = (REPOSITORY / "docs" / "cli.md").read_text(encoding="utf-8")
    assert re.search(rf"^## exposure {re.escape(name)}$", text, re.MULTILINE), f"docs/cli.md lacks ## exposure {name}"
    found = importlib.import_module(COMMANDS[name]).command
    assert isinstance(found, click.Command)
    assert isinstance(root, LazyGroup)
    assert root.get_command(click.Context(root), name) is found
    options = [opt for one in found.params if isinstance(one, click.Option) for opt in one.opts if opt.startswith("--")]
    section = text.split(f"## exposure {name}\n")[1].split("\n## ")[0]
    assert [option for option in options if option not in section] == []


def test_no_heavy_library_is_imported_for_help() -> None:
    """Asking for help loads none of the libraries that data need."""
    code = (
        "import sys; sys.argv = ['exposure', '--help']\n"
        "from exposure.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'pyarrow', 'duckdb', 'pydantic', 'tokenizers', 'fastapi', 'ahocorasick', 'torch', 'yaml'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "[]\n")


def test_version() -> None:
    """`--version` is the package's version."""
    assert exposure("--version") == Answer(0, f"exposure, version {__version__}\n", "")


@pytest.mark.parametrize(
    "typed",
    [["frist-seen"], [""], ["-x"], ["--no-such"], ["run", "start"], ["first-seen"], ["index"], ["run"], ["split", "x"],
     ["coverage"], ["batch", "run.json"], ["world"], ["publish"], ["coverage", "a", "b"]],
)  # fmt: skip
def test_mistyped_command_is_usage(typed: list[str]) -> None:
    """Unknown commands and options, and missing ones: status 2, the usage, on standard error."""
    answer = exposure(*typed)
    assert answer.status == 2
    assert answer.out == ""
    assert "Usage: exposure" in answer.err


WRONG: dict[str, tuple[str, int, str]] = {
    "no timeline": ("coverage {folder}/none", 1, "no timeline"),
    "a file as timeline": ("coverage {phrases}", 1, "no timeline"),
    "a folder as timeline": ("first-seen {folder} x", 1, "no timeline"),
    "no phrase": ("first-seen {timeline}", 1, "No phrase was asked"),
    "missing file of phrases": ("first-seen {timeline} --file {folder}/none", 1, "cannot be read"),
    "a folder of phrases": ("first-seen {timeline} --file {folder}", 1, "cannot be read"),
    "a binary file of phrases": ("first-seen {timeline} --file {phrases}", 1, "UTF-8"),
    "negative step": ("first-seen {timeline} x --at-step -1", 1, "Step -1"),
    "step without end": ("first-seen {timeline} x --at-step 99999999999999999999", 1, "no run reaches"),
    "step that is a word": ("first-seen {timeline} x --at-step ten", 2, "ten"),
    "unknown format": ("first-seen {timeline} x --format xml", 2, "xml"),
    "parquet to a terminal": ("first-seen {timeline} x --format parquet", 1, "--out FILE"),
    "parquet of coverage": ("coverage {timeline} --format parquet", 1, "--out FILE"),
    "out is a folder": ("coverage {timeline} --out {folder}", 1, "is a folder"),
    "out in no folder": ("coverage {timeline} --out {folder}/none/x.csv", 1, "does not exist"),
    "out is a device": ("coverage {timeline} --out /dev/null", 1, "device"),
    "history of nothing": ("history {timeline} zebra", 1, "not indexed"),
    "history at a negative step": ("history {timeline} zebra --at-step -7", 1, "Step -7"),
    "history at no step": ("history {timeline} zebra --at-step 1e3", 2, "1e3"),
    "context of nothing": ("context {timeline} zebra", 1, "not indexed"),
    "context of negative width": ("context {timeline} zebra --width -1", 2, "-1"),
    "context by no manifest": ("context {timeline} zebra --run {folder}/none.json", 1, "no run manifest"),
    "context by another run": ("context {timeline} {known} --run {other}", 1, "not the one"),
    "context by no census": ("context {timeline} {known} --census {folder}", 1, "census"),
    "split without pairs": ("split {timeline}", 2, "--pairs"),
    "split by missing pairs": ("split {timeline} --pairs {folder}/none.parquet", 1, "none.parquet"),
    "split by missing jsonl": ("split {timeline} --pairs {folder}/none.jsonl", 1, "none.jsonl"),
    "split by a corpus": ("split {timeline} --pairs {garbage}", 1, "garbage"),
    "split by no such paradigm": ("split {timeline} --pairs {phrases} --uid nothing", 1, "no such paradigm"),
    "split seen-by without step": ("split {timeline} --pairs {phrases} --policy seen-by", 1, "at-step N"),
    "split by unknown policy": ("split {timeline} --pairs {phrases} --policy seen_by", 2, "seen_by"),
    "split by unknown sides": ("split {timeline} --pairs {phrases} --sides all", 2, "all"),
    "split at a negative step": ("split {timeline} --pairs {phrases} --at-step -3", 1, "Step -3"),
    "batch zero": ("batch {manifest} --step 0", 1, "Step 0"),
    "batch beyond": ("batch {manifest} --step 100000", 1, "steps 1 to"),
    "batch far beyond": ("batch {manifest} --step 99999999999999999999999", 1, "steps 1 to"),
    "batch of no sequence": ("batch {manifest} --step 1 --sequence 8", 1, "0 to 7"),
    "batch of no manifest": ("batch {folder}/none.json --step 1", 1, "no run manifest"),
    "batch of garbage": ("batch {garbage} --step 1", 1, "not a run manifest"),
    "batch of a binary": ("batch {phrases} --step 1", 1, "not a run manifest"),
    "batch of a folder": ("batch {folder} --step 1", 1, "not a run manifest"),
    "show garbage": ("run show {garbage}", 1, "not a run manifest"),
    "index no manifest": ("index --run {folder}/none.json --phrases {phrases} --out {folder}/t", 1, "no run manifest"),
    "index no phrases": ("index --run {manifest} --phrases {folder}/none --out {folder}/t", 1, "none"),
    "index garbage": ("index --run {manifest} --phrases {garbage} --out {folder}/t", 1, "garbage"),
    "index into a file": ("{index} --out {garbage}", 1, "no timeline"),
    "index into a full folder": ("{index} --out {folder}", 1, "no timeline"),
    "index with no worker": ("{index} --out {folder}/t --workers 0", 2, "0"),
    "index by another rule": ("{index} --out {timeline} --exact", 1, "made with"),
    "index by another grid": ("{index} --out {timeline} --grid-every 5", 1, "grid"),
    "index keeping others": ("{index} --out {timeline} --keep-first 3", 1, "first 3"),
    "index another order": ("index --run {other} --phrases {phrases} --out {timeline}", 1, "data order"),
    "index by no census": ("{index} --out {folder}/t --census {folder}", 1, "census"),
    "index a folder as phrases": ("index --run {manifest} --phrases {folder} --out {folder}/t", 1, "no file"),
    "publish nothing": ("publish {folder}", 1, "no timeline"),
    "init no corpus": ("{init} --corpus {folder}/*.zst -o {folder}/r.json", 1, "No file matches"),
    "init no length": ("{init} --tokenizer {tokenizer} -o {folder}/r.json", 1, "--sequence-length"),
    "init no tokenizer": ("{init} --sequence-length 9 -o {folder}/r.json", 1, "--tokenizer"),
    "init batches of nothing": ("{init} --batch-sequences 0 -o r.json", 2, "--batch-sequences"),
    "init batches without end": (
        "{init} --batch-sequences 99999999999999999999 -o {folder}/r.json",
        2,
        "99999999999999999999",
    ),
    "init no packing": ("run init --corpus {corpus} --batch-sequences 8 -o r.json", 2, "--packing"),
    "init checkpoints of words": ("{init} --checkpoints a,b -o {folder}/r.json", 1, "list of steps"),
    "init checkpoints beyond": ("{init} --checkpoints 0,99999 -o {folder}/r.json", 1, "99999"),
    "init both checkpoints": (
        "{init} --checkpoints 1 --checkpoint-every 2 -o {folder}/r.json",
        1,
        "Give one of them",
    ),
    "init no order file": ("{init} --order-file {folder}/o.npy -o {folder}/r.json", 1, "o.npy"),
    "init in no folder": ("{init} -o {folder}/none/r.json", 1, "does not exist"),
    "world in a full folder": ("world {folder}", 1, "not empty"),
    "world too small": ("world {folder}/w --documents 3", 1, "at least"),
    "world of no number": ("world {folder}/w --documents many", 2, "many"),
}


SHORT = {
    "{index}": "index --run {manifest} --phrases {phrases}",
    "{init}": "run init --corpus {corpus} --packing document-per-row --batch-sequences 8",
}


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the wrong commands name."""
    folder = tmp_path_factory.mktemp("wrong")
    (folder / "garbage.jsonl").write_bytes(b"\x00{garbage\n\xff\xfe")
    return {
        "folder": str(folder),
        "garbage": str(folder / "garbage.jsonl"),
        "timeline": str(worlds.timeline()),
        "manifest": str(worlds.manifest()),
        "other": str(worlds.manifest(batch=9)),
        "phrases": str(worlds.phrase_file()),
        "tokenizer": str(worlds.small().tokenizer),
        "corpus": str(worlds.small().folder / "corpus" / "*.gz"),
        "known": next(phrase.text for phrase in worlds.phrases() if not phrase.gap),
    }


@pytest.mark.parametrize("name", WRONG)
def test_wrong_input_is_a_sentence(places: dict[str, str], name: str) -> None:
    """Status 1 and a sentence, or 2 and the usage; nothing on standard output; never a traceback."""
    typed, status, part = WRONG[name]
    arguments = [one.format(**places) for whole in typed.split() for one in SHORT.get(whole, whole).split()]
    answer = exposure(*arguments)
    assert_sentence(answer, status)
    assert part in answer.err
    assert answer.err.count("\n") == 1 or status == 2, "one sentence, one line"


def test_wrong_input_changes_no_timeline() -> None:
    """After all those commands the small world's timeline is what it was."""
    before = {path: path.stat().st_mtime_ns for path in worlds.timeline().rglob("*") if path.is_file()}
    phrases = worlds.phrase_file()
    exposure("index", "--run", worlds.manifest(batch=9), "--phrases", phrases, "--out", worlds.timeline())
    exposure("index", "--run", worlds.manifest(), "--phrases", phrases, "--out", worlds.timeline(), "--exact")
    after = {path: path.stat().st_mtime_ns for path in worlds.timeline().rglob("*") if path.is_file()}
    assert {p for p in after if after[p] != before.get(p)} <= {worlds.timeline() / "lock"}


def test_error_of_a_process_goes_to_standard_error() -> None:
    """As a process too: status 1, one line on standard error, nothing on standard output."""
    assert_sentence(process("coverage", "/no/such/timeline"))
    assert_sentence(process("first-seen", worlds.timeline(), "x", "--format", "xml"), 2)


@pytest.mark.parametrize("lines", [1, 5_000])
def test_reader_that_goes_is_no_error(tmp_path: Path, lines: int) -> None:
    """When `head` or `true` closes the pipe, before or after the first byte, nothing is said on standard error."""
    known = next(phrase.text for phrase in worlds.phrases() if not phrase.gap)
    (tmp_path / "asked.txt").write_text(f"{known}\n" * lines)
    for reader in ("head -n 1", "true"):
        pipe = f'"$@" | {reader}'
        asked = command("first-seen", worlds.timeline(), "--file", tmp_path / "asked.txt", "--format", "jsonl")
        done = subprocess.run(
            ["bash", "-c", pipe, "bash", *asked], capture_output=True, text=True, env=environment(), check=False
        )
        assert done.stderr == ""
        assert done.stdout.count("\n") == (reader != "true")


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="there is no /dev/full")
@pytest.mark.parametrize("buffered", [True, False])
def test_full_disk_behind_standard_output_is_a_sentence(buffered: bool) -> None:
    """What cannot be written to standard output is an error of one line, once."""
    variables = environment() if buffered else environment(PYTHONUNBUFFERED="1")
    with Path("/dev/full").open("w") as full:
        asked = command("coverage", worlds.timeline())
        done = subprocess.run(asked, stdout=full, stderr=subprocess.PIPE, text=True, env=variables, check=False)
    assert done.returncode == 1
    assert re.fullmatch(r"error: No space left on device\. .*\n", done.stderr)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_terminal_without_unicode_gets_its_answer(encoding: str) -> None:
    """What a terminal's encoding lacks is escaped; JSON stays JSON."""
    asked = "漢字 é"
    for format_ in ("table", "jsonl"):
        done = subprocess.run(
            command("first-seen", worlds.timeline(), asked, "--format", format_),
            capture_output=True,
            env=environment(PYTHONIOENCODING=encoding),
            check=True,
        )
        assert done.stderr == b""
        assert (asked in done.stdout.decode(encoding)) == (encoding == "utf-8")
        assert b"not_indexed" in done.stdout


def test_argument_that_is_no_unicode_is_answered() -> None:
    """Bytes that are no UTF-8 on the command line are a phrase that nobody indexed."""
    done = subprocess.run(
        [*command("first-seen", worlds.timeline()), b"caf\xe9"], capture_output=True, env=environment(), check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"not_indexed" in done.stdout


def test_python_minus_m_is_the_same_command() -> None:
    """`python -m exposure` answers with the name of the command, not of a file."""
    assert process("--help").out.startswith("Usage: exposure [OPTIONS] COMMAND")
