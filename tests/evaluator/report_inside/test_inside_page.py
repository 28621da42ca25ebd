"""The page says of the inside of models what the rows say, and nothing where nothing was measured."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from inside_measurements import PLANT, STEPS, Inside, copying_rows, keep_measured
from report_pages import QUICK, Page, colliding, drawn_points, report_on, rows_of, table, with_class, words
from synthetic_evaluations import DELAYED, NEVER, PLANTS, TOGETHER, write_evaluation

from evaluator.report.build import Report
from evaluator.report.inside.page_pieces import MOST_DRAWN
from evaluator.report.terminal import summary
from evaluator.report.wording import p_text, share_text

ONE_LAYER = Inside(layers=1, heads=2, forms_at={}, previous=(0, 1))
SECTIONS = ("concepts", "attention", "copying", "induction")


def test_nothing_measured_nothing_shown(tmp_path: Path) -> None:
    """Neither sections, nor links to them, nor sentences; the tables are there and empty."""
    write_evaluation(tmp_path / "evaluation", PLANTS[:1], steps=(0, 500, 1000))
    report = report_on(tmp_path / "report", tmp_path / "evaluation")
    page = Page.read(tmp_path / "report")
    assert [page.section(anchor) for anchor in SECTIONS] == [None] * 4
    assert "Inside the model" not in page.text
    assert "Copying" not in summary(report)
    for name in ("formation", "concept_before_after", "attention_heads"):
        assert rows_of(tmp_path / "report" / f"{name}.csv") == []


def test_links_lead_to_sections(page: Page) -> None:
    """Every measure has its section, and the contents name it."""
    links = {one.get("href") for one in page.root.iter("a")}
    for anchor in SECTIONS:
        assert page.section(anchor) is not None
        assert f"#{anchor}" in links


def test_the_curve_of_copying_is_that_of_the_rows(page: Page) -> None:
    """Read off the axes, each corner of the curve has the planted accuracy, and its table the same."""
    section = page.section("copying")
    assert section is not None
    picture = with_class(section, "plot", "linear")[0]
    labels = [one for one in with_class(picture, "tick") if one.get("text-anchor") == "end"]
    left = {float(one.text or ""): float(one.get("y", "")) - 4 for one in labels}
    points = drawn_points(with_class(picture, "curve", "one")[0])
    expected = [float(copying_rows(PLANT, step)[0][8]) for step in STEPS]  # type: ignore[arg-type]
    drawn = [(y - left[0.0]) / (left[1.0] - left[0.0]) for _, y in points]
    assert drawn == pytest.approx(expected, abs=0.0005)
    shown = table(section, "Copying by checkpoint, random tokens")
    assert [row[1] for row in shown] == [share_text(value) for value in expected]
    assert [row[0] for row in shown] == [f"{step:,}" for step in STEPS]


def test_when_copying_came(page: Page) -> None:
    """The gap between checkpoints in which it happened, for each share; never where it does not."""
    shown = {row[0]: row[1:] for row in table(page.section("copying"), "When copying came")}  # type: ignore[arg-type]
    assert shown["first ≥ .1"] == ["(600, 800]", "(1,000, 1,200]"]
    assert shown["first ≥ .5"] == ["(800, 1,000]", "(1,200, 1,600]"]
    assert shown["first ≥ .9"] == ["never", "never"]


def test_the_table_of_concepts_is_the_csv(page: Page, place: Path) -> None:
    """Before, after, null, p and the controls of every eligible paradigm; those with too few pairs are not shown."""
    rows = {
        (row["uid"], row["measure"], int(row["layer"])): row
        for row in rows_of(place / "report" / "concept_before_after.csv")
    }
    shown = table(page.section("concepts"), "Concept vectors before and after")  # type: ignore[arg-type]
    assert {row[0] for row in shown} == {DELAYED.uid, TOGETHER.uid, NEVER.uid}
    for uid, _, before, after, p, disjoint, embedded, probe, *_ in shown:
        last = rows[uid, "concept-auroc", PLANT.layers]
        assert before == _share(last["before"])
        assert after == f"{_share(last['after'])}.420 … .580"
        assert p == f"{_p(last['after_p'])}adj. {_p(last['after_p_adjusted'])}"
        assert disjoint == _share(rows[uid, "concept-disjoint-auroc", PLANT.layers]["after"])
        assert embedded == _share(rows[uid, "concept-auroc", 0]["after"])
        assert probe == _share(rows[uid, "probe-auroc", PLANT.layers]["after"])
    assert {row["eligible"] for row in rows.values() if row["uid"] == "few_exposed"} == {"false"}
    adjusted = {row[0]: rows[row[0], "concept-auroc", PLANT.layers]["after_p_adjusted"] for row in shown}
    assert {uid: float(p) for uid, p in adjusted.items()} == pytest.approx(
        {DELAYED.uid: 0.005 * 3 / 2, TOGETHER.uid: 0.005 * 3 / 2, NEVER.uid: 0.4}
    )


def _share(value: str) -> str:
    return share_text(float(value))


def _p(value: str) -> str:
    return p_text(float(value) if value else None)


def test_sentences_claim_what_was_planted(page: Page) -> None:
    """Late separation, word form where embeddings separate as well, and nothing where there is nothing."""
    said = {words(one.find("b")): words(one.find("span")) for one in page.section("concepts").iter("li")}  # type: ignore[union-attr]
    assert said[DELAYED.uid].startswith("Beyond permuted labels after, not before")
    assert "The embeddings are not" in said[DELAYED.uid]
    assert "(permuted labels" in said[DELAYED.uid]
    assert "word form alone may do it" in said[TOGETHER.uid]
    assert said[NEVER.uid].startswith("Beyond permuted labels neither before nor after")
    assert "It is not shown for lemmas" in said[NEVER.uid]


def test_findings_are_said_on_the_page_and_on_the_shell(page: Page, report: Report) -> None:
    """The same short sentences."""
    found = words(page.section("findings"))
    shell = re.sub(r"\s+", " ", summary(report))
    for sentence in (
        "half is reached at step 1,000 (not at 800)",
        "3 of 12 heads from layer 1 on reach I = .3, the first at step 600.",
        "in 2 of 3 eligible paradigms (adjusted p < .05): 0 of these are so before as well, 2 for lemmas that the "
        "direction has not met, and 1 in the embeddings too.",
        "In 2 of 2 eligible paradigms the mean weight on the context word rises. What rising heads gain is more than",
    ):
        assert sentence in found
        assert sentence in shell


def test_formation_is_written_head_by_head(place: Path) -> None:
    """Every head at every θ, those that never form without a step, after the last checkpoint."""
    rows = [one for one in rows_of(place / "report" / "formation.csv") if one["score"] == "induction"]
    assert len(rows) == 5 * 3 * PLANT.heads
    at = {(int(one["layer"]), int(one["head"])): one for one in rows if float(one["theta"]) == 0.3}
    formed = {head: (one["after"], one["step"]) for head, one in at.items() if one["step"]}
    assert formed == {(1, 2): ("400", "600"), (2, 0): ("800", "1000"), (3, 1): ("1200", "1600")}
    assert {one["after"] for one in at.values() if not one["step"]} == {"2000"}


def test_heads_are_written_with_their_change(place: Path) -> None:
    """Of the planted head Δ, its control's, and what selection said; of others that they were never chosen."""
    rows = [one for one in rows_of(place / "report" / "attention_heads.csv") if one["group"] == DELAYED.uid]
    assert len(rows) == PLANT.layers * PLANT.heads
    for one in rows:
        is_planted = (int(one["layer"]), int(one["head"])) == PLANT.attends[DELAYED.uid]
        assert float(one["change"]) == pytest.approx(0.5 if is_planted else 0.0, abs=0.01)
        assert float(one["control_change"]) == pytest.approx(0, abs=1e-9)
        assert one["chosen"] == ("1.0" if is_planted else "0.0")
        assert one["held_out"] == ("0.48" if is_planted else "")


def test_pictures_are_whole(page: Page) -> None:
    """Every picture says what it shows, has no unknown place, and no two labels on one another."""
    for anchor in SECTIONS:
        pictures = list(page.section(anchor).iter("svg"))  # type: ignore[union-attr]
        assert pictures
        for one in pictures:
            assert one.get("role") == "img"
            assert one.get("aria-label") == one.find("title").text  # type: ignore[union-attr]
            assert not re.search(r"\bnan\b|\binf\b", ElementTree.tostring(one, encoding="unicode").lower())
    for one in page.pictures("big"):
        assert not colliding(one)


def test_each_shape_has_a_style(page: Page) -> None:
    """Otherwise it would be a black blot."""
    style = page.root.find(".//style").text or ""  # type: ignore[union-attr]
    for picture in page.root.iter("svg"):
        for one in picture.iter():
            if one.tag in ("path", "line", "rect"):
                assert any(re.search(rf"\.{name}\b", style) for name in one.get("class", "").split())


def test_hostile_names_are_text(tmp_path: Path) -> None:
    """Whatever a paradigm is called, it does nothing on the page."""
    name = "<script>alert(1)</script>‮"
    plant = Inside(concepts={name: 300.0}, attends={name: (1, 1)})
    folder = write_evaluation(tmp_path / "evaluation", [replace(TOGETHER, uid=name)], steps=(0, 100, 500, 1000))
    keep_measured(folder, plant)
    report_on(tmp_path / "report", tmp_path / "evaluation")
    page = Page.read(tmp_path / "report")
    assert not list(page.root.iter("script"))
    assert "‮" not in page.text
    assert "<script>alert(1)</script>\\u202e" in words(page.section("concepts"))
    assert "<script>alert(1)</script>\\u202e" in words(page.section("attention"))


def test_one_checkpoint_and_one_layer_are_enough_for_a_page(tmp_path: Path) -> None:
    """Nothing lies between before and after, and no head can form: that is said, and nothing fails."""
    plant = replace(ONE_LAYER, concepts={NEVER.uid: 1.0}, attends={NEVER.uid: (0, 0)})
    keep_measured(write_evaluation(tmp_path / "evaluation", [NEVER], steps=(0,)), plant)
    report_on(tmp_path / "report", tmp_path / "evaluation")
    page = Page.read(tmp_path / "report")
    assert "no induction head can form" in words(page.section("findings"))
    for anchor in SECTIONS:
        assert page.section(anchor) is not None


def test_several_runs_stand_one_below_the_other(tmp_path: Path) -> None:
    """Each under its name; one that measured nothing is left out."""
    for number in range(3):
        folder = write_evaluation(tmp_path / f"seed-{number}", [TOGETHER], steps=(0, 100, 1000), seed=number)
        if number:
            keep_measured(folder, Inside(concepts={TOGETHER.uid: 300.0}), seed=number)
    report_on(tmp_path / "report", *(tmp_path / f"seed-{number}" for number in range(3)))
    page = Page.read(tmp_path / "report")
    named = [words(one) for one in page.section("copying").iter("h3")]  # type: ignore[union-attr]
    assert [name for name in named if name.startswith("seed")] == ["seed-1", "seed-2"]
    assert "Copying, seed-2" in words(page.section("findings"))


def test_a_report_on_one_paradigm_tells_of_no_other(tmp_path: Path, place: Path) -> None:
    """--uid keeps rows of whole models, and of paradigms those that are asked for."""
    report_on(tmp_path / "report", place / "evaluation", request=replace(QUICK, uids=(NEVER.uid,)))
    with (tmp_path / "report" / "concept_before_after.csv").open(encoding="utf-8", newline="") as file:
        assert {row["uid"] for row in csv.DictReader(file)} == {NEVER.uid}
    page = Page.read(tmp_path / "report")
    assert DELAYED.uid not in page.text
    assert page.section("copying") is not None


def test_the_same_report_twice_is_the_same_page(tmp_path: Path, place: Path, page: Page) -> None:
    """Byte for byte."""
    report_on(tmp_path / "again", place / "evaluation")
    assert Page.read(tmp_path / "again").text == page.text
    once, again = ((one / "formation.parquet").read_bytes() for one in (place / "report", tmp_path / "again"))
    assert once == again


def test_many_paradigms_are_in_the_table_and_the_first_of_them_drawn(tmp_path: Path) -> None:
    """So that a page on all of BLiMP stays one that a browser opens at once."""
    plants = [
        replace(TOGETHER, uid=f"paradigm_{number}", train=110, validation=110) for number in range(MOST_DRAWN + 2)
    ]
    steps = (0, 100, 1000)
    folder = write_evaluation(tmp_path / "evaluation", plants, steps=steps)
    uids = [plant.uid for plant in plants]
    concepts, attends = dict.fromkeys(uids, 300.0), dict.fromkeys(uids, (0, 1))
    keep_measured(folder, replace(ONE_LAYER, concepts=concepts, attends=attends))
    report_on(tmp_path / "report", tmp_path / "evaluation")
    page = Page.read(tmp_path / "report")
    for anchor in ("concepts", "attention"):
        section = page.section(anchor)
        assert section is not None
        assert len(list(section.iter("li"))) == len(plants)
        assert len(with_class(section, "plot", "linear")) == MOST_DRAWN
        assert f"Figures are drawn of the first {MOST_DRAWN}" in words(section)
