"""What the benchmarks of measures inside share: clock, ratio, exit status, and sections of the page that stay."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import tiny_models
import torch

from benchmarks.inside.forward_clock import forward_clock
from benchmarks.inside_cost import row_of
from benchmarks.scoring.arguments import refuse_missed
from benchmarks.scoring.page import PARTS, page
from benchmarks.scoring.results import Measured

IDS = torch.arange(2, 12)[None]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    with tiny_models.one_thread():
        yield


def test_clock_counts_passes_of_model_and_base_model_once_and_leaves_no_trace() -> None:
    """A pass of the model runs its base model: one pass; what runs within counts, what runs between does not."""
    model = tiny_models.model("llama")

    def busy(*_: object) -> None:
        ends = time.process_time() + 0.05
        while time.process_time() < ends:
            pass

    with torch.no_grad():
        expected = model(IDS).logits
        with forward_clock(model) as clock:
            logits = model(IDS).logits
            assert clock.passes == 1
            model.base_model(IDS)
            assert clock.passes == 2
            before = clock.seconds
            busy()
            assert clock.seconds == before
            hook = model.base_model.layers[0].register_forward_hook(busy)
            model(IDS)
            hook.remove()
            assert clock.seconds >= before + 0.05
        model(IDS)
    assert clock.passes == 3
    assert torch.equal(logits, expected)
    assert "forward" not in vars(model)
    assert "forward" not in vars(model.base_model)


def test_clock_goes_on_after_a_pass_that_breaks_off() -> None:
    """What a failed pass took counts, and the next pass too."""
    model = tiny_models.model("llama")
    with torch.no_grad(), forward_clock(model) as clock:
        with pytest.raises(IndexError):
            model(torch.tensor([[10_000]]))
        model(IDS)
    assert clock.passes == 2


@pytest.mark.parametrize(("induction", "verdict"), [(2.0, "met"), (8.0, "short")])
def test_ratio_is_the_median_of_rounds_and_misses_the_bar(induction: float, verdict: str) -> None:
    """All measures added up, by the scoring pass of the same round."""
    rounds = [{"scoring": 10.0 * k, "pairs": 12.0 * k, "icl": 6.0 * k, "induction": induction * k} for k in (1, 2, 4)]
    row = row_of([*rounds, {"scoring": 1.0, "pairs": 100.0, "icl": 0.0, "induction": 0.0}, rounds[0]])
    assert row["ratio"] == (18 + induction) / 10
    assert row["low – high"] == f"{(18 + induction) / 10:.2f} – 100.00"
    assert row["verdict"] == verdict
    assert row["scoring s"] == 10.0


def test_a_missed_bar_is_exit_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    """And names the row; with all bars met nothing happens."""
    refuse_missed([{"model": "a", "verdict": "met"}])
    with pytest.raises(SystemExit) as ended:
        refuse_missed([{"model": "a", "verdict": "met"}, {"model": "b", "verdict": "short"}])
    assert ended.value.code == 1
    assert capsys.readouterr().err == "missed: model b, verdict short\n"


def test_page_keeps_sections_that_were_measured_elsewhere() -> None:
    """Figures of another machine's run stay as they stand, and those measured anew take the place of the old."""
    old = {name: Measured({}, [{"model": f"old {name}"}], (0.1, 0.2)) for name in PARTS if name != "speed"}
    new = {"inside-cost": Measured({}, [{"model": "new"}], (0.1, 0.2))}
    before, after = page(old), page(new, page(old))
    assert after == before.replace("old inside-cost", "new")
    assert after.count("Not measured yet.") == 1
    assert page({"speed": Measured({}, [{"model": "fast"}], (0.1, 0.2))}, after).count("Not measured yet.") == 0
