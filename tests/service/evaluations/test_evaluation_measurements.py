"""Measurements and the report's rows over REST, against the files of the report."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evaluator.measurement_file import merge_measures, read_measurements
from exposure.answer_schema import answer_schema
from exposure.measurement import Measurement

MEASUREMENTS = "/v1/evaluations/nasty/measurements"
FORMS = ("application/vnd.apache.arrow.stream", "application/vnd.apache.parquet")


def heads() -> list[Measurement]:
    """What another part measures: of each head."""
    return [
        Measurement(
            measure="induction",
            step=step,
            level="overall",
            group="all",
            phenomenon=None,
            split="everything",
            layer=layer,
            head=head,
            value=step / (layer + head + 1),
            n=9,
            low=None,
            high=None,
            convention=None,
        )
        for step in (0, 400)
        for layer in range(3)
        for head in range(4)
    ]


@pytest.fixture
def headed(own: Path) -> Path:
    """A data directory in which nasty has measurements of heads too."""
    merge_measures(own / "evaluations" / "nasty" / "measurements.parquet", heads(), {})
    return own


def whole(data: Path) -> list[dict[str, Any]]:
    """Every row of measurements.parquet."""
    rows = read_measurements(data / "evaluations" / "nasty" / "measurements.parquet")
    return [{name: getattr(row, name) for name in Measurement.__slots__} for row in rows]


def test_measurements_are_the_file_in_every_form(ask: Any, evaluated: Path) -> None:
    """Whole and in order; null where nothing can be said."""
    truth = whole(evaluated)
    assert ask.get(MEASUREMENTS).json() == {"answers": truth}
    assert len(truth) > 500
    assert any(one["low"] is None for one in truth)
    arrow, parquet = (ask.get(MEASUREMENTS, headers={"Accept": form}).content for form in FORMS)
    table = pa.ipc.open_stream(arrow).read_all()
    assert table.schema.equals(answer_schema(Measurement), check_metadata=True)
    assert table.to_pylist() == pq.read_table(pa.BufferReader(parquet)).to_pylist() == truth


def test_every_combination_of_filters_is_the_filtered_whole(headed: Path, asking: Any) -> None:
    """Drawn at random from what there is, layers and heads too."""
    truth, ask = whole(headed), asking(headed)
    draw = random.Random(7)
    sizes = set()
    for _ in range(120):
        asked = _drawn(draw)
        answer = ask.get(MEASUREMENTS, params=asked)
        if not any(_fits(one, {name: asked[name] for name in ("group", "level") if name in asked}) for one in truth):
            assert answer.status_code == 404, asked
            continue
        assert answer.json()["answers"] == [one for one in truth if _fits(one, asked)], asked
        sizes.add(sum(_fits(one, asked) for one in truth))
    assert 0 in sizes
    assert len(sizes) > 20


def _drawn(draw: random.Random) -> dict[str, Any]:
    choices: dict[str, list[Any]] = {
        "measure": [["accuracy"], ["ties", "macro-accuracy"], ["induction"]],
        "level": ["paradigm", "phenomenon", "field", "overall"],
        "group": ["all", "plain", "agreement", ""],
        "uid": [["plain"], ["agreement_1", "selected"]],
        "phenomenon": ["agreement", "argument_structure"],
        "split": ["everything", "proxy-train", "proxy-validation"],
        "convention": ["exposure", "minicons"],
        "layer": [[0], [1, 2]],
        "head": [[3], [0, 1]],
        "step": [[0], [100, 400], [400, 0, 200]],
        "from_step": [0, 1, 250, 9999],
        "to_step": [0, 99, 200, 9999],
    }
    names = draw.sample(sorted(choices), draw.choice([0, 1, 1, 2, 2, 3, 4]))
    return {name: draw.choice(choices[name]) for name in names}


def _fits(one: dict[str, Any], asked: dict[str, Any]) -> bool:
    checks = {
        "from_step": lambda value: one["step"] >= value,
        "to_step": lambda value: one["step"] <= value,
        "uid": lambda value: one["level"] == "paradigm" and one["group"] in value,
    }
    return all(
        checks[name](value) if name in checks else one[name] in value if isinstance(value, list) else one[name] == value
        for name, value in asked.items()
    )


@pytest.mark.parametrize("limit", [17, 240, 100_000])
def test_pages_make_the_whole(headed: Path, asking: Any, limit: int) -> None:
    """Also across measures, which are row groups of the file, and of a question that leaves most rows out."""
    ask = asking(headed)
    for asked in ({}, {"split": "proxy-train", "from_step": 100}):
        expected = ask.get(MEASUREMENTS, params=asked).json()["answers"]
        found, cursor = [], None
        for _ in range(len(expected) // limit + 1):
            page = ask.get(
                MEASUREMENTS, params={**asked, "limit": limit} | ({"cursor": cursor} if cursor else {})
            ).json()
            found += page["answers"]
            cursor = page.get("next")
            if cursor is None:
                break
        assert cursor is None
        assert found == expected


def test_too_many_rows_are_refused_with_their_number(asking: Any, evaluated: Path) -> None:
    """And are answered page by page, or when fewer are asked for."""
    ask, rows = asking(evaluated, result_rows=40), len(whole(evaluated))
    refused = ask.get(MEASUREMENTS)
    assert refused.status_code == 422
    assert f"{rows:,} rows, 40 is the most" in refused.json()["detail"]
    assert len(ask.get(MEASUREMENTS, params={"limit": 1000}).json()["answers"]) == 40
    assert ask.get(MEASUREMENTS, params={"level": "overall", "measure": "accuracy"}).status_code == 200


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ({"measure": ["accuracy", "nope"]}, 404, "query.measure"),
        ({"uid": "nope"}, 404, "query.uid"),
        ({"uid": "agreement"}, 404, "query.uid"),
        ({"uid": ["plain", "agreement"]}, 404, "query.uid"),
        ({"uid": "all"}, 404, "query.uid"),
        ({"group": "nope"}, 404, "query.group"),
        ({"group": "plain", "level": "phenomenon"}, 404, "query.group: nothing here was measured of phenomenon"),
        ({"phenomenon": "s-selection"}, 404, "query.phenomenon"),
        ({"step": [0, 7]}, 404, "7"),
        ({"layer": 0}, 404, "query.layer"),
        ({"convention": "nope"}, 404, "query.convention"),
        ({"level": "sentence"}, 422, "query.level"),
        ({"level": ["field", "overall"]}, 422, "more than once"),
        ({"metric": "accuracy"}, 422, "query.metric"),
        ({"limit": 1, "cursor": "eyJhdCI6IDF9"}, 422, "query.cursor"),
        ({"step": "1e3"}, 422, "query.step"),
    ],
)
def test_what_cannot_be_answered_is_said(ask: Any, asked: dict[str, Any], status: int, said: str) -> None:
    """A name that nothing has is no empty table."""
    refused = ask.get(MEASUREMENTS, params=asked)
    assert refused.status_code == status, refused.text
    assert said in refused.json()["detail"]


def test_a_range_of_steps_may_be_empty(ask: Any) -> None:
    """Names that are there, and no checkpoint between the steps: no rows, and no error."""
    answer = ask.get(MEASUREMENTS, params={"uid": "plain", "from_step": 10**6})
    assert (answer.status_code, answer.json()["answers"]) == (200, [])


@pytest.mark.parametrize("name", ["lags", "paradigms", "splits"])
def test_rows_of_the_report_are_its_files(ask: Any, evaluated: Path, name: str) -> None:
    """CSV byte for byte, Parquet value for value; of some paradigms those rows."""
    report = evaluated / "evaluations" / "nasty" / "report"
    url = f"/v1/evaluations/nasty/{name}"
    assert ask.get(url, headers={"Accept": "text/csv"}).content == (report / f"{name}.csv").read_bytes()
    held = pq.read_table(report / f"{name}.parquet")
    assert ask.get(url, headers={"Accept": "application/vnd.apache.parquet"}).status_code == 200
    arrow = ask.get(url, headers={"Accept": "application/vnd.apache.arrow.stream"}).content
    assert pa.ipc.open_stream(arrow).read_all().equals(held.replace_schema_metadata())
    some = ask.get(url, params={"uid": ["plain", "selected"]}).json()["answers"]
    assert [one["uid"] for one in some] == [uid for uid in held["uid"].to_pylist() if uid in ("plain", "selected")]
    assert ask.get(url, params={"uid": "nope"}).status_code == 404
    assert ask.get(url, params={"phenomenon": "agreement"}).status_code == 422
