"""At which steps a run is saved, written as text: "0,1,2,5", "0:960:20", "powers", "last", or several of them."""

from __future__ import annotations

from exposure.errors import UsageError

DEFAULT = "0,powers,last"


def parse_steps(text: str, steps: int) -> tuple[int, ...]:
    """The steps that `text` names in a run of `steps` steps, rising, none twice; raises UsageError.

    Items, by commas: a step; FIRST:LAST:EVERY, both ends in it; `powers`, which is 1, 2, 4, 8 …; `last`.
    """
    found = {step for item in text.split(",") for step in _of_item(item.strip(), steps)}
    if found and max(found) > steps:
        raise UsageError(f"--checkpoint-steps names step {max(found):,}, but the run has steps 0 to {steps:,}.")
    return tuple(sorted(found))


def _of_item(item: str, steps: int) -> list[int]:
    if item == "last":
        return [steps]
    if item == "powers":
        return [1 << power for power in range(steps.bit_length())]
    try:
        numbers = [int(part) for part in item.split(":")]
    except ValueError:
        numbers = []
    if len(numbers) == 1 and numbers[0] >= 0:
        return numbers
    if len(numbers) == 3 and 0 <= numbers[0] <= numbers[1] and numbers[2] > 0:
        return list(range(numbers[0], numbers[1] + 1, numbers[2]))
    raise UsageError(
        f"--checkpoint-steps: {item!r} is no step. Write steps and ranges by commas: 0,1,2,4,0:960:20; `powers` stands "
        "for 1, 2, 4, 8 …, `last` for the last step."
    )
