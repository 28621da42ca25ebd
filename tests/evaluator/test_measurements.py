"""measurements.parquet against the report's own table, against plain loops, and as a file that others add to."""

from __future__ import annotations

import csv
import json
import random
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from report_pages import QUICK
from synthetic_evaluations import DELAYED, PLANTS, Plant, write_evaluation

from evaluator.folder import EvaluationFolder
from evaluator.intervals import wilson
from evaluator.measurement_file import facts_of, merge_measures, read_measurements
from evaluator.measurements import MEASUREMENTS, keep_measurements, step_measurements, write_measurements
from evaluator.report.build import build_report
from evaluator.split_file import keep_split, read_parts
from evaluator.split_witness import SPLIT
from exposure.cli import root
from exposure.errors import EvaluationError
from exposure.measurement import Measurement
from exposure.splits import SplitRequest, split_pairs

MIXED = (
    *PLANTS,
    Plant("half_scanned", 60, 30, unknown=50, phenomenon="s-selection", field="syntax_semantics"),
    Plant("no_phrase_here", 0, 0, no_phrase=60, phenomenon="argument_structure"),
    Plant("all_seen", 40, 0),
)
STEPS = (0, 100, 500, 2000)
Key = tuple[str, str, str, str, int]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> EvaluationFolder:
    """A measured evaluation under two conventions."""
    made = write_evaluation(
        tmp_path_factory.mktemp("measured") / "small", MIXED, steps=STEPS, presets=("exposure", "lm-eval")
    )
    write_measurements(made, QUICK)
    return made


@pytest.fixture(scope="module")
def rows(folder: EvaluationFolder) -> list[Measurement]:
    """What it measured."""
    return read_measurements(folder.path / MEASUREMENTS)


def _of(rows: list[Measurement], measure: str) -> dict[Key, Measurement]:
    return {
        (row.level, row.group, row.split, row.convention or "", row.step): row for row in rows if row.measure == measure
    }


def _csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _number(text: str) -> float | None:
    return float(text) if text else None


def test_measurements_are_the_points_of_accuracy_csv(folder: EvaluationFolder, rows: list[Measurement]) -> None:
    """Every point of every curve of the report is there, with its own intervals, and no accuracy that is not."""
    points = _csv(folder.path / "report" / "accuracy.csv")
    bootstrap, macro, counted = (_of(rows, name) for name in ("accuracy", "macro-accuracy", "accuracy-wilson"))
    ties, deltas = _of(rows, "ties"), _of(rows, "mean-delta")
    seen = set()
    for point in points:
        group = "all" if point["level"] == "overall" else point["group"]
        key = (point["level"], group, point["split"], point["convention"], int(point["step"]))
        if point["average"] == "paradigms":
            found = macro[key]
            seen.add(("macro-accuracy", key))
        else:
            found = bootstrap[key]
            seen.add(("accuracy", key))
            assert (found.n, counted[key].n) == (int(point["pairs"]),) * 2
            assert counted[key].value == _number(point["accuracy"])
            assert counted[key].low == _number(point["wilson_low"])
            assert counted[key].high == _number(point["wilson_high"])
            assert ties[key].value == _number(point["ties"])
            assert deltas[key].value == pytest.approx(_number(point["mean_delta"]), abs=1e-12)
        assert found.value == _number(point["accuracy"])
        assert (found.low, found.high) == (_number(point["bootstrap_low"]), _number(point["bootstrap_high"]))
    assert seen == {("accuracy", key) for key in bootstrap} | {("macro-accuracy", key) for key in macro}
    assert len(points) == len(seen) > 100


def _truth(folder: EvaluationFolder, spec: int) -> list[dict[str, object]]:
    """Every scored pair at every step, read by hand: its groups, its part and whether it is right."""
    stored = folder.exposures
    assert stored is not None
    parts = {(one.uid, one.pair_id): one.split for one in split_pairs(stored, stored.critical, SplitRequest())}
    pairs = pq.read_table(folder.path / "pairs.parquet").to_pylist()
    found: list[dict[str, object]] = []
    for record in folder.checkpoints:
        items = pq.read_table(folder.items_path(folder.manifest.specs[spec], record.weights_sha256 or "")).to_pylist()
        for pair, item in zip(pairs, items, strict=True):
            delta = item["score_good"] - item["score_bad"]
            found.append({
                "step": record.step, "uid": pair["uid"], "part": parts[(pair["uid"], pair["pair_id"])],
                "phenomenon": pair["phenomenon"].replace("s-selection", "argument_structure"),
                "field": pair["field"].replace("syntax_semantics", "syntax/semantics"), "delta": delta,
            })  # fmt: skip
    return found


@pytest.mark.parametrize("convention", [0, 1])
def test_counts_of_every_level_and_part_are_those_of_plain_loops(
    folder: EvaluationFolder, rows: list[Measurement], convention: int
) -> None:
    """Also of phenomena, fields and all together in one part, and under a convention beside the primary one."""
    name = folder.manifest.conventions[convention].name
    truth = _truth(folder, convention)
    names = {"paradigm": "uid", "phenomenon": "phenomenon", "field": "field"}
    checked = 0
    deltas = _of(rows, "mean-delta")
    for key, row in _of(rows, "accuracy-wilson").items():
        if row.convention != name:
            continue
        held = [
            one["delta"]
            for one in truth
            if one["step"] == row.step
            and row.split in ("everything", one["part"])
            and (row.level == "overall" or one[names[row.level]] == row.group)
        ]
        assert row.n == len(held)
        if not held:
            assert (row.value, row.low, row.high, deltas[key].value) == (None,) * 4
            continue
        right = sum(one > 0 for one in held)  # no tie is planted
        low, high = wilson(right, len(held))  # type: ignore[arg-type]
        assert (row.value, row.low, row.high) == (right / len(held), float(low), float(high))
        assert deltas[key].value == pytest.approx(sum(held) / len(held))
        checked += 1
    assert checked > 3 * len(STEPS) * 6


def test_paradigms_and_phenomena_name_their_phenomenon(rows: list[Measurement]) -> None:
    """The published one, whatever the files call it; nothing else has one."""
    assert {row.phenomenon for row in rows if row.group == "half_scanned"} == {"argument_structure"}
    assert {row.phenomenon for row in rows if (row.level, row.group) == ("phenomenon", "islands")} == {"islands"}
    assert {row.phenomenon for row in rows if row.level in ("field", "overall")} == {None}


def test_macro_accuracy_counts_paradigms(rows: list[Measurement]) -> None:
    """It is their mean, so `n` is how many they are."""
    assert {row.n for row in rows if row.measure == "macro-accuracy" and row.level == "overall"} == {len(MIXED)}


def test_rows_are_sorted_and_a_measure_is_one_row_group(folder: EvaluationFolder, rows: list[Measurement]) -> None:
    """By measure, level, group, split and step: readers of one measure read nothing else."""
    keys = [(row.measure, row.level, row.group, row.split, row.step, row.convention) for row in rows]
    assert keys == sorted(keys)
    with pq.ParquetFile(folder.path / MEASUREMENTS) as file:
        groups = [set(file.read_row_group(at)["measure"].to_pylist()) for at in range(file.num_row_groups)]
    assert groups == [{name} for name in sorted({row.measure for row in rows})]


def test_the_same_evaluation_and_request_give_the_same_bytes(folder: EvaluationFolder) -> None:
    """Written anew, and over what is there; another request gives others, and the metadata say which."""
    files = [folder.path / name for name in (MEASUREMENTS, SPLIT)]
    before = [path.read_bytes() for path in files]
    report = build_report([folder.path], QUICK)
    assert keep_measurements(folder, report) == [SPLIT, MEASUREMENTS]
    assert [path.read_bytes() for path in files] == before
    for path in files:
        path.unlink()
    keep_measurements(folder, report)
    assert [path.read_bytes() for path in files] == before
    made = facts_of(folder.path / MEASUREMENTS)
    assert made.measures == ("accuracy", "accuracy-wilson", "macro-accuracy", "mean-delta", "ties")
    assert {one["request"]["delay"]["resamples"] for one in made.provenance.values()} == {QUICK.delay.resamples}


def test_other_measures_stay_when_an_evaluation_is_measured_again(tmp_path: Path) -> None:
    """Heads of layers, say, which another part measures; and the order of writing does not matter."""
    heads = [
        Measurement("induction", step, "overall", "all", None, "everything", layer, head, 0.5, 10, None, None, None)
        for step in (0, 100)
        for layer in range(3)
        for head in range(2)
    ]
    written = []
    for first in (True, False):
        made = write_evaluation(tmp_path / str(first) / "small", (DELAYED,), steps=(0, 2000))
        path = made.path / MEASUREMENTS
        random.Random(0).shuffle(heads)
        if first:
            merge_measures(path, heads, {"format": "induction"})
        write_measurements(made, QUICK)
        if not first:
            merge_measures(path, heads, {"format": "induction"})
        kept = [row for row in read_measurements(path) if row.measure == "induction"]
        assert kept == sorted(heads, key=lambda row: (row.step, row.layer or 0, row.head or 0))
        assert facts_of(path).provenance["induction"] == {"format": "induction"}
        assert facts_of(path).provenance["accuracy"]["format"] == "exposure.report"
        written.append(path.read_bytes())
    assert written[0] == written[1]


def test_a_step_is_measured_as_it_will_stand_in_the_file(folder: EvaluationFolder, rows: list[Measurement]) -> None:
    """What is streamed is what is found later: all pairs, and both parts of the split."""
    for step in STEPS:
        streamed = step_measurements(folder, step, QUICK)
        assert [row.split for row in streamed] == ["everything", "proxy-train", "proxy-validation"]
        for row in streamed:
            assert row in rows


def test_a_step_keeps_the_split_of_its_request(tmp_path: Path) -> None:
    """A request's own split; without one, that which was asked for last; without either, the whole run's."""
    made = write_evaluation(tmp_path / "small", (DELAYED,), steps=(0, 2000))

    def train(*request: object) -> int | None:
        return step_measurements(made, 2000, *request)[1].n  # type: ignore[arg-type]

    def by_hand(asked: SplitRequest) -> int:
        stored = made.exposures
        assert stored is not None
        return sum(one.split == "proxy-train" for one in split_pairs(stored, stored.critical, asked))

    early = SplitRequest(at_step=200)
    assert train() == by_hand(SplitRequest()) != by_hand(early)
    assert train(replace(QUICK, at_step=200)) == by_hand(early) == train()
    (made.path / SPLIT).write_bytes(b"torn")
    assert train() == by_hand(SplitRequest())


def test_a_split_is_made_again_when_the_exposures_are_others(tmp_path: Path) -> None:
    """What is kept is of the exposures that are there."""
    made = write_evaluation(tmp_path / "small", (DELAYED,), steps=(0, 2000))
    before = keep_split(made, None)
    other = write_evaluation(tmp_path / "other", (DELAYED,), steps=(0, 200)).exposures
    assert other is not None
    assert before is not None
    made.keep_exposures(replace(other, facts=tuple(reversed(other.facts))))
    after = keep_split(made, None)
    assert after is not None
    assert after.parts != before.parts


def test_an_evaluation_without_a_timeline_has_no_parts(tmp_path: Path) -> None:
    """Everything is measured of all pairs alone, and there is no split to keep."""
    made = write_evaluation(tmp_path / "small", (DELAYED,), steps=(0, 2000), with_exposures=False)
    written = write_measurements(made, QUICK)
    assert SPLIT not in written
    assert not (made.path / SPLIT).exists()
    assert {row.split for row in read_measurements(made.path / MEASUREMENTS)} == {"everything"}
    assert [row.split for row in step_measurements(made, 0)] == ["everything"]


def test_a_report_of_some_paradigms_measures_those(tmp_path: Path) -> None:
    """The metadata say which; overall is then of these."""
    made = write_evaluation(tmp_path / "small", PLANTS, steps=(0, 2000))
    write_measurements(made, replace(QUICK, uids=("island_never",)))
    rows = read_measurements(made.path / MEASUREMENTS)
    assert {row.group for row in rows if row.level == "paradigm"} == {"island_never"}
    assert {row.n for row in rows if row.level == "overall" and row.split == "everything"} == {600, 1}


def test_sets_that_grow_have_no_parts(tmp_path: Path) -> None:
    """Under seen-by a part is another one at each checkpoint: as in accuracy.csv, only everything is measured."""
    made = write_evaluation(tmp_path / "small", (DELAYED,), steps=(0, 2000))
    write_measurements(made, replace(QUICK, policy="seen-by"))
    assert {row.split for row in read_measurements(made.path / MEASUREMENTS)} == {"everything"}


def test_a_step_that_is_not_scored_is_said(folder: EvaluationFolder) -> None:
    """With its number."""
    with pytest.raises(EvaluationError, match="no scores of step 77"):
        step_measurements(folder, 77)


@pytest.mark.parametrize("content", [b"", b"PAR1 but not really PAR1", None])
def test_a_damaged_file_is_refused_with_what_to_do(tmp_path: Path, content: bytes | None) -> None:
    """Torn, or another Parquet file: never taken for measurements, and never written over unseen."""
    path = tmp_path / MEASUREMENTS
    if content is None:
        pq.write_table(pq.read_table(write_evaluation(tmp_path / "e", (DELAYED,), (0,)).path / "pairs.parquet"), path)
    else:
        path.write_bytes(content)
    for read in (read_measurements, facts_of):
        with pytest.raises(EvaluationError, match="Delete it and run `exposure report`"):
            read(path)
    with pytest.raises(EvaluationError, match="Delete it and run `exposure report`"):
        merge_measures(path, [], {})


def test_no_flipped_byte_of_a_split_is_believed(tmp_path: Path) -> None:
    """Neither in a page nor in the foot of the file, which no page's checksum covers: refused, or the same parts."""
    made = write_evaluation(tmp_path / "small", (Plant("p", 30, 20, no_phrase=3),), steps=(0, 2000))
    assert keep_split(made, None) is not None
    path = made.path / SPLIT
    content, truth, refused = path.read_bytes(), read_parts(path), 0
    for place in range(0, len(content), 3):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1 << place % 8]) + content[place + 1 :])
        try:
            assert read_parts(path) == truth, place
        except EvaluationError:
            refused += 1
    assert refused > 200


def test_a_split_of_an_older_version_is_read_and_made_anew(tmp_path: Path) -> None:
    """Without seal and digest; the next report writes it with them."""
    made = write_evaluation(tmp_path / "small", (DELAYED,), steps=(0, 2000))
    keep_split(made, None)
    path = made.path / SPLIT
    sealed_bytes, table = path.read_bytes(), pq.read_table(path)
    document = json.loads(table.schema.metadata[b"exposure"])
    bare = {name: value for name, value in document.items() if name not in ("parts_sha256", "sha256")}
    pq.write_table(table.replace_schema_metadata({"exposure": json.dumps(bare)}), path, write_page_checksum=True)
    assert read_parts(path).to_pylist() == table["split"].to_pylist()
    keep_split(made, None)
    assert path.read_bytes() == sealed_bytes


def test_lost_exposures_do_not_make_an_evaluation_one_without_a_timeline(tmp_path: Path) -> None:
    """Neither read nor reported on, as long as the split or the measurements know better."""
    made = write_evaluation(tmp_path / "small", (DELAYED,), steps=(0, 2000))
    write_measurements(made, QUICK)
    (made.path / "exposures.parquet").unlink()
    for witness in (SPLIT, MEASUREMENTS):
        with pytest.raises(EvaluationError, match=f"{witness} says that a timeline split .* with the timeline again"):
            build_report([made.path], QUICK)
        (made.path / witness).unlink()
    assert made.exposures is None


def test_a_report_in_its_evaluation_comes_with_measurements(tmp_path: Path) -> None:
    """`exposure report` serves an evaluation that was made by the shell; a report elsewhere changes nothing."""
    made = write_evaluation(tmp_path / "small", (DELAYED,), steps=(0, 2000))
    quick = ("--permutations", "20", "--bootstrap", "20")
    root.main(["report", str(made.path), *quick, "--out", str(tmp_path / "elsewhere")], standalone_mode=False)
    assert not (made.path / MEASUREMENTS).exists()
    root.main(["report", str(made.path), *quick], standalone_mode=False)
    by_shell = (made.path / MEASUREMENTS).read_bytes()
    assert len(read_measurements(made.path / MEASUREMENTS)) > 0
    document = next(iter(facts_of(made.path / MEASUREMENTS).provenance.values()))
    assert json.dumps(document["request"]["delay"]["permutations"]) == "20"
    root.main(["report", str(made.path), *quick, "--out", str(made.path / "report")], standalone_mode=False)
    assert (made.path / MEASUREMENTS).read_bytes() == by_shell
