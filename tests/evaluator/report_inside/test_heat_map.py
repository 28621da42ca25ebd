"""A map is read back as the values that it was drawn from."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from report_pages import with_class

from evaluator.report.drawing.heat_map import AUROCS, LEVELS, SHARES, SIGNED, Colours, heat_map, symmetric
from evaluator.scored import Floats


def read_back(values: Floats, colours: Colours) -> Floats:
    """[row, column] Of each cell its level over LEVELS, by the shape that covers its middle; NaN where unknown."""
    names = [[str(at) for at in range(size)] for size in values.shape]
    root = ElementTree.fromstring(heat_map("map", values, colours, *names, ("layer", "head")))
    frame = with_class(root, "heat-frame")[0]
    left, top, width, height = (float(frame.get(name, "")) for name in ("x", "y", "width", "height"))
    found = np.zeros(values.shape)
    for shape in with_class(root, "heat"):
        if "h" in re.sub(r"heat", "", shape.get("d", "")):
            continue  # the legend
        level = float(shape.get("fill-opacity", "nan")) * (-1 if "down" in shape.get("class", "") else 1)
        for x1, y1, x2, y2 in re.findall(r"M([\d.]+) ([\d.]+)H([\d.]+)V([\d.]+)H", shape.get("d", "")):
            for row, column in np.ndindex(*values.shape):
                x = left + (column + 0.5) * width / values.shape[1]
                y = top + height - (row + 0.5) * height / values.shape[0]
                if float(x1) <= x <= float(x2) and float(y1) <= y <= float(y2):
                    assert found[row, column] == 0
                    found[row, column] = level
    return found


@settings(max_examples=40, deadline=None)
@given(
    arrays(np.float64, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=st.floats(-1, 1) | st.just(np.nan)),
    st.sampled_from([SHARES, SIGNED, AUROCS]),
)
def test_each_cell_has_the_colour_of_its_value(values: Floats, colours: Colours) -> None:
    """Within half a step of colour; unknown cells are unknown, whatever stands beside them."""
    spans = np.where(values >= colours.zero, colours.high - colours.zero, colours.zero - colours.low)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(spans > 0, (values - colours.zero) / spans, np.where(np.isnan(values), np.nan, 0.0))
    np.testing.assert_allclose(read_back(values, colours), np.clip(share, -1, 1), atol=0.5 / LEVELS + 0.006)


@pytest.mark.parametrize(("largest", "bound"), [(0.5, 0.5), (0.51, 1.0), (0.021, 0.025), (3.0, 5.0), (0.0, 1.0)])
def test_symmetric_colours_reach_as_far_as_any_value(largest: float, bound: float) -> None:
    """Up to a round number, the same on both sides; unknown values do not count."""
    colours = symmetric(np.array([[-largest, largest / 3, np.nan]]))
    assert (colours.low, colours.zero, colours.high) == (-bound, 0, bound)
