"""What --checkpoints and --steps may be, and which checkpoints are meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.series import series_of
from evaluator.step_selection import chosen_steps, named_steps
from exposure.checkpoint_series import CheckpointSeries, CheckpointSource
from exposure.errors import CheckpointError


def folders(parent: Path, *names: str) -> Path:
    """A folder with empty sub-folders."""
    for name in names:
        (parent / name).mkdir(parents=True)
    return parent


def steps_of(series: CheckpointSeries) -> list[int]:
    return [one.step for one in series.checkpoints]


@pytest.mark.parametrize("form", ["step-{}", "step{}", "checkpoint-{}", "global_step{}", "step-{:08d}"])
def test_folders_named_by_step(form: str, tmp_path: Path) -> None:
    """Sub-folders named by their step are its checkpoints, in the order of numbers, not of names."""
    names = [form.format(step) for step in (1000, 0, 200)]
    folders(tmp_path / "run", *names, "logs", "step-last", "my-step-7")
    (tmp_path / "run" / "step-5").write_text("a file")
    series = series_of(str(tmp_path / "run"))
    assert series.name == "run"
    assert [(one.step, one.path) for one in series.checkpoints] == [
        (step, str(tmp_path / "run" / form.format(step))) for step in (0, 200, 1000)
    ]


def test_one_step_twice(tmp_path: Path) -> None:
    """Two folders of one step are refused by their names."""
    with pytest.raises(CheckpointError, match=r"step 100 twice: checkpoint-100 and step-100"):
        series_of(str(folders(tmp_path, "step-100", "checkpoint-100")))


def test_folder_without_checkpoints(tmp_path: Path) -> None:
    """A folder without any says what it holds and what was expected."""
    with pytest.raises(CheckpointError, match=r"it holds docs, notes\. Give a series\.json, a folder of step-N"):
        series_of(str(folders(tmp_path, "notes", "docs")))
    with pytest.raises(CheckpointError, match=r"it holds nothing\."):
        series_of(str(folders(tmp_path / "empty", "x").joinpath("x")))


def test_nothing_there() -> None:
    """A path that is none, and no pattern of a hub either, is refused."""
    with pytest.raises(CheckpointError, match=r"no/such/place is no file, no folder and no hub pattern"):
        series_of("no/such/place")


def test_series_file(tmp_path: Path) -> None:
    """A series.json, or the folder with it, is read with paths from where it lies; sub-folders are not looked at."""
    sources = (
        CheckpointSource(step=3, path=str(tmp_path / "late")),
        CheckpointSource(step=9, repo="a/b", revision="r"),
    )
    CheckpointSeries(name="mine", run=str(tmp_path / "run.json"), checkpoints=sources).save(tmp_path / "series.json")
    folders(tmp_path, "step-1")
    for path in (tmp_path, tmp_path / "series.json"):
        series = series_of(str(path))
        assert series.checkpoints == sources
        assert series.run == str(tmp_path / "run.json")
    assert steps_of(series_of(str(tmp_path), "9")) == [9]


def test_hub_pattern() -> None:
    """The steps that are asked for are put into the pattern."""
    series = series_of("EleutherAI/pythia-14m@step{step}", "0,1,1000:3000:1000")
    assert series.name == "EleutherAI/pythia-14m"
    assert [(one.step, one.name) for one in series.checkpoints] == [
        (step, f"EleutherAI/pythia-14m@step{step}") for step in (0, 1, 1000, 2000, 3000)
    ]


def test_hub_pattern_without_steps() -> None:
    """Which steps a pattern has is not guessed, whether none are named or a range is left open."""
    with pytest.raises(CheckpointError, match="which steps there are is not known"):
        series_of("a/b@step{step}")
    for open_range in ("0:1000", "10:", ":10:2"):
        with pytest.raises(CheckpointError, match="a pattern cannot know"):
            series_of("a/b@step{step}", open_range)


def test_one_model_needs_its_step(tmp_path: Path) -> None:
    """A model directory and a single revision are of the step that is said, never of one read out of a name."""
    (tmp_path / "config.json").write_text("{}")
    for name in (str(tmp_path), "a/b@step700"):
        assert [(one.step, one.name) for one in series_of(name, "900").checkpoints] == [(900, name)]
        with pytest.raises(CheckpointError, match=r"no step was given. Give the one training step"):
            series_of(name)
        with pytest.raises(CheckpointError, match=r"2 steps were given"):
            series_of(name, "1,2")


def test_a_step_that_is_not_there(tmp_path: Path) -> None:
    """A step that a series does not have is an error that names its neighbours."""
    run = str(folders(tmp_path / "run", "step0", "step100", "step200"))
    with pytest.raises(CheckpointError, match=r"run: There is no step 150; the nearest are 100 and 200\."):
        series_of(run, "0,150")
    with pytest.raises(CheckpointError, match=r"There is no step 300; the nearest is 200\."):
        series_of(run, "0:300:100")
    with pytest.raises(CheckpointError, match=r"No step lies in 110:190; there are 0, 100, 200\."):
        series_of(run, "110:190")


@pytest.mark.parametrize("text", ["", "a", "1,", "1;2", "-1", "1:2:0", "1:2:3:4", "1.5", "１:x"])
def test_steps_that_are_none(text: str) -> None:
    """What is no step and no range is refused with the grammar."""
    with pytest.raises(CheckpointError, match="START:STOP:EVERY"):
        named_steps(text)


@pytest.mark.parametrize("text", ["5:4:1", "0:99999999999:1"])
def test_ranges_of_nothing_and_of_everything(text: str) -> None:
    """A range with no step, or with absurdly many, is refused."""
    with pytest.raises(CheckpointError, match="holds"):
        named_steps(text)


NUMBERS = st.integers(0, 60)


@given(st.sets(NUMBERS, min_size=1), st.lists(st.tuples(NUMBERS, NUMBERS, st.integers(1, 9)), min_size=1, max_size=3))
def test_open_ranges_against_sets(there: set[int], ranges: list[tuple[int, int, int]]) -> None:
    """Open ranges choose the steps of the series that fit any of them, both ends included, in order, each once."""
    text = ",".join(f"{start}:{stop}" if every == 1 else f"{start}::{every}" for start, stop, every in ranges)
    meant = [
        {step for step in there if step >= start and (step <= stop if every == 1 else (step - start) % every == 0)}
        for start, stop, every in ranges
    ]
    if all(meant):
        assert chosen_steps(text, sorted(there)) == sorted(set().union(*meant))
    else:
        with pytest.raises(CheckpointError, match="No step lies in"):
            chosen_steps(text, sorted(there))


@given(st.sets(NUMBERS, min_size=1), NUMBERS, NUMBERS, st.integers(1, 9))
def test_closed_ranges_against_counting(there: set[int], start: int, length: int, every: int) -> None:
    """A range that is spelled out names every one of its steps, and all have to be there."""
    named = [step for step in range(start, start + length + 1) if (step - start) % every == 0]
    text = f"{start}:{start + length}:{every}"
    assert named_steps(text) == named
    if set(named) <= there:
        assert chosen_steps(text, sorted(there)) == named
    else:
        with pytest.raises(CheckpointError, match="There is no step"):
            chosen_steps(text, sorted(there))
