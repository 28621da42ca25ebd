"""What can be wrong with a request or with starting the service, beside the errors of exposure.errors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from exposure.errors import ExposureError


class ServiceError(ExposureError):
    """The service cannot start."""


class JobStoreError(ServiceError):
    """Jobs cannot be kept now: the disk is full or read-only, or their file is damaged."""


class NotFoundError(ExposureError):
    """A timeline, or another thing of the service, that does not exist."""


class NotIndexedError(ExposureError):
    """A phrase that the timeline was never asked to look for, so that it has no history."""


class LimitError(ExposureError):
    """More than one request may ask for."""


class BodyError(ExposureError):
    """A body that cannot be read."""


class InvalidRequestError(ExposureError):
    """Fields of a body that are wrong.

    `str` of one made by `of` is JSON: so a child process passes it on as it does any error.
    """

    MOST = 20
    """How many wrong fields are named."""

    @classmethod
    def of(cls, errors: Sequence[Any], is_all: bool = True) -> InvalidRequestError:
        """The error of what pydantic found: `loc`, `msg`; there may be more where not `is_all` was looked at."""
        named = [(".".join(map(str, one["loc"])), _sentence(one)) for one in errors[: cls.MOST]]
        return cls(json.dumps({"fields": named, "count": len(errors), "is_all": is_all}))

    @property
    def fields(self) -> list[tuple[str, str]]:
        """(where, what was expected) of the first ones."""
        return [(where, expected) for where, expected in self._said["fields"]]

    @property
    def count(self) -> int:
        """How many are wrong, of those that were looked at."""
        return int(self._said["count"])

    @property
    def is_all(self) -> bool:
        """Whether everything was looked at."""
        return bool(self._said["is_all"])

    @property
    def _said(self) -> dict[str, Any]:
        try:
            return dict(json.loads(str(self)))
        except ValueError:
            return {"fields": [], "count": 0, "is_all": True}


def _sentence(error: Any) -> str:
    """What pydantic says of one error; of a rule of ours, our sentence alone."""
    return str(error["msg"]).removeprefix("Value error, ")


class InputError(ExposureError):
    """What a request sent, or a file that it named under a root, is not what it should be."""


class MediaTypeError(ExposureError):
    """A body in a form that the route does not read."""


class NotAcceptableError(ExposureError):
    """An answer was wanted in a form that the service does not write."""


class ParameterError(ExposureError):
    """A query parameter that the route does not know, or that was given twice."""


class AccessError(ExposureError):
    """No key, or one that is not known."""


class ScopeError(ExposureError):
    """A key that may not do this."""


class ConflictError(ExposureError):
    """Something that stands in the way: a name that is taken, a thing that is in use, a job that has ended."""


class KeyReuseError(ExposureError):
    """An Idempotency-Key that was sent with another request before."""


class StaleAttemptError(ExposureError):
    """A worker that speaks of a job that it no longer holds."""


class BusyError(ExposureError):
    """More at once than the service takes; `retry_seconds` is when to ask again."""

    def __init__(self, sentence: str, retry_seconds: int = 1) -> None:
        super().__init__(sentence)
        self.retry_seconds = retry_seconds


class TooSlowError(ExposureError):
    """A question that took longer than one may."""


class RootError(ExposureError):
    """A path that is none under an operator's root."""


class ReadOnlyError(ExposureError):
    """A change asked of a service that only answers."""
