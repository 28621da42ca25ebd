"""Items over REST, against the files of scores read by hand."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from evaluator.folder import EvaluationFolder
from exposure.answer_schema import answer_schema
from exposure.api.resources import ItemScore
from exposure.splits import SplitRequest, split_pairs
from service.evaluations.item_rows import Items
from service.evaluations.pages import Asked
from service.evaluations.row_parameters import ItemParameters
from service.evaluations.stored import StoredEvaluation
from service.settings import Settings

ITEMS = "/v1/evaluations/nasty/items"
TIE = {"exposure": 0.0, "lm-eval": 1.0, "minicons": 0.0}


def whole(data: Path, convention: str = "exposure") -> list[dict[str, Any]]:
    """Every item of the evaluation, by plain loops over what stands in its files."""
    folder = EvaluationFolder.open(data / "evaluations" / "nasty")
    (chosen,) = [one for one in folder.manifest.conventions if one.name == convention]
    stored = folder.exposures
    assert stored is not None
    parts = {(one.uid, one.pair_id): one.split for one in split_pairs(stored, stored.critical, SplitRequest())}
    pairs = pq.read_table(folder.path / "pairs.parquet").to_pylist()
    rows = []
    for record in folder.checkpoints:
        if record.status != "scored":
            continue
        name = f"{(record.weights_sha256 or '')[:16]}.parquet"
        path = folder.path / "scores" / folder.manifest.spec(chosen).name / name
        for pair, item in zip(pairs, pq.read_table(path).to_pylist(), strict=True):
            good, bad = (_score(item, side, chosen.norm) for side in ("good", "bad"))
            delta = None if good is None or bad is None else good - bad
            rows.append({
                "step": record.step, "uid": pair["uid"], "pair_id": pair["pair_id"],
                "phenomenon": "argument_structure" if pair["phenomenon"] == "s-selection" else pair["phenomenon"],
                "score_good": good, "score_bad": bad, "delta": delta,
                "correct": None if delta is None else TIE[convention] if delta == 0 else float(delta > 0),
                "split": parts[(pair["uid"], pair["pair_id"])], "convention": convention,
            })  # fmt: skip
    return rows


def _score(item: dict[str, Any], side: str, norm: str) -> float | None:
    tokens = item[f"token_log_probs_{side}"]
    if not tokens:
        return None
    return sum(tokens) / (len(tokens) if norm == "per-token" else 1)


@pytest.mark.parametrize("convention", ["exposure", "lm-eval", "minicons"])
def test_items_are_what_the_files_of_scores_say(ask: Any, evaluated: Path, convention: str) -> None:
    """Both sides, their difference, whether that is right, and the part, under every convention."""
    found = ask.get(ITEMS, params={"from_step": 0, "convention": convention}).json()["answers"]
    truth = whole(evaluated, convention)
    assert [{**one, "score_good": 0, "score_bad": 0, "delta": 0} for one in found] == [
        {**one, "score_good": 0, "score_bad": 0, "delta": 0} for one in truth
    ]
    for name in ("score_good", "score_bad", "delta"):
        assert [one[name] for one in found] == [
            None if one[name] is None else pytest.approx(one[name], abs=1e-12) for one in truth
        ]
    assert {one["correct"] for one in found} == {None, 0.0, 1.0}
    assert len({one["split"] for one in found}) == 5
    assert sum(one["delta"] == 0 for one in found) > 20


def test_every_combination_of_filters_is_the_filtered_whole(ask: Any, evaluated: Path) -> None:
    """Drawn at random from what there is: no filter changes the rows that it lets through, or their order."""
    truth = whole(evaluated)
    draw = random.Random(5)
    sizes = set()
    for _ in range(120):
        asked = _drawn(draw)
        found = ask.get(ITEMS, params=asked).json()["answers"]
        expected = [one for one in truth if _fits(one, asked)]
        assert [(one["step"], one["uid"], one["pair_id"], one["split"]) for one in found] == [
            (one["step"], one["uid"], one["pair_id"], one["split"]) for one in expected
        ], asked
        sizes.add(len(found))
    assert 0 in sizes
    assert len(sizes) > 12


def _drawn(draw: random.Random) -> dict[str, Any]:
    choices: dict[str, list[Any]] = {
        "step": [[0], [100, 400], [400, 0, 200]],
        "from_step": [0, 1, 100, 250, 9999],
        "to_step": [0, 99, 200, 9999],
        "uid": [["plain"], ["agreement_1", "selected"]],
        "phenomenon": ["agreement", "argument_structure"],
        "pair_id": ["0", "3", "14"],
        "split": ["proxy-train", "proxy-validation", "no_phrase", "unknown", "not_indexed", "refused"],
    }
    names = draw.sample(sorted(choices), draw.randint(0, 4))
    asked = {name: draw.choice(choices[name]) for name in names}
    if not asked.keys() & {"step", "from_step", "to_step", "uid"}:
        asked["from_step"] = 0
    return asked


def _fits(one: dict[str, Any], asked: dict[str, Any]) -> bool:
    return all(
        one["step"] >= value if name == "from_step"
        else one["step"] <= value if name == "to_step"
        else one[name] in value if isinstance(value, list)
        else one[name] == value
        for name, value in asked.items()
    )  # fmt: skip


@pytest.mark.parametrize("limit", [1, 7, 59, 60, 61, 240, 1000])
def test_pages_make_the_whole(ask: Any, limit: int) -> None:
    """Of any size, also where a page ends with a checkpoint; the last has no next."""
    asked = {"from_step": 0} if limit > 1 else {"uid": "plain", "to_step": 100}
    expected = ask.get(ITEMS, params=asked).json()["answers"]
    found, cursor = [], None
    for _ in range(len(expected) // limit + 1):
        page = ask.get(ITEMS, params={**asked, "limit": limit} | ({"cursor": cursor} if cursor else {}))
        assert (page.json().get("next") is None) == ("link" not in page.headers)
        found += page.json()["answers"]
        cursor = page.json().get("next")
        if cursor is None:
            break
    assert cursor is None
    assert found == expected


def test_pages_go_on_by_the_link_in_every_form(ask: Any) -> None:
    """Forms without an envelope find the next page there."""
    expected = ask.get(ITEMS, params={"step": 0}, headers={"Accept": "text/csv"}).text.splitlines()
    url: str | None = f"{ITEMS}?step=0&limit=25"
    found: list[str] = []
    while url:
        page = ask.get(url, headers={"Accept": "text/csv"})
        found += page.text.splitlines()[1 if found else 0 :]
        link = page.headers.get("link")
        url = link.partition(">")[0].removeprefix("<") if link else None
    assert found == expected


def test_all_forms_have_the_same_rows(ask: Any) -> None:
    """JSON, NDJSON, CSV, Arrow and Parquet."""
    asked = {"params": {"step": [100, 200], "convention": "minicons"}}
    rows = ask.get(ITEMS, **asked).json()["answers"]
    arrow = ask.get(ITEMS, **asked, headers={"Accept": "application/vnd.apache.arrow.stream"}).content
    table = pa.ipc.open_stream(arrow).read_all()
    assert table.schema.equals(answer_schema(ItemScore))
    assert table.to_pylist() == rows
    parquet = ask.get(ITEMS, **asked, headers={"Accept": "application/vnd.apache.parquet"}).content
    assert pq.read_table(pa.BufferReader(parquet)).to_pylist() == rows
    csv = ask.get(ITEMS, **asked, headers={"Accept": "text/csv"}).content
    strings = pa.csv.ConvertOptions(column_types=answer_schema(ItemScore), strings_can_be_null=True)
    assert pa.csv.read_csv(pa.BufferReader(csv), convert_options=strings).to_pylist() == rows
    ndjson = ask.get(ITEMS, **asked, headers={"Accept": "application/x-ndjson"})
    assert len(ndjson.text.splitlines()) == len(rows)


def test_too_many_rows_are_refused_with_their_number(asking: Any, evaluated: Path) -> None:
    """And come in pages of what is allowed."""
    ask = asking(evaluated, result_rows=100)
    refused = ask.get(ITEMS, params={"from_step": 0})
    assert refused.status_code == 422
    assert refused.json()["type"] == "/problems/limit-exceeded"
    assert "240 rows, 100 is the most" in refused.json()["detail"]
    page = ask.get(ITEMS, params={"from_step": 0, "limit": 1000})
    assert len(page.json()["answers"]) == 100
    assert page.json()["next"]
    assert len(ask.get(ITEMS, params={"step": 0}).json()["answers"]) == 60


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ({}, 422, "Give steps"),
        ({"pair_id": "0"}, 422, "Give steps"),
        ({"step": 7}, 404, "no such checkpoint"),
        ({"step": 300}, 404, "the same weights as step 200"),
        ({"step": 500}, 404, "could not be scored"),
        ({"uid": ["plain", "nope"]}, 404, "'nope'"),
        ({"step": 0, "phenomenon": "s-selection"}, 404, "'s-selection'"),
        ({"step": 0, "pair_id": "99"}, 404, "'99'"),
        ({"step": 0, "convention": "nope"}, 404, "exposure, lm-eval, minicons"),
        ({"step": 0, "split": "everything"}, 422, "query.split"),
        ({"step": 0, "stepp": 1}, 422, "query.stepp"),
        ({"step": 0, "limit": 0}, 422, "query.limit"),
        ({"step": 0, "cursor": "nonsense"}, 422, "query.cursor"),
        ({"step": -1}, 422, "query.step"),
        ({"uid": "plain", "limit": [1, 2]}, 422, "query.limit"),
    ],
)
def test_what_cannot_be_answered_is_said(ask: Any, asked: dict[str, Any], status: int, said: str) -> None:
    """Never an empty answer to a name that nothing has."""
    refused = ask.get(ITEMS, params=asked)
    assert refused.status_code == status, refused.text
    assert said in refused.json()["detail"]


def test_a_cursor_holds_for_its_own_question(ask: Any) -> None:
    """Another question would begin in the middle; another size of page is the same question."""
    cursor = ask.get(ITEMS, params={"step": 0, "limit": 5}).json()["next"]
    assert ask.get(ITEMS, params={"step": 100, "limit": 5, "cursor": cursor}).status_code == 422
    assert len(ask.get(ITEMS, params={"step": 0, "limit": 9, "cursor": cursor}).json()["answers"]) == 9


def test_without_a_timeline_no_pair_is_in_a_part(ask: Any) -> None:
    """The part is null, and asking for one is answered with what is missing."""
    bare = "/v1/evaluations/bare/items"
    rows = ask.get(bare, params={"step": 0}).json()["answers"]
    assert len(rows) == 600
    assert {one["split"] for one in rows} == {None}
    refused = ask.get(bare, params={"step": 0, "split": "proxy-train"})
    assert refused.status_code == 409
    assert "without a timeline" in refused.json()["detail"]


def test_half_a_credit_is_for_sides_that_differ(own: Path, asking: Any) -> None:
    """Under a convention that gives ties a half, as the report has it."""
    path = own / "evaluations" / "nasty" / "evaluation.json"
    folder = EvaluationFolder.open(path.parent)
    halves = folder.manifest.model_copy(
        update={"conventions": tuple(replace(one, tie="half") for one in folder.manifest.conventions)}
    )
    path.write_text(halves.model_dump_json())
    rows = asking(own).get(ITEMS, params={"from_step": 0}).json()["answers"]
    ties = [one for one in rows if one["delta"] == 0]
    assert {one["correct"] for one in ties if one["pair_id"] == "3"} <= {0.0}
    assert {one["correct"] for one in ties if one["pair_id"] != "3"} == {0.5}
    series = EvaluationFolder.open(path.parent).series()
    credit = list(itertools.chain(*series.credit))
    assert [one["correct"] for one in rows if one["correct"] is not None] == [
        value for value, delta in zip(credit, itertools.chain(*series.delta), strict=True) if delta == delta
    ]


def test_checkpoints_are_read_one_after_the_other(own: Path) -> None:
    """Ten million rows are sent without ever being held: the next file is opened when its rows are asked for."""
    evaluation = StoredEvaluation(Settings(own), "nasty")
    items = Items.of(evaluation, ItemParameters(from_step=0))
    batches = items.batches(items.planned(Asked(0, None, 1000)))
    assert next(batches).num_rows == 60
    opened = [name for name, seen in evaluation._seen.items() if name.startswith("scores/") and seen != "some"]
    assert len(opened) == 1
    assert sum(batch.num_rows for batch in batches) == 180


def test_whether_there_is_a_file_is_part_of_what_names_an_answer(own: Path) -> None:
    """Looked for or opened: an answer that rests on its absence is another when it comes."""
    lone = own / "evaluations" / "nasty" / "lone"
    before, after, opened = (StoredEvaluation(Settings(own), "nasty") for _ in range(3))
    assert not before.has("lone")
    lone.touch()
    assert after.has("lone")
    assert not before.has("lone")  # one request sees one state
    assert opened.read("lone") == b""
    assert opened.has("lone")
    assert len({one.validator() for one in (before, after, opened)}) == 3
    signed = opened.signature("lone")
    assert opened.has("lone")
    assert opened.signature("lone") == signed != after.signature("lone")


def test_scores_that_are_gone_are_said_before_anything_is_sent(own: Path, asking: Any) -> None:
    """Not in the middle of an answer."""
    name = f"{400:064x}"[::-1][:16]
    gone = own / "evaluations" / "nasty" / "scores" / "full-bos-float32" / f"{name}.parquet"
    tag = asking(own).get(ITEMS, params={"from_step": 0}).headers["etag"]
    gone.unlink()
    for headers in ({}, {"if-none-match": tag}):
        refused = asking(own).get(ITEMS, params={"from_step": 0}, headers=headers)
        assert refused.status_code == 409
        assert "only what is missing is scored" in refused.json()["detail"]
    gone.write_bytes(b"PAR1 torn")
    refused = asking(own).get(ITEMS, params={"step": 400})
    assert refused.status_code == 409
    assert str(own) not in refused.text
