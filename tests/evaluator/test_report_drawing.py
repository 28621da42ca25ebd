"""Scales, ticks and words of a report."""

from __future__ import annotations

from itertools import pairwise
from math import inf, log10, nan
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_pages import colliding, with_class

from evaluator.report.drawing.frame import Frame, grid
from evaluator.report.drawing.scales import (
    Scale,
    log_ticks,
    nice_ticks,
    short_number,
    step_scale,
    step_ticks,
    whole_ticks,
)
from evaluator.report.drawing.shapes import band, boxes, dots, place, polyline
from evaluator.report.markup import breakable, safe, tag
from evaluator.report.wording import (
    count_text,
    lag_text,
    list_text,
    p_phrase,
    p_text,
    range_text,
    share_text,
    steps_text,
    threshold_text,
)

STEPS = st.lists(st.integers(0, 10**7), min_size=1, max_size=30, unique=True).map(sorted)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(2, 9))
def test_ticks_are_round_even_and_inside(low: float, span: float, about: int) -> None:
    """Ticks rise by one round step, stay within the axis, and are neither none nor many."""
    ticks = nice_ticks(low, low + span, about)
    assert 1 <= len(ticks) <= 2.6 * about
    assert all(low - 1e-6 * span <= tick <= low + span * 1.000001 for tick in ticks)
    gaps = {round((after - before) / span, 6) for before, after in pairwise(ticks)}
    assert len(gaps) <= 1 or max(gaps) - min(gaps) < 1e-5


@given(STEPS, st.booleans())
def test_steps_stand_in_their_order_within_the_axis(steps: list[int], is_log: bool) -> None:
    """Later checkpoints stand further right, the last at the end; ticks stand inside."""
    scale = step_scale(steps, 40, 600, is_log)
    places = [scale(step) for step in steps]
    assert all(before < after for before, after in pairwise(places))
    assert all(39.99 <= at <= 600.01 for at in places)
    assert len(steps) == 1 or places[-1] == pytest.approx(600)
    assert all(39.9 <= scale(tick) <= 600.1 for tick in step_ticks(steps, 6, is_log))


def test_a_log_axis_is_logarithmic_and_keeps_step_zero() -> None:
    """Equal factors are equal distances; step 0 stands before the first positive step."""
    scale = step_scale([0, 1, 10, 100, 1000], 0, 100, is_log=True)
    gaps = [scale(10 ** (n + 1)) - scale(10**n) for n in range(3)]
    assert gaps == pytest.approx([gaps[0]] * 3)
    assert scale(0) == 0 < scale(1)
    assert step_ticks([0, 1, 10, 100, 1000], 6, is_log=True) == [0, 1, 10, 100, 1000]


@given(STEPS, st.booleans(), st.floats(0, 0.9))
def test_labels_never_collide(steps: list[int], is_log: bool, lowest: float) -> None:
    """Whatever the checkpoints are, labels that are shown stand clear of each other; some are always shown."""
    frame = Frame(640, 340, 40, 594, 34, 296, tuple(steps), round(min(lowest, 0.4), 1), is_log)
    picture = ElementTree.fromstring(f"<svg>{grid(frame)}</svg>")
    assert not colliding(picture)
    assert len([one for one in with_class(picture, "tick") if "fine" not in one.get("class", "")]) >= 3


@given(st.integers(1, 10**6), st.floats(1.01, 1e6))
def test_log_ticks_lie_on_the_axis(first: int, factor: float) -> None:
    """Each is 1, 2 or 5 times a power of ten within the axis, or the first step where none is."""
    ticks = log_ticks(first, first * factor)
    assert ticks
    for tick in ticks:
        assert first <= tick <= first * factor
        assert tick == first or round(tick / 10 ** int(log10(tick) + 1e-9), 6) in (1, 2, 5)


@given(st.integers(0, 10**6))
def test_whole_ticks_reach_the_count(high: int) -> None:
    """The axis of counts begins at 0 and ends at or above the largest."""
    ticks = whole_ticks(high, 3)
    assert ticks[0] == 0
    assert ticks[-1] >= high
    assert all(tick == int(tick) for tick in ticks)
    assert len(ticks) <= 6


def test_a_scale_is_a_straight_line() -> None:
    """Its ends stand at its ends; what lies outside is clamped only on request."""
    scale = Scale(0.4, 1.0, 300, 40)
    assert (scale(0.4), scale(1.0), scale(0.7)) == pytest.approx((300, 40, 170))
    assert scale.clamped(2.0) == 40
    assert scale(2.0) < 40


def test_lines_break_where_nothing_is_known() -> None:
    """A point that is not finite interrupts a line, and is left out of bands, dots and bars."""
    points = [(0.0, 1.0), (1.0, nan), (2.0, 3.04), (3.0, 4.0)]
    assert polyline(points, "curve") == '<path d="M0 1M2 3L3 4" class="curve"/>'
    assert polyline([(0.0, nan)], "curve") == ""
    assert band(points, [(x, 0.0) for x, _ in points], "band") == '<path d="M0 1L2 3L3 4L3 0L2 0L0 0Z" class="band"/>'
    assert dots([(0.0, nan)], 2, "dots") == ""
    assert boxes([(0, 5, 1, 5)], "bars") == ""
    assert (place(-0.04), place(1.25), place(10.0)) == ("0", "1.2", "10")


def test_numbers_are_written_for_people() -> None:
    """Steps, lags, p-values and shares, with their signs, infinities and gaps."""
    assert [steps_text(value) for value in (0, 1250.4, -50, inf, -inf, None, nan)] == [
        "0", "1,250", "−50", "∞", "−∞", "–", "–",
    ]  # fmt: skip
    assert [lag_text(value) for value in (300, -300, 0, 0.2, inf, None)] == ["+300", "−300", "0", "0", "+∞", "–"]
    assert [p_text(value) for value in (0.0314, 0.0009, 0.9999, 0.5, None)] == [".031", "<.001", "1", ".500", "–"]
    assert [_plain(text) for text in (p_phrase(0.0001), p_phrase(0.2))] == ["p < .001", "p = .200"]
    shares = [share_text(value) for value in (0.8731, 1.0, 0.0, -0.05, -0.0001, nan)]
    assert shares == [".873", "1.000", ".000", "−.050", ".000", "–"]
    assert _plain(threshold_text(0.8)) == "τ = .80"
    assert (_plain(range_text(-50, 40.4)), range_text(None, 1)) == ("−50 … +40", "–")
    assert (list_text([]), list_text(["a"]), list_text(["a", "b", "c"])) == ("", "a", "a, b and c")
    assert (count_text(1, "pair"), count_text(2000, "pair")) == ("1 pair", "2,000 pairs")
    assert [short_number(value) for value in (0, 2500, 143_000, 2e6, -500, 0.5)] == [
        "0", "2,500", "143k", "2M", "−500", "0.5",
    ]  # fmt: skip


def _plain(text: str) -> str:
    """Spaces at which no line may break, as plain ones."""
    assert " " not in text
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_text_is_escaped_once_and_everywhere() -> None:
    """Markup, quotes and characters that would hide or move text come out as visible text."""
    assert safe('<b a="1">&</b>') == "&lt;b a=&quot;1&quot;&gt;&amp;&lt;/b&gt;"
    assert safe("a\x00b\u202ec\ufffe") == "a\\x00b\\u202ec\ufffd"
    assert tag("p", "x", title='"&', class_="a", data_label=None) == '<p title="&quot;&amp;" class="a">x</p>'
    assert breakable("a_b<") == "a_<wbr/>b&lt;"
