"""Models of these tests are tiny."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import tiny_models


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """One thread is faster for tiny models, and much faster on a busy machine."""
    with tiny_models.one_thread():
        yield
