"""Shapes: their sizes as models."""

from __future__ import annotations

import pytest

from exposure.errors import TrainingError
from lab.models import Vocabulary, config_of, initial_model
from lab.shapes import SHAPES, shape_of


@pytest.mark.parametrize(("name", "millions"), [("exp-35m", 35), ("exp-60m", 58), ("exp-130m", 134)])
def test_shapes_of_the_paper_have_its_sizes(name: str, millions: int) -> None:
    """With EXP's 32,000 tokens, input and output embeddings apart, its models have about the parameters in their names.

    Counted by hand: 4 d² of attention and 3 d × MLP a layer with its 2 d of gains, d at the end, 2 × 32,000 d.
    """
    shape = SHAPES[name]
    by_hand = shape.layers * (4 * shape.width**2 + 3 * shape.width * shape.mlp + 2 * shape.width)
    by_hand += shape.width + 2 * 32_000 * shape.width
    model = initial_model(config_of(shape, Vocabulary(32_000), 256, tie=False), 0) if name == "exp-35m" else None
    assert model is None or model.num_parameters() == by_hand
    assert round(by_hand / 1e6) == millions


@pytest.mark.parametrize("name", [name for name in SHAPES if not name.startswith("exp-")])
@pytest.mark.parametrize("tie", [False, True])
def test_embeddings_are_tied_on_request(name: str, tie: bool) -> None:
    """One matrix or two, in every family."""
    model = initial_model(config_of(SHAPES[name], Vocabulary(99), 16, tie), 0)
    one, other = model.get_input_embeddings().weight, model.get_output_embeddings().weight
    assert (one.data_ptr() == other.data_ptr()) == tie


def test_own_sizes_take_the_place_of_the_shape_s() -> None:
    """What is given is used, what is not given stays."""
    assert shape_of("exp-60m", layers=3, heads=None, width=256).width == 256
    assert shape_of("exp-60m", layers=3).mlp == 1376


def test_shapes_that_cannot_be_are_refused() -> None:
    """An unknown name and a width that does not divide into heads are sentences."""
    with pytest.raises(TrainingError, match="Expected one of exp-35m"):
        shape_of("exp-1b")
    with pytest.raises(TrainingError, match="multiple of 16"):
        shape_of("exp-60m", width=100)
