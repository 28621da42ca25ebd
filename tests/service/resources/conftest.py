"""Clients that may also wait for deletions, and jobs that use things."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exposure.api.jobs import Job


@pytest.fixture
def jobs_of(client, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Pretend that these jobs are queued or running: (kind, request) of each."""

    def pretend(*jobs: tuple[str, dict[str, Any]]) -> None:
        active = [Job(f"job{i}", kind, "queued", request, 0.0) for i, (kind, request) in enumerate(jobs)]
        monkeypatch.setattr(client.service.state.resources, "_active", lambda: active)
        object.__setattr__(client.service.state.resources._deleter, "active", lambda: active)

    return pretend


@pytest.fixture
def lists(client) -> Callable[[str], list[str]]:
    """The names or ids that a list has."""

    def of(kind: str) -> list[str]:
        return [one.get("name") or one["id"] for one in client.get(f"/v1/{kind}").json()["answers"]]

    return of


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty root of one's own."""
    (tmp_path / "root").mkdir()
    return tmp_path / "root"
