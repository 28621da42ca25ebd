"""The page of a report says what its files say, and nothing of a corpus can do anything in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from report_pages import QUICK, Page, colliding, drawn_points, report_on, rows_of, table, with_class, words
from synthetic_evaluations import DELAYED, NEVER, PLANTS, TOGETHER, Curve, Plant, weights_sha256, write_evaluation

from evaluator.checkpoint_record import CheckpointRecord
from evaluator.report.wording import lag_text, p_text, share_text

PHRASELESS = Plant("no_phrase_here", 0, 0, no_phrase=300, phenomenon="islands", field="syntax")
FEW = Plant("few_exposed", 20, 400, flags=("degenerate",))
UNKNOWN = Plant("half_scanned", 150, 0, unknown=250)
ALL_SEEN = Plant("all_seen", 250, 0)
OTHERS = (
    CheckpointRecord(
        step=2100,
        source="step-2100",
        status="duplicate",
        weights_sha256=weights_sha256("evaluation", 2000),
        same_weights_as=(2000,),
    ),
    CheckpointRecord(step=2200, source="step-2200", status="broken", reason="model.safetensors ends too early"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on paradigms of every standing."""
    place = tmp_path_factory.mktemp("page")
    write_evaluation(place / "evaluation", [*PLANTS, PHRASELESS, FEW, UNKNOWN, ALL_SEEN], others=OTHERS)
    report_on(place / "report", place / "evaluation")
    return place / "report"


@pytest.fixture(scope="module")
def page(folder: Path) -> Page:
    """Its page."""
    return Page.read(folder)


def test_the_planted_delay_is_the_finding(page: Page) -> None:
    """The one paradigm that was made to lag is named, with its lag and its null; the others are not."""
    headline = words(with_class(page.root, "headline")[0])
    assert "leads proxy-validation in 1 of the 3 eligible paradigms: delayed_agreement." in headline
    assert "2 of 3 cross τ = .80 with either part;" in headline
    findings = [words(one) for one in page.section("findings").iter("li")]
    led = next(one for one in findings if one.startswith("Agreement"))
    assert re.search(r"delayed_agreement \(half-rise lag \+4\d\d|\+5\d\d", led)
    assert re.search(r"\d+ beyond the median of labels permuted within lemmas \([−+]?\d+\s…\s[−+]?\d+\), p", led)
    assert re.search(r"lag \+\d+ \[\+\d+\s…\s\+\d+\];", led), "the interval of the lag, away from 0"
    assert "covers 0" not in led
    assert "by chance" not in words(page.root)
    assert "prompt_agreement" not in led
    leading = [words(one.find(".//h3")) for one in page.root.iter("article") if "leads" in one.get("class", "")]
    assert leading == ["delayed_agreement"]


def test_no_lead_is_said_in_a_plain_sentence(tmp_path: Path) -> None:
    """Where proxy-train leads nowhere and no curve crosses, the page says both."""
    write_evaluation(tmp_path / "evaluation", [NEVER])
    report_on(tmp_path / "report", tmp_path / "evaluation")
    headline = words(with_class(Page.read(tmp_path / "report").root, "headline")[0])
    assert headline == (
        "Proxy-train does not lead proxy-validation in the one eligible paradigm. No eligible paradigm crosses τ = .80."
    )


def test_what_is_not_eligible_says_why(page: Page) -> None:
    """Every paradigm is on the page, those that cannot be asked after the others and with the reason."""
    why = {row[0]: row[2] for row in table(page.root, "Not eligible")}
    assert why == {
        "few_exposed degenerate few mixed clusters": "fewer than 100 pairs in one part (20 / 400)",
        "all_seen": "all 250 pairs were exposed",
        "half_scanned": "exposure not known (150 exposed, 0 not, 250 unknown)",
        "no_phrase_here": "no critical phrase (300 no phrase)",
    }
    names = [words(one.find(".//h3")) for one in page.root.iter("article")]
    assert set(names[:3]) == {plant.uid for plant in PLANTS}
    assert names[3:] == ["few_exposed", "all_seen", "half_scanned", "no_phrase_here"]


def test_tables_of_points_are_the_csv(page: Page, folder: Path) -> None:
    """Each accuracy and interval below a figure is that of accuracy.csv, and so are the exposed pairs."""
    rows = rows_of(folder / "accuracy.csv")
    for plant in PLANTS:
        shown = table(page.card(plant.uid), f"{plant.uid} by checkpoint")
        parts = [
            [row for row in rows if (row["group"], row["split"]) == (plant.uid, part)]
            for part in ("proxy-train", "proxy-validation")
        ]
        expected = [
            [
                f"{int(train['step']):,}",
                *_point(train),
                *_point(validation),
                f"{int(train['exposed']):,}",
            ]
            for train, validation in zip(*parts, strict=True)
        ]
        assert shown == expected


def _point(row: dict[str, str]) -> list[str]:
    value = {name: share_text(float(row[name])) for name in row if name.endswith(("low", "high")) or name == "accuracy"}
    return [
        value["accuracy"],
        f"{value['wilson_low']}–{value['wilson_high']}",
        f"{value['bootstrap_low']}–{value['bootstrap_high']}",
    ]


def test_the_table_of_lags_is_the_csv(page: Page, folder: Path) -> None:
    """Each lag, null and p of an eligible paradigm is that of lags.csv; no lag stands without its null."""
    rows = {(row["uid"], row["measure"], row["threshold"]): row for row in rows_of(folder / "lags.csv")}
    shown = table(page.root, "Eligible paradigms")
    assert len(shown) == 3
    for name, _, *cells in shown:
        for row, (lag, chance, p, random) in (
            (rows[name, "half-rise", ""], cells[:4]),
            (rows[name, "threshold", "0.8"], cells[4:]),
        ):
            if not row["lag"] or not (row["train_step"] or row["validation_step"]):
                assert (lag, p, random) == ("–", "–", "–")
                assert chance == (row["reason"] if row["measure"] == "half-rise" else "neither part crosses")
                continue
            assert lag == lag_text(float(row["lag"]))
            ends = [lag_text(float(row[f"within_lemma_{end}"])) for end in ("low", "high")]
            assert chance.endswith(f"{ends[0]} … {ends[1]}")
            assert p == f"{_p(row['within_lemma_p'])}adj. {_p(row['within_lemma_p_adjusted'])}"
            assert random == _p(row["random_split_p"])


def _p(value: str) -> str:
    return p_text(float(value) if value else None)


def test_curves_are_drawn_where_the_figures_are(page: Page, folder: Path) -> None:
    """Read off its axes, each corner of a drawn curve has the step and the accuracy of accuracy.csv."""
    rows = rows_of(folder / "accuracy.csv")
    for plant in PLANTS:
        picture = with_class(page.card(plant.uid), "plot", "linear")[0]
        step_of, accuracy_of = _axes(picture)
        for part, class_ in (("proxy-train", "train"), ("proxy-validation", "validation")):
            held = [row for row in rows if (row["group"], row["split"]) == (plant.uid, part)]
            points = drawn_points(with_class(picture, "curve", class_)[0])
            assert len(points) == len(held)
            for (x, y), row in zip(points, held, strict=True):
                assert step_of(x) == pytest.approx(float(row["step"]), abs=1)
                assert accuracy_of(y) == pytest.approx(float(row["accuracy"]), abs=0.0005)


def test_bars_are_as_tall_as_the_pairs_exposed(page: Page, folder: Path) -> None:
    """Read off the right axis, each bar is the number of pairs that its checkpoint had seen."""
    exposed = [
        int(row["exposed"])
        for row in rows_of(folder / "accuracy.csv")
        if (row["group"], row["split"]) == (DELAYED.uid, "proxy-train")
    ]
    picture = with_class(page.card(DELAYED.uid), "plot", "linear")[0]
    ticks = {float(one.text.replace(",", "")): float(one.get("y")) - 4 for one in with_class(picture, "tick", "right")}
    bottom, top = ticks[0], ticks[max(ticks)]
    tops = [float(one) for one in re.findall(r"M[\d.]+ ([\d.]+)H", with_class(picture, "bars")[0].get("d"))]
    heights = [(bottom - y) / (bottom - top) * max(ticks) for y in tops]
    assert heights == pytest.approx([count for count in exposed[1:] if count], abs=0.5)


def _axes(picture: ElementTree.Element):  # type: ignore[no-untyped-def]
    """From places to steps and accuracies, by the labels that a reader sees."""
    labels = [one for one in with_class(picture, "tick") if "right" not in one.get("class")]
    left = {float(one.text): float(one.get("y")) - 4 for one in labels if one.get("text-anchor") == "end"}
    below = {
        float(one.text.replace(",", "")): float(one.get("x")) for one in labels if one.get("text-anchor") == "middle"
    }
    return _line(below), _line(left)


def _line(places: dict[float, float]):  # type: ignore[no-untyped-def]
    low, high = min(places), max(places)
    return lambda at: low + (at - places[low]) / (places[high] - places[low]) * (high - low)


def test_the_lag_is_drawn_between_the_crossings(page: Page, folder: Path) -> None:
    """The lines down from τ stand at the first checkpoints at or above it."""
    row = next(row for row in rows_of(folder / "lags.csv") if (row["uid"], row["threshold"]) == (DELAYED.uid, "0.8"))
    picture = with_class(page.card(DELAYED.uid), "plot", "linear")[0]
    step_of, accuracy_of = _axes(picture)
    for part in ("train", "validation"):
        (drop,) = with_class(picture, "drop", part)
        assert step_of(float(drop.get("x1"))) == pytest.approx(float(row[f"{part}_step"]), abs=1)
        assert accuracy_of(float(drop.get("y1"))) == pytest.approx(0.8, abs=0.001)
    assert words(with_class(picture, "note", "lag")[0]) == f"lag {lag_text(float(row['lag']))}"


def test_checkpoints_that_were_not_scored_are_on_the_page(page: Page) -> None:
    """A duplicate and a broken one stand there with what is wrong with them."""
    noted = table(page.section("checkpoints"), "To be noted")
    assert [row[:2] for row in noted] == [["2,100", "duplicate"], ["2,200", "broken"]]
    assert "same weights as step 2,000" in noted[0][3]
    assert "model.safetensors ends too early" in noted[1][3]
    assert "18 scored, 1 duplicate, 1 broken" in words(page.section("checkpoints"))


def test_conventions_and_provenance_are_on_the_page(page: Page) -> None:
    """Whoever reads a number can see how sentences were scored, by which weights, and with which seed."""
    box = words(page.section("conventions"))
    for expected in ("lead_space", "ties count as wrong", "float32", weights_sha256("evaluation", 0)):
        assert expected in box
    assert weights_sha256("evaluation", 2000) in box
    foot = words(page.root.find(".//footer"))
    assert '"permutations": 199' in foot
    assert '"logical_digest"' in foot


def test_pictures_are_whole_and_described(page: Page) -> None:
    """Every SVG has a title, a role and a label; every link within the page leads somewhere."""
    pictures = list(page.root.iter("svg"))
    assert len(pictures) > 20
    for one in pictures:
        assert one.get("role") == "img"
        assert one.get("aria-label") == one.find("title").text
        assert re.fullmatch(r"0 0 [\d.]+ [\d.]+", one.get("viewBox"))
        assert "nan" not in ElementTree.tostring(one, encoding="unicode").lower().replace("minan", "")
    anchors = {one.get("id") for one in page.root.iter() if one.get("id")}
    assert {one.get("href")[1:] for one in page.root.iter("a")} <= anchors


def test_labels_do_not_collide(page: Page) -> None:
    """In each figure no two labels of ticks overlap, on a wide page and with the larger letters of a phone."""
    for picture in page.pictures("big"):
        assert not colliding(picture)


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "‮reversed⁦name",
    "line\nbreak\x07bell",
    "https://example.invalid/a?b=1&c=2",
    "]]>&lt;!--",
)


def _hostile() -> Iterator[Plant]:
    for name in HOSTILE:
        kin = {"phenomenon": name, "field": name, "sentence": f"{name}{{number}}.", "flags": ("<b>flag</b>",)}
        yield replace(TOGETHER, uid=name, train=120, validation=120, **kin)


def test_hostile_names_are_text(tmp_path: Path) -> None:
    """Whatever paradigms, phenomena, flags and reasons are called, they are shown as text and do nothing."""
    bad = CheckpointRecord(step=9000, source="<script>x</script>", status="broken", reason='"><svg onload=alert(3)>')
    write_evaluation(tmp_path / "<b>evaluation", list(_hostile()), steps=(0, 100, 300, 900, 1500), others=[bad])
    report_on(tmp_path / "report", tmp_path / "<b>evaluation")
    page = Page.read(tmp_path / "report")
    tags = {one.tag for one in page.root.iter()}
    assert not tags & {"script", "img", "iframe", "object", "link", "b>evaluation"}
    for one in page.root.iter():
        assert not [name for name in one.keys() if name.startswith("on")]  # noqa: SIM118
    shown = [words(one.find(".//h3")) for one in page.root.iter("article")]
    assert "<script>alert(1)</script>" in shown
    assert "\\u202ereversed\\u2066name" in shown
    assert "line\\nbreak\\x07bell" in shown
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x07]", page.text)
    stored = {row["group"] for row in rows_of(tmp_path / "report" / "accuracy.csv") if row["level"] == "paradigm"}
    assert stored == set(HOSTILE)


def test_the_page_fetches_nothing(page: Page) -> None:
    """No address, no script, no import, no image: the page is all that it needs, and forbids the rest."""
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert "url(" not in page.text
    assert "@import" not in page.text
    assert not re.search(r"\ssrc=", page.text)
    assert not list(page.root.iter("script"))
    assert not list(page.root.iter("link"))
    policy = next(one for one in page.root.iter("meta") if one.get("http-equiv") == "Content-Security-Policy")
    assert policy.get("content") == "default-src 'none'; style-src 'unsafe-inline'"


def test_classes_that_are_drawn_have_a_style(page: Page) -> None:
    """A shape without a style of its own would be a black blot."""
    style = page.root.find(".//style").text
    for picture in page.root.iter("svg"):
        for one in picture.iter():
            if one.tag in ("path", "line", "rect"):
                names = one.get("class").split()
                assert any(re.search(rf"\.{name}\b", style) for name in names), names


def test_without_a_timeline_there_are_learning_curves(tmp_path: Path) -> None:
    """Without exposures the page draws what it has, says so, and how to add a timeline."""
    write_evaluation(tmp_path / "evaluation", PLANTS, with_exposures=False)
    report_on(tmp_path / "report", tmp_path / "evaluation")
    page = Page.read(tmp_path / "report")
    assert "No timeline was given" in words(page.section("findings"))
    assert "--timeline TIMELINE" in words(page.section("findings"))
    assert page.section("lags") is None
    assert page.section("funnel") is None
    assert not with_class(page.root, "curve", "train")
    assert len(with_class(page.card(NEVER.uid), "curve", "all")) == 2
    assert rows_of(tmp_path / "report" / "lags.csv") == []


def test_one_checkpoint_is_enough_for_a_page(tmp_path: Path) -> None:
    """A single checkpoint, and step 0 at that, gives points and no lag."""
    write_evaluation(tmp_path / "evaluation", [replace(DELAYED, curve_train=Curve(1))], steps=(0,))
    report = report_on(tmp_path / "report", tmp_path / "evaluation")
    assert len(Page.read(tmp_path / "report").pictures("big")) == 2
    assert not report.sheets[0].leads


def test_too_few_permutations_are_pointed_out(tmp_path: Path) -> None:
    """Where even the smallest p could not pass after adjusting, the page says how many draws would do."""
    write_evaluation(tmp_path / "evaluation", PLANTS)
    few = replace(QUICK, delay=replace(QUICK.delay, permutations=19))
    report_on(tmp_path / "report", tmp_path / "evaluation", request=few)
    assert "Ask for more permutations: 239" in words(Page.read(tmp_path / "report").section("findings"))
