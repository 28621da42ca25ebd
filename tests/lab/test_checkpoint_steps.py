"""Steps of checkpoints, written as text."""

from __future__ import annotations

import pytest

from exposure.errors import UsageError
from lab.checkpoint_steps import DEFAULT, parse_steps

READ = {
    "0": (0,),
    "5, 1,1": (1, 5),
    "0:100:50": (0, 50, 100),
    "0:99:50": (0, 50),
    "last": (100,),
    "powers": (1, 2, 4, 8, 16, 32, 64),
    "0,powers,40:60:10,last": (0, 1, 2, 4, 8, 16, 32, 40, 50, 60, 64, 100),
    DEFAULT: (0, 1, 2, 4, 8, 16, 32, 64, 100),
}


@pytest.mark.parametrize("text", READ)
def test_steps_are_read(text: str) -> None:
    """Steps rise, none stands twice, and ranges hold both of their ends."""
    assert parse_steps(text, 100) == READ[text]


@pytest.mark.parametrize("text", ["", "x", "-1", "1:2", "5:1:1", "0:5:0", "1.5", "0,,1"])
def test_what_is_no_step_is_refused(text: str) -> None:
    """The sentence says how steps are written."""
    with pytest.raises(UsageError, match="Write steps and ranges"):
        parse_steps(text, 100)


def test_step_beyond_the_run_is_refused() -> None:
    """A checkpoint that could never be written is an error before training."""
    with pytest.raises(UsageError, match="step 101, but the run has steps 0 to 100"):
        parse_steps("0,101", 100)
