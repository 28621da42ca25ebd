"""Statuses against all runs that would agree with what was scanned."""

from collections.abc import Iterator
from itertools import chain, combinations, product

import pytest

from exposure.status import ExposureStatus, all_of, any_of, is_seen, status_at

STEPS = 4
Batches = frozenset[int]


def subsets(batches: Batches) -> Iterator[Batches]:
    """Every subset."""
    return map(frozenset, chain.from_iterable(combinations(sorted(batches), size) for size in range(len(batches) + 1)))


SCANS = [(scanned, found) for scanned in subsets(frozenset(range(STEPS))) for found in subsets(scanned)]
"""(batches scanned, those of them in which the phrase was found), all there are."""


def verdict(answers: set[bool]) -> bool | None:
    """What all possible runs agree on; None where they do not."""
    return answers.pop() if len(answers) == 1 else None


def status_of(scanned: Batches, found: Batches, step: int | None) -> ExposureStatus:
    """The code under test, told what a scan knows."""
    covered = next(batch for batch in range(STEPS + 1) if batch not in scanned)
    return status_at(min(found, default=None), step, covered, STEPS)


@pytest.mark.parametrize("step", range(STEPS + 1))
def test_status_at_a_checkpoint_is_what_all_possible_runs_agree_on(step: int) -> None:
    """Seen or unseen is said exactly where no batch that was not scanned could change it; else unknown."""
    for scanned, found in SCANS:
        worlds = [found | hidden for hidden in subsets(frozenset(range(STEPS)) - scanned)]
        agreed = verdict({any(batch in world for batch in range(step)) for world in worlds})
        status = status_of(scanned, found, step)
        assert is_seen(status) is agreed, (scanned, found)
        assert status != ExposureStatus.NEVER


def test_status_of_the_whole_run() -> None:
    """Without a step the question is about all batches: seen, never, or unknown."""
    for scanned, found in SCANS:
        agreed = verdict({bool(found | hidden) for hidden in subsets(frozenset(range(STEPS)) - scanned)})
        named = {True: ExposureStatus.SEEN, False: ExposureStatus.NEVER, None: ExposureStatus.UNKNOWN}
        assert status_of(scanned, found, None) == named[agreed], (scanned, found)


def test_step_beyond_the_run_is_unknown_unless_seen() -> None:
    """Nobody knows what a longer run would have shown; what was seen stays seen."""
    assert status_at(None, STEPS + 1, STEPS, STEPS) == ExposureStatus.UNKNOWN
    assert status_at(3, STEPS + 1, STEPS, STEPS) == ExposureStatus.SEEN


def test_statuses_that_are_no_truth() -> None:
    """Not indexed, no phrase and unknown are neither seen nor unseen."""
    undecided = {ExposureStatus.UNKNOWN, ExposureStatus.NOT_INDEXED, ExposureStatus.NO_PHRASE}
    assert {status for status in ExposureStatus if is_seen(status) is None} == undecided


@pytest.mark.parametrize("size", range(4))
def test_three_valued_logic_is_agreement_over_all_resolutions(size: int) -> None:
    """OR and AND of unknowns are known exactly where every way to resolve them gives the same."""
    for values in product([True, False, None], repeat=size):
        resolved = list(product(*([one] if one is not None else [True, False] for one in values)))
        assert any_of(iter(values)) is verdict({any(one) for one in resolved})
        assert all_of(iter(values)) is verdict({all(one) for one in resolved})
