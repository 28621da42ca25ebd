"""docs/client.md, as it stands: every block is run in order, against a service with workers of its own."""

import ast
import contextlib
import csv
import io
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from served_worlds import STEPS, Served, make_world

from exposure.client import AsyncClient, Client
from exposure.client.calls import Group
from exposure.timeline import Timeline

DOCUMENT = (Path(__file__).parents[2] / "docs" / "client.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
INSTALLS, GLANCE, *RECIPES = BLOCKS

PHRASES = 100_000


@dataclass
class Done:
    """The recipes, done: what they printed, by heading and language, and the names that the Python ones left."""

    folder: Path
    printed: dict[tuple[str, str], str] = field(default_factory=dict)
    names: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service that the document speaks of, in its folder."""
    folder = tmp_path_factory.mktemp("recipes")
    make_world(folder)
    with (folder / "phrases.txt").open("w", encoding="utf-8") as file:
        file.writelines(f"these kettles {number}\n" for number in range(PHRASES - 1))
        file.write("these books\n")
    service = Served.start(folder)
    yield service
    service.end()


@pytest.fixture(scope="module")
def done(served: Served) -> Iterator[Done]:
    """All recipes, in order: the Python ones as cells of one notebook, each one of the shell by `sh -e`."""
    done = Done(served.folder)
    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(served.folder):
        patch.setenv("EXPOSURE", served.url)
        patch.setenv("MPLBACKEND", "Agg")
        patch.delenv("EXPOSURE_KEY", raising=False)
        for heading, language, text in recipes():
            if language == "python":
                said = run_python(text, done.names, f"docs/client.md, {heading}")
            elif language == "sh":
                said = run_shell(text, served)
            else:
                continue
            done.printed[heading, language] = done.printed.get((heading, language), "") + said
        yield done


def recipes() -> Iterator[tuple[str, str, str]]:
    """(heading, language, text) of every block of the recipes."""
    for part in re.split(r"^###? ", DOCUMENT.partition("## Recipes")[2], flags=re.MULTILINE):
        heading = part.partition("\n")[0]
        for language, text in re.findall(r"^```(\w+)\n(.*?)^```$", part, re.MULTILINE | re.DOTALL):
            yield heading, language, text


def run_python(text: str, names: dict[str, Any], where: str) -> str:
    """Run a cell; what it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(text, where, "exec"), names)
    return printed.getvalue()


def run_shell(text: str, served: Served) -> str:
    """Run a script that ends with its first failure; what it printed."""
    done = subprocess.run(["sh", "-ec", text], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, (text, done.stdout, done.stderr, served.log[-2000:])
    return done.stdout


def test_every_block_is_a_recipe_or_said_not_to_be() -> None:
    """Beside the recipes: the installation, the lines at the beginning, and how the service is started."""
    assert [language for language, _ in (INSTALLS, GLANCE)] == ["sh", "python"]
    assert len(list(recipes())) == len(RECIPES)
    assert [text for language, text in RECIPES if language not in ("python", "sh")] == [
        "$ exposure serve --data data --root corpora=. --model toy=models/toy\n"
    ]


def test_the_glance_works(done: Done, served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """The three lines at the top of the document, and of the README, against this service."""
    exec(GLANCE[1].replace("http://127.0.0.1:8000", served.url), {})
    assert "these books" in capsys.readouterr().out


def test_indexing_made_the_timeline(done: Done) -> None:
    """The generation that was printed is the one on disk, without holes; curl's split is the client's."""
    heading = "Register a run, upload pairs, index, wait, split"
    first, *lines = done.printed[heading, "python"].splitlines()
    current = (done.folder / "data" / "timelines" / "toy" / "CURRENT").read_text().strip().removesuffix(".duckdb")
    assert first == f"{current} []"
    by_curl = done.printed[heading, "sh"].split("uid,pairs,", 1)[1]
    rows = list(csv.DictReader(io.StringIO("uid,pairs," + by_curl)))
    assert lines == [f"{row['uid']} {row['proxy_train']} {row['proxy_validation']} {row['unknown']}" for row in rows]
    assert sum(int(row["proxy_train"]) for row in rows) > 0


def test_the_job_was_followed_by_curl(done: Done) -> None:
    """The stream ended with the job, and the first stream after Last-Event-ID begins behind it."""
    assert '"state": "succeeded"' in done.printed["Register a run, upload pairs, index, wait, split", "sh"].replace(
        '":"', '": "'
    )
    streams = done.printed["Follow a job by curl", "sh"]
    ids = [int(number) for number in re.findall(r"^id: ?(\d+)$", streams, re.MULTILINE)]
    again = next(place for place in range(1, len(ids)) if ids[place] < ids[place - 1])
    assert [one for one in ids[:again] if one > 3] == ids[again:]
    assert done.printed["Follow a job by curl", "python"].splitlines() == [f"{step} scored" for step in STEPS]


def test_the_bulk_answers_are_those_of_the_timeline(done: Done) -> None:
    """A row a phrase in both Parquet files, as the timeline itself answers."""
    with Timeline.open(done.folder / "data" / "timelines" / "toy") as timeline:
        (own,) = timeline.first_seen(["these books"])
    for name in ("first-seen.parquet", "from-curl.parquet"):
        table = pq.read_table(done.folder / name)
        assert table.num_rows == PHRASES
        last = table.slice(PHRASES - 1).to_pylist()[0]
        assert (last["phrase"], last["status"], last["count"]) == (own.phrase, str(own.status), own.count)
        assert set(table["status"].to_pylist()[:-1]) == {"not_indexed"}


def test_contexts_and_batches_hold_the_corpus(done: Done) -> None:
    """What is shown around an exposure stands in the corpus; a batch has the run's sequences."""
    text = done.printed["When was this phrase first seen?", "python"]
    shown = [ast.literal_eval(line) for line in re.findall(r"^\d+ (\[.*\])$", text, re.MULTILINE)]
    assert len(shown) == min(done.names["often"].count, 8)
    documents = b"".join(
        subprocess.run(["gzip", "-dc", path], capture_output=True, check=True).stdout
        for path in sorted((done.folder / "world" / "corpus").glob("*.gz"))
    )
    texts = [json.loads(line)["text"] for line in documents.splitlines()]
    for before, _, after in shown:
        assert len(before) <= 30
        assert len(after) <= 30
    assert all(any("".join(one) in text for text in texts) for one in shown)
    lines = done.printed["What was step N trained on?", "python"].splitlines()
    assert [line.split(" ")[0] for line in lines] == ["0", "1", "2", "3"]


def test_the_evaluation_is_plotted_and_reported(done: Done) -> None:
    """A picture and a page; the rows that were plotted are both splits at every checkpoint."""
    assert (done.folder / "accuracy.png").read_bytes().startswith(b"\x89PNG")
    assert "</html>" in (done.folder / "report.html").read_text()
    plotted = [(row.split, row.step) for row in done.names["measured"] if row.split != "everything"]
    assert sorted(plotted) == sorted((split, step) for split in ("proxy-train", "proxy-validation") for step in STEPS)
    assert done.printed["Evaluate a model, and plot the accuracy of both splits", "sh"].count("\n") == 1 + len(STEPS)


def test_jobs_are_cancelled(done: Done) -> None:
    """By Python and by curl: both jobs ended as cancelled, or are about to."""
    state, is_cancelling = done.printed["Cancel", "python"].split()
    assert state == "cancelled" or is_cancelling == "True"
    assert '"cancelled"' in done.printed["Cancel", "sh"] or '"is_cancelling": true' in done.printed["Cancel", "sh"]


def test_asked_at_once_as_asked_one_by_one(done: Done, served: Served) -> None:
    """The split grows from checkpoint to checkpoint, and is what the client that waits is told."""
    lines = [tuple(map(int, line.split())) for line in done.printed["Many questions at once", "python"].splitlines()]
    with Client(served.url) as client:
        split = done.names["SplitRequest"]
        for step, train in lines:
            table = client.timelines.splits("toy", split("seen-by", at_step=step))
            assert sum(row.proxy_train for row in table) == train
    assert [train for _, train in lines] == sorted(train for _, train in lines)


def test_failures_are_sentences(done: Done) -> None:
    """What was given, and the id under which the service logged it."""
    assert re.fullmatch(r".*no-such-timeline.* [0-9a-f]{32}\n", done.printed["When it fails", "python"])


def test_the_table_of_methods_is_whole() -> None:
    """Every method of the client stands in the document's table."""
    named = set(re.findall(r"`([a-z_]+)`", DOCUMENT.partition("**Tables.**")[0]))
    client = AsyncClient("http://x")
    for group in vars(client).values():
        if isinstance(group, Group) and group is not client:
            assert {name for name in vars(type(group)) if not name.startswith("_")} <= named
