"""What a child says, as clients see it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.settings import Settings
from service.workers.publicity import public_text, public_value
from service.workers.waits import wait_seconds

SETTINGS = Settings(Path("/srv/data"), roots={"corpora": Path("/mnt/corpora")}, model_roots={"m": Path("/mnt/models")})


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        ("/srv/data/runs/a/run.json is no run.", "runs/a/run.json is no run."),
        ("/mnt/corpora/x/s07.jsonl has changed.", "corpora:x/s07.jsonl has changed."),
        ("/mnt/models/tiny/step-3: truncated", "m:tiny/step-3: truncated"),
        ('File "/usr/lib/python3/site-packages/torch/nn.py", line 3', 'File "…/nn.py", line 3'),
        ("cannot open /home/someone/secret.txt", "cannot open …/secret.txt"),
        ("(/home/someone/secret.txt)", "(…/secret.txt)"),
        ("see https://example.org/a/b/c", "see https://example.org/a/b/c"),
        ("owner/name@step3 and a/b", "owner/name@step3 and a/b"),
        ("1/2 of 3 / 4", "1/2 of 3 / 4"),
    ],
)
def test_no_folder_of_this_machine_is_shown(said: str, seen: str) -> None:
    """Files are named from the data directory or a root on, or without folders; URLs and fractions stay."""
    assert public_text(SETTINGS, said) == seen


@settings(deadline=None)
@given(
    st.lists(st.text("abcXYZ019._-", min_size=1, max_size=8), min_size=2, max_size=5),
    st.sampled_from(["", "no ", "'", '"', "(", "a: "]),
)
def test_folders_are_never_shown_whatever_they_are_called(parts: list[str], before: str) -> None:
    """Of any absolute path only the last part remains."""
    text = f"{before}/home/" + "/".join(parts)
    assert public_text(SETTINGS, text) == f"{before}…/{parts[-1]}"


def test_what_json_lacks_is_null_at_any_depth() -> None:
    """NaN and infinities become null, texts public, and the rest stays."""
    value = {"a": [math.nan, 1.5, {"b": math.inf, "c": "/srv/data/x"}], "d": True, "e": None, "f": 3}
    assert public_value(SETTINGS, value) == {"a": [None, 1.5, {"b": None, "c": "x"}], "d": True, "e": None, "f": 3}


@settings(deadline=None)
@given(st.integers(1, 10_000), st.floats(0.01, 1.0), st.floats(1.0, 60.0))
def test_waits_grow_and_stay_bounded(failures: int, first: float, most: float) -> None:
    """Between half and the whole of what doubling gives, never above the bound."""
    whole = min(most, first * 2.0 ** min(failures - 1, 30))
    assert whole / 2 <= wait_seconds(failures, first, most) <= whole <= most
