"""From what a user passes to --checkpoints and --steps to a series of checkpoints."""

from __future__ import annotations

import os
import re
from pathlib import Path

from evaluator.step_selection import chosen_steps, listed, named_steps
from exposure.checkpoint_series import FILE_NAME, CheckpointSeries, CheckpointSource
from exposure.errors import CheckpointError

STEP = "{step}"

_STEP_FOLDER = re.compile(r"(?:step-?|checkpoint-|global_step)(\d+)")
_REPOSITORY = r"[\w.-]+(?:/[\w.-]+)?"
_HUB = re.compile(rf"({_REPOSITORY})@(\S+)")

_FORMS = (
    f"Give a {FILE_NAME}, a folder of step-N, stepN, checkpoint-N or global_stepN, a hub pattern such as "
    "owner/name@step{step} with its steps, or one model directory with its one step"
)


def place_of(series: CheckpointSeries) -> str:
    """Where the checkpoints of a run are: the folder that holds them all, or their repositories."""
    folders = [str(Path(one.path).parent) for one in series.checkpoints if one.path is not None]
    repositories = sorted({one.repo for one in series.checkpoints if one.repo is not None})
    return " ".join([*([os.path.commonpath(folders)] if folders else []), *repositories])


def series_of(given: str, steps: str | None = None) -> CheckpointSeries:
    """The series that `given` names, and of it the `steps` that are asked for; raises CheckpointError.

    `given` is a series.json, a folder with one, a folder of step-N, stepN, checkpoint-N or global_stepN, a hub pattern
    `owner/name@step{step}` (then `steps` says which), or one model directory or `owner/name@revision` (then `steps`
    is its one step). `steps` are numbers and ranges with commas between: `0,100,500:1000:100`; a range holds its end.
    """
    path = Path(given).expanduser()
    if path.is_file():
        return _chosen(CheckpointSeries.load(path), steps)
    if path.is_dir():
        return _of_folder(path.absolute(), steps)
    match = _HUB.fullmatch(given)
    if match is None:
        raise CheckpointError(f"{given} is no file, no folder and no hub pattern. {_FORMS}.")
    return _of_hub(match[1], match[2], steps)


def _of_folder(folder: Path, steps: str | None) -> CheckpointSeries:
    if (folder / FILE_NAME).is_file():
        return _chosen(CheckpointSeries.load(folder / FILE_NAME), steps)
    found = _step_folders(folder)
    if found:
        sources = tuple(CheckpointSource(step=step, path=str(found[step])) for step in sorted(found))
        return _chosen(CheckpointSeries(name=folder.name, checkpoints=sources), steps)
    if (folder / "config.json").is_file():
        source = CheckpointSource(step=_only_step(str(folder), steps), path=str(folder))
        return CheckpointSeries(name=folder.name, checkpoints=(source,))
    there = ", ".join(sorted(one.name for one in folder.iterdir())[:10]) or "nothing"
    raise CheckpointError(f"{folder} holds no checkpoints; it holds {there}. {_FORMS}.")


def _step_folders(folder: Path) -> dict[int, Path]:
    found: dict[int, Path] = {}
    for one in sorted(folder.iterdir()):
        match = _STEP_FOLDER.fullmatch(one.name)
        if match is None or not one.is_dir():
            continue
        step = int(match[1])
        if step in found:
            raise CheckpointError(
                f"{folder} holds step {step:,} twice: {found[step].name} and {one.name}. Write a {FILE_NAME} that "
                "names the right one."
            )
        found[step] = one
    return found


def _of_hub(repo: str, revision: str, steps: str | None) -> CheckpointSeries:
    if STEP not in revision:
        source = CheckpointSource(step=_only_step(f"{repo}@{revision}", steps), repo=repo, revision=revision)
        return CheckpointSeries(name=repo, checkpoints=(source,))
    if steps is None:
        raise CheckpointError(
            f"{repo}@{revision} is a pattern, and which steps there are is not known. Give them as "
            "steps: 0,1000:143000:1000"
        )
    numbers = named_steps(steps)
    sources = (CheckpointSource(step=one, repo=repo, revision=revision.replace(STEP, str(one))) for one in numbers)
    return CheckpointSeries(name=repo, checkpoints=tuple(sources))


def _only_step(name: str, steps: str | None) -> int:
    numbers = [] if steps is None else named_steps(steps)
    if len(numbers) != 1:
        raise CheckpointError(
            f"{name} is one model, and {'no step was given' if not numbers else f'{len(numbers):,} steps were given'}. "
            "Give the one training step that its weights are of as steps. It is never guessed from a name."
        )
    return numbers[0]


def _chosen(series: CheckpointSeries, steps: str | None) -> CheckpointSeries:
    if steps is None:
        return series
    there = [one.step for one in series.checkpoints]
    try:
        chosen = set(chosen_steps(steps, there))
    except CheckpointError as error:
        raise CheckpointError(f"{series.name}: {error} It has steps {listed(there)}.") from error
    return series.model_copy(update={"checkpoints": tuple(one for one in series.checkpoints if one.step in chosen)})
