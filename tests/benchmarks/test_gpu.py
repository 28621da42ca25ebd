"""Everything that a GPU is measured by runs, small, on a CPU: with nothing of ours installed but what it needs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from shell import exposure
from transformers import AutoModelForCausalLM

from benchmarks.gpu import packed_items, peers
from benchmarks.gpu.__main__ import measure_all
from benchmarks.gpu.arithmetic import Arithmetic
from benchmarks.gpu.bench import Bench, NotHereError
from benchmarks.gpu.bundle import make_bundle, run_folder
from benchmarks.gpu.clock import Stopwatch, timed
from benchmarks.gpu.copying_curves import CopyingCurves
from benchmarks.gpu.copying_run import VARIANTS, run_of, settings
from benchmarks.gpu.digests import ROOT, key_of
from benchmarks.gpu.inputs import BundleError, unpacked
from benchmarks.gpu.longer_rows import longer_rows
from benchmarks.gpu.measurements import MEASUREMENTS, Measurement
from benchmarks.gpu.models import other_weights, random_checkpoint
from benchmarks.gpu.outstanding import outstanding
from benchmarks.gpu.packed_items import PackedItems
from benchmarks.gpu.page import FIRST, LAST, render, write_page
from benchmarks.gpu.pretraining_run import dense_steps
from benchmarks.gpu.results import Measured, Results
from benchmarks.gpu.unpacking import unpack
from benchmarks.scoring import timing
from evaluator.conventions import PRESETS
from evaluator.folder import EvaluationFolder
from evaluator.tokenising import tokenise_pairs
from exposure.orders import DataOrder
from lab.row_making import made_rows

ABSENT = ("duckdb", "fastapi", "uvicorn", "starlette", "zstandard", "isal", "ahocorasick", "numba", "llvmlite",
          "minicons", "lm_eval", "datasets")  # fmt: skip
"""Packages that the machine with the GPU does not have."""

BLOCKED = f"""
import runpy, sys
sys.modules.update(dict.fromkeys({ABSENT}))
sys.argv = ["gpu", *sys.argv[1:]]
runpy.run_module("benchmarks.gpu", run_name="__main__", alter_sys=True)
"""

SEED, COPYING = "run-seed-1", "copying-dropout"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of a generated world."""
    out = tmp_path_factory.mktemp("gpu") / "bundle"
    make_bundle(out, None)
    return out


@pytest.fixture(scope="module")
def bench(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A CPU with a thread, and an hour."""
    work, threads = tmp_path_factory.mktemp("work"), torch.get_num_threads()
    torch.set_num_threads(1)
    yield Bench(torch.device("cpu"), unpacked(bundle, work / "inputs"), work, work / "out", time.monotonic() + 3600)
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def measured(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that came back from the command, run with the packages that are absent there blocked."""
    out = tmp_path_factory.mktemp("out")
    command = [sys.executable, "-c", BLOCKED, "--device", "cpu", "--budget", "3600", "--bundle", bundle]
    names = ["scoring-pass", "peers", "precision", "sweep", "training", SEED, COPYING]
    command += ["--results", out / "results.json", "--out", out / "back", "--only", *names]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(list(map(str, command)), cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "peers: not made: neither lm-eval nor minicons" in done.stderr
    return out


def figures(out: Path) -> dict[str, dict[str, Any]]:
    """Name → values of what is complete."""
    document = json.loads((out / "results.json").read_text(encoding="utf-8"))
    return {one["name"]: one["values"] for one in document["measured"] if one["is_complete"]}


def test_every_measurement_is_made_without_the_packages_that_are_absent(measured: Path) -> None:
    """All but the peers are complete, in both files, and every figure is finite."""
    found = figures(measured)
    assert set(found) == {"scoring-pass", "precision", "sweep", "training", SEED, COPYING}
    assert json.loads((measured / "back" / "gpu_results.json").read_text()) == json.loads(
        (measured / "results.json").read_text()
    )
    numbers = [value for values in found.values() for _, value in _flat(values) if isinstance(value, float)]
    assert len(numbers) > 40
    assert np.isfinite(numbers).all()


def _flat(values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value)
        else:
            yield name, value


def test_figures_fit_together(measured: Path) -> None:
    """Shares of one whole add up, ratios are of the figures beside them, and tries feed less than buckets unpadded."""
    found = figures(measured)
    scoring = found["scoring-pass"]
    parts = scoring["breakdown"]["parts_s"]
    assert set(parts) == {
        "embedding", "attention", "feed-forward", "norms and the rest", "unembedding, log-softmax and host"
    }  # fmt: skip
    assert sum(parts.values()) == pytest.approx(scoring["breakdown"]["pass_s"])
    assert min(parts.values()) > 0
    tries = scoring["tries"]
    assert tries["pairs_s"] == pytest.approx(scoring["pairs"] / tries["seconds"])
    assert tries["share_of_peak"] == pytest.approx(tries["flop"] / tries["seconds"] / scoring["peak_flop_s"])
    sweep = found["sweep"]
    assert sweep["ratio"] == pytest.approx(sweep["sweep_s"] / (3 * sweep["pass_s"] + sweep["load_s"]))
    precision = found["precision"]
    assert precision["rescored"] >= precision["other_decisions"] >= precision["other_decisions_settled"]
    training = found["training"]
    assert training["tokens_s"] == pytest.approx(training["batch_tokens"] / training["step_s"])


def test_scores_of_a_run_come_back_as_an_evaluation(measured: Path, bundle: Path, tmp_path: Path) -> None:
    """items-seed-1.npz becomes a folder that `exposure report` takes, with the timeline of the run that was carried."""
    work = run_folder(bundle)
    phrases, timeline = tmp_path / "phrases.parquet", tmp_path / "timeline"
    assert exposure("phrases", work / "world" / "pairs.jsonl", "-o", phrases).status == 0
    assert exposure("index", "--run", work / "run.json", "--phrases", phrases, "--out", timeline).status == 0
    packed = PackedItems.load(measured / "back" / "items-seed-1.npz")
    pairs = unpacked(bundle, tmp_path / "inputs").pairs
    path = unpack(packed, pairs, tmp_path / "evaluations", timeline)
    folder = EvaluationFolder.open(path)
    series = folder.series()
    assert series.steps.tolist() == list(dense_steps(packed.facts["training"]["steps"], 2))
    assert np.array_equal(series.delta, packed.delta.astype(np.float64))
    assert folder.exposures is not None
    said = exposure("report", path, "--permutations", 20, "--bootstrap", 20, "--out", tmp_path / "report")
    assert said.status == 0, said.err
    assert "determiner_noun_agreement_1" in said.out


def test_scores_are_only_unpacked_with_what_they_are_of(measured: Path, bundle: Path, tmp_path: Path) -> None:
    """Other pairs, and the timeline of another order, are refused."""
    packed = PackedItems.load(measured / "back" / "items-seed-1.npz")
    pairs = unpacked(bundle, tmp_path / "inputs").pairs
    with pytest.raises(ValueError, match="other pairs"):
        unpack(packed, pairs[1:], tmp_path / "evaluations")
    world, run = run_folder(bundle) / "world", tmp_path / "run.json"
    exposure("phrases", world / "pairs.jsonl", "-o", tmp_path / "phrases.parquet")
    corpus = ["--corpus", world / "corpus" / "*.gz", "--packing", "document-per-row", "--batch-sequences", 8]
    assert exposure("run", "init", *corpus, "-o", run).status == 0
    indexed = ["--run", run, "--phrases", tmp_path / "phrases.parquet", "--out", tmp_path / "timeline"]
    assert exposure("index", *indexed).status == 0
    with pytest.raises(ValueError, match="another data order"):
        unpack(packed, pairs, tmp_path / "evaluations", tmp_path / "timeline")


def test_packed_scores_are_those_that_were_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Δ in fp32 to the last bit, NaN too, and one bit for each pair that was scored again; no more than is allowed."""
    generator = np.random.default_rng(0)
    delta = generator.normal(size=(5, 13)).astype(np.float32)
    delta[2, 3] = np.nan
    rescored = generator.random((5, 13)) < 0.3
    PackedItems({"seed": 1}, delta, rescored).save(tmp_path / "items.npz")
    back = PackedItems.load(tmp_path / "items.npz")
    assert back.facts == {"seed": 1}
    assert np.array_equal(back.delta, delta, equal_nan=True)
    assert np.array_equal(back.rescored, rescored)
    monkeypatch.setattr(packed_items, "MOST_BYTES", 500)
    with pytest.raises(ValueError, match="can be carried"):
        back.save(tmp_path / "items.npz")


def test_the_checkpoints_of_a_run_of_blimp_can_be_carried() -> None:
    """A full run has step 0, powers of two to 64, the last step, and no more checkpoints than a file holds."""
    steps = dense_steps(7680, 40)
    assert steps[:8] == (0, 1, 2, 4, 8, 16, 32, 64)
    assert steps[-1] == 7680
    assert len(steps) * 67_000 * 4 < 16 << 20
    ratios = np.diff(np.log(steps[8:]))
    assert ratios.max() < 1.3 * ratios.min()
    assert dense_steps(3, 40) == (0, 1, 2, 3)


# ------------------------------------------------------------------------------------- COPY's experiment


def test_longer_rows_are_those_that_the_corpus_gives(bundle: Path, bench: Bench, tmp_path: Path) -> None:
    """Rows of 64 cut anew to 100 are, number by number, the rows that `run init` and `pretrain` make of that length."""
    world = run_folder(bundle) / "world"
    packed = ("--packing", "concatenate", "--sequence-length", 100, "--row-prefix", "<|endoftext|>")
    corpus = ("--corpus", world / "corpus" / "*.gz", "--tokenizer", world / "tokenizer.json", "--batch-sequences", 4)
    assert exposure("run", "init", *corpus, *packed, "-o", tmp_path / "run.json").status == 0
    expected = DataOrder.load(tmp_path / "run.json")
    order, rows = longer_rows(bench.inputs.order, bench.inputs.rows, 100)
    assert 0 <= expected.rows - order.rows <= 1  # the last tokens of the corpus fill no row of 64, and are not carried
    assert np.array_equal(rows.ids, made_rows(expected, tmp_path / "rows").ids[: order.rows])
    assert order.rows * 99 + order.tail_tokens == expected.rows * 99 + expected.tail_tokens
    assert longer_rows(bench.inputs.order, bench.inputs.rows, 100, most=7)[1].ids.shape == (7, 100)
    with pytest.raises(ValueError, match="makes no row"):
        longer_rows(bench.inputs.order, bench.inputs.rows, 10**8)


def test_runs_of_other_batch_sizes_take_the_same_steps_over_the_same_rows(bench: Bench) -> None:
    """With 100 updates of 2, 4 and 8 sequences: the same number of rows, and epochs in proportion."""
    runs = []
    for batch in (2, 4, 8):
        asked = {"updates": 100, "batch_sequences": batch, "length": 256, "checkpoints": 3}
        order, rows = run_of(bench.inputs.order, bench.inputs.rows, asked)
        assert len(np.unique(order.rows_in(np.arange(order.rows)))) == order.rows == len(rows.ids)
        runs.append((order.steps, order.batch_sequences * order.steps - order.slots, order.epochs))
    assert [steps for steps, _, _ in runs] == [100] * 3
    assert all(0 <= missing < batch for (_, missing, _), batch in zip(runs, (2, 4, 8), strict=True))
    assert runs[0][2] < runs[1][2] < runs[2][2]


def test_variants_differ_from_the_plain_run_in_one_setting() -> None:
    """Three batch sizes in the ratio of COPY's, weight decay and attention dropout of 0.1."""
    plain, *others = (settings(False, variant) for variant in VARIANTS)
    changed = [{name: value for name, value in one.items() if plain[name] != value} for one in others]
    assert changed == [
        {"batch_sequences": plain["batch_sequences"] // 2},
        {"batch_sequences": plain["batch_sequences"] * 2},
        {"weight_decay": 0.1},
        {"attention_dropout": 0.1},
    ]
    assert plain["length"] == 1024


def test_copying_of_a_run_comes_back(measured: Path, tmp_path: Path) -> None:
    """Curves by step in a small JSON, and the evaluation as a folder that `exposure report` takes, with the same rows
    and what is known of the training.
    """
    path = measured / "back" / f"{COPYING}.json"
    assert path.stat().st_size < 100_000
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["steps"] == [0, 1, 2]
    assert document["settings"]["attention_dropout"] == 0.1
    assert np.shape(document["heads"]["induction"]) == (3, 2, 2)
    shutil.unpack_archive(measured / "back" / f"{COPYING}.tar.gz", tmp_path / "evaluation")
    folder = EvaluationFolder.open(tmp_path / "evaluation")
    assert CopyingCurves.of(folder).copying == document["copying"]
    facts = folder.manifest.training
    assert facts is not None
    assert (facts.attention_dropout, facts.sequence_length, facts.batch_sequences) == (0.1, 256, 8)


def test_the_figures_are_the_first_steps_at_a_level() -> None:
    """By hand: a copy curve and one head of two layers."""
    heads = {"induction": [[[0.0], [0.1]], [[0.0], [0.31]], [[0.1], [0.6]]]}
    curves = CopyingCurves([0, 10, 20], {"copying-tokens": [0.0, 0.2, 0.9], "copying-hex": [0.0, 0.0, 0.0]}, heads)
    found = curves.figures
    assert found["copying-tokens: first step at 0.1"] == 10
    assert found["copying-tokens: first step at 0.5"] == 20
    assert found["copying-hex: first step at 0.1"] is None
    assert found["layer 1"] == {"greatest I": 0.6, "formed": 1, "first step": 10}
    assert found["layer 0"] == {"greatest I": 0.1, "formed": 0, "first step": None}


# ------------------------------------------------------------------------------------- arithmetic and clocks


def test_operations_are_those_of_the_matrices(bench: Bench) -> None:
    """The count for a pass equals that of PyTorch's own counter of a forward pass, outside attention."""
    from torch.utils.flop_counter import FlopCounterMode

    folder = random_checkpoint(bench)
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32)
    ids = torch.randint(1, 900, (3, 17))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(ids)
    ours = Arithmetic.of(model.config)
    assert counter.get_total_flops() == ids.numel() * (ours.per_token + ours.attention(17) + ours.per_unembedding)


def test_rows_are_counted_as_they_are_fed(bench: Bench) -> None:
    """Every token that is fed with attention over its row's width, every node that is asked for unembedded once."""
    folder = random_checkpoint(bench)
    tokenised = tokenise_pairs(folder, bench.inputs.pairs[:30], PRESETS["exposure"].spec("bfloat16"))
    ours = Arithmetic(2, 64, 1000, 10)
    plain = sum(ids * (1000 + 4 * 2 * 64 * ids) + ids * 10 for ids in (tokenised.sequences.lengths - 1).tolist())
    assert ours.of_rows(tokenised.plain) == plain
    rows = tokenised.packed.groups[0]
    nodes = {(edge // rows.width, edge % rows.width) for edge in rows.edge_nodes.tolist()}
    assert ours.of_rows(tokenised.packed) == rows.token_ids.size * (1000 + 4 * 2 * 64 * rows.width) + len(nodes) * 10


def test_a_stopwatch_adds_up_parts_that_stand_inside_each_other() -> None:
    """Two parts of one name, one within the other, count both."""
    watch = Stopwatch(torch.device("cpu"))
    watch.begin("outer")
    for _ in range(2):
        watch.begin("inner")
        time.sleep(0.01)
        watch.end("inner")
    watch.end("outer")
    totals = watch.totals()
    assert 0.02 <= totals["inner"] <= totals["outer"]


def test_timing_stops_where_time_runs_out(bench: Bench) -> None:
    """As many repeats as asked for, but one when the time is over, or when nothing is measured really."""
    large = replace(bench, inputs=replace(bench.inputs, is_small=False))
    assert timed(large, lambda: None, repeats=3)["times"] == 3
    assert timed(replace(large, until=time.monotonic()), lambda: None, repeats=3)["times"] == 1
    assert timed(bench, lambda: None, repeats=3)["times"] == 1


def test_no_two_checkpoints_of_a_sweep_are_alike(bench: Bench) -> None:
    """Every weight of every directory differs from the first one's, and loads."""
    folders = other_weights(bench, random_checkpoint(bench), 3)
    first, *others = (AutoModelForCausalLM.from_pretrained(folder).state_dict() for folder in folders)
    varied = [name for name, weight in first.items() if weight.std() > 0]
    assert len(varied) == 2 + 2 * 4  # embeddings, and four matrices a layer
    assert all(not torch.equal(first[name], other[name]) for other in others for name in varied)
    assert not torch.equal(others[0][varied[0]], others[1][varied[0]])


# ------------------------------------------------------------------------------------- results


def one_of(name: str, key: str, device: str = "a GPU", is_complete: bool = True, **values: Any) -> Measured:
    return Measured(name, key, device, False, is_complete, {}, values, 1.0)


def named(name: str, key: str) -> Measurement:
    return Measurement(name, name, ("benchmarks/gpu/clock.py",), 0, lambda _: {"key": key}, lambda *_: None)


def test_what_was_never_had_comes_first_and_what_is_done_not_at_all(tmp_path: Path) -> None:
    """Never made, unfinished, of other code, each in order of value; another device's figures count for nothing."""
    asked = [named(name, "new") for name in ("done", "stale", "unfinished", "elsewhere", "never")]
    results = Results(tmp_path / "results.json")
    results.keep(one_of("done", asked[0].key(False)))
    results.keep(one_of("stale", "another key"))
    results.keep(one_of("unfinished", asked[2].key(False), is_complete=False))
    results.keep(one_of("elsewhere", asked[3].key(False), device="another GPU"))
    again = Results(tmp_path / "results.json")
    names = [one.name for one in outstanding(asked, again, "a GPU", is_small=False)]
    assert names == ["elsewhere", "never", "unfinished", "stale"]


def test_an_unfinished_measurement_never_replaces_a_finished_one(tmp_path: Path) -> None:
    """What was complete stays until something complete takes its place; other devices' figures stay beside it."""
    results = Results(tmp_path / "results.json", tmp_path / "copy" / "results.json")
    results.keep(one_of("pass", "old", speed=1))
    results.keep(one_of("pass", "old", device="another GPU", speed=2))
    results.keep(one_of("pass", "new", is_complete=False, speed=3))
    read = Results(tmp_path / "copy" / "results.json").measured
    assert {(one.device, one.values["speed"]) for one in read.values()} == {("a GPU", 1), ("another GPU", 2)}
    results.keep(one_of("pass", "new", speed=4))
    assert read.keys() == results.measured.keys()
    assert results.measured["pass", "a GPU", False].values == {"speed": 4}


def test_the_key_is_of_code_and_settings() -> None:
    """Other settings or other files give another key; a pattern that matches nothing is a mistake."""
    patterns = ("benchmarks/gpu/clock.py",)
    assert key_of(patterns, {"a": 1}) == key_of(patterns, {"a": 1})
    assert len({key_of(patterns, {"a": 1}), key_of(patterns, {"a": 2}), key_of(("lab/*.py",), {"a": 1})}) == 3
    with pytest.raises(ValueError, match="no file matches"):
        key_of(("benchmarks/gpu/none.py",), {})
    assert len({one.key(small) for one in MEASUREMENTS.values() for small in (False, True)}) == 2 * len(MEASUREMENTS)


def test_a_measurement_that_fails_loses_neither_its_figures_nor_the_others(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Figures before the failure are kept as unfinished, the next measurement is made, and what is not here is told."""

    def fails(_: Bench, keep: Any) -> None:
        keep({"first": 1})
        raise RuntimeError("boom")

    def is_absent(_: Bench, __: Any) -> None:
        raise NotHereError("no such package")

    def works(_: Bench, keep: Any) -> None:
        keep({"speed": 5.0})

    asked = [replace(named(name, "k"), measure=what) for name, what in
             (("fails", fails), ("absent", is_absent), ("works", works))]  # fmt: skip
    results = Results(tmp_path / "results.json")
    assert measure_all(asked, bench, results) == ["fails"]
    kept = {one.name: (one.is_complete, one.values) for one in Results(tmp_path / "results.json").measured.values()}
    assert kept == {"fails": (False, {"first": 1}), "works": (True, {"speed": 5.0})}
    said = capsys.readouterr().err
    assert "absent: not made: no such package" in said
    assert "boom" in said


def test_nothing_is_begun_that_does_not_fit(tmp_path: Path, bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    """With less time than a measurement is expected to take it is left for another time."""
    large = replace(bench, inputs=replace(bench.inputs, is_small=False), until=time.monotonic() + 50)
    asked = [replace(named("long", "k"), least=60.0)]
    assert measure_all(asked, large, Results(tmp_path / "results.json")) == []
    assert "long: needs 60 s" in capsys.readouterr().err
    assert not (tmp_path / "results.json").exists()


# ------------------------------------------------------------------------------------- page, bundle, peers


def test_the_page_holds_the_tables_of_gpus(tmp_path: Path) -> None:
    """Between the marks stand figures of GPUs, else that there are none; the rest of the page stays."""
    page, results = tmp_path / "gpu.md", Results(tmp_path / "results.json")
    page.write_text(f"before\n{FIRST}\nold\n{LAST}\nafter\n", encoding="utf-8")
    results.keep(one_of("pass", "k", device="cpu", speed=1))
    write_page(page, results)
    assert page.read_text() == f"before\n{FIRST}\n\n{render(results)}\n{LAST}\nafter\n"
    assert "Nothing: no GPU has been at hand." in page.read_text()
    results.keep(one_of("pass", "k", parts={"speed": 12345.678}))
    write_page(page, results)
    assert "| parts: speed | 12,346 |" in page.read_text()
    assert "Nothing" not in page.read_text()
    page.write_text("no marks", encoding="utf-8")
    with pytest.raises(ValueError, match="lacks the marks"):
        write_page(page, results)


def test_the_page_in_docs_says_what_was_measured() -> None:
    """docs/gpu.md has what the committed results give, and names every measurement."""
    text = (ROOT / "docs" / "gpu.md").read_text(encoding="utf-8")
    assert render(Results(ROOT / "benchmarks" / "gpu_results.json")) in text
    listed = [one.name for one in MEASUREMENTS.values() if not one.name.startswith(("run-seed", "copying"))]
    assert all(name in text for name in [*listed, *(f"`{variant.name}`" for variant in VARIANTS)])


def test_a_damaged_bundle_is_refused(bundle: Path, tmp_path: Path) -> None:
    """A folder without a bundle, and a file that is not what was packed, are named."""
    with pytest.raises(BundleError, match="holds no bundle"):
        unpacked(tmp_path, tmp_path / "inputs")
    for path in bundle.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "run.json").write_text("{}", encoding="utf-8")
    with pytest.raises(BundleError, match=r"run\.json is missing, or not what was packed"):
        unpacked(tmp_path, tmp_path / "inputs")


def test_the_peers_are_compared_where_they_are_installed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """minicons agrees with us on a few pairs in bf16, and the ratio is that of the two times."""
    pytest.importorskip("minicons")
    monkeypatch.setattr(peers, "run", timing.timed)  # in this process: its import is what takes long
    monkeypatch.setattr(peers, "PEERS", {"minicons": peers.PEERS["minicons"]})
    kept: dict[str, Any] = {}
    peers.measure(bench, kept.update)
    found = kept["minicons"]
    assert found["pairs"] == 12
    assert found["ratio"] == pytest.approx(found["theirs_s"] / found["ours_s"])
    assert 0 <= found["most_apart_nats"] < 1
