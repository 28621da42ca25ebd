"""What the hub's library raises, as sentences."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from exposure.errors import CheckpointError, first_line

REFUSALS = (RepositoryNotFoundError, RevisionNotFoundError, HFValidationError)
"""The hub was asked, and what was asked for is not there, or not for us: what is cached is no answer."""


@contextmanager
def sentences(repo: str, revision: str, place: str) -> Iterator[None]:
    """Inside, errors of the hub become CheckpointErrors about `repo` at `revision`, on the hub at `place`."""
    try:
        yield
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        raise CheckpointError(_sentence(error, repo, revision, place)) from error


def unreachable(repo: str, revision: str, place: str, why: Exception) -> CheckpointError:
    """The hub could not be asked, and the cache has nothing."""
    return CheckpointError(
        f"{repo}@{revision} is not in the cache, and {place} cannot be asked ({first_line(why)}). Check the connection "
        f"and HF_HUB_OFFLINE, or fetch it before: hf download {repo} --revision {revision}"
    )


def _sentence(error: Exception, repo: str, revision: str, place: str) -> str:
    if isinstance(error, GatedRepoError):
        return f"{repo} is gated on {place}. Accept its terms there, then log in: hf auth login"
    if isinstance(error, RepositoryNotFoundError):
        return f"There is no repository {repo} on {place}, or it is private. Check the name, or log in: hf auth login"
    if isinstance(error, RevisionNotFoundError):
        return f"{repo} has no revision {revision}. See its branches and tags on {place}/{repo}"
    if isinstance(error, HFValidationError):
        return f"{repo!r} is no name of a repository: expected owner/name."
    if isinstance(error, LocalEntryNotFoundError):
        return f"{repo}@{revision} is not whole in the cache, and {place} cannot be reached. Check the connection."
    return f"{repo}@{revision} could not be fetched from {place} ({first_line(error)}). Try again."
