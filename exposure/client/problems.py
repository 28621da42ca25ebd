"""What can go wrong with a request, as exceptions: one class for each kind of problem that a caller tells apart."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar

from exposure.api.jobs import Job
from exposure.errors import ExposureError


class ServiceUnreachable(ExposureError):  # noqa: N818
    """No whole answer came, however often it was asked for."""


class UnexpectedAnswer(ExposureError):  # noqa: N818
    """An answer that is not the service's: of a proxy, of another version, or cut off."""


@dataclass(frozen=True)
class FieldProblem:
    """One field of a request that is wrong: where it stands, and what was expected."""

    where: str
    problem: str


class ServiceProblem(ExposureError):  # noqa: N818
    """The service says why it did not answer. `type` stays the same from version to version, and so does its class.

    `request_id` is what the service logs it under. `errors` are the wrong fields of an invalid request.
    `retry_after` is in seconds; None where the service did not say when to ask again.
    """

    TYPE: ClassVar[str | None] = None
    """Of this class; None for those that are told apart by `type` alone."""

    def __init__(
        self,
        detail: str,
        type: str,
        status: int,
        request_id: str | None = None,
        errors: tuple[FieldProblem, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.type = type
        self.status = status
        self.request_id = request_id
        self.errors = errors
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[type[ServiceProblem], tuple[object, ...]]:
        """So that it survives the way out of a worker process."""
        return type(self), (self.detail, self.type, self.status, self.request_id, self.errors, self.retry_after)


class Unauthorised(ServiceProblem):
    """No key, or one that the service does not know."""

    TYPE = "/problems/unauthorised"


class Forbidden(ServiceProblem):
    """The key lacks the scope that this needs."""

    TYPE = "/problems/forbidden"


class NotFound(ServiceProblem):
    """There is no such timeline, job, or other thing."""

    TYPE = "/problems/not-found"


class NotIndexed(ServiceProblem):
    """The phrase was never looked for, so that nothing can be said of it."""

    TYPE = "/problems/not-indexed"


class Unavailable(ServiceProblem):
    """A timeline or another artefact that is half there, or damaged."""

    TYPE = "/problems/unavailable"


class Conflict(ServiceProblem):
    """A name that is taken, a thing that is in use, a job that has ended."""

    TYPE = "/problems/conflict"


class ReadOnly(ServiceProblem):
    """A change asked of a service that was started to answer only."""

    TYPE = "/problems/read-only"


class TooLarge(ServiceProblem):
    """A body that is larger than the service takes."""

    TYPE = "/problems/too-large"


class InvalidRequest(ServiceProblem):
    """A field that is wrong, unknown or missing; `errors` names them."""

    TYPE = "/problems/invalid-request"


class LimitExceeded(ServiceProblem):
    """More than one request may ask for."""

    TYPE = "/problems/limit-exceeded"


class UnusableInput(ServiceProblem):
    """Pairs, phrases, rules or a file that were sent or named are not as they should be."""

    TYPE = "/problems/unusable-input"


class Question(ServiceProblem):
    """A question that cannot be answered as it was put."""

    TYPE = "/problems/question"


class KeyReused(ServiceProblem):
    """An Idempotency-Key that was sent with another request before."""

    TYPE = "/problems/key-reused"


class Busy(ServiceProblem):
    """More at once than the service takes, also when it was asked again."""

    TYPE = "/problems/busy"


class TooSlow(ServiceProblem):
    """A question that took longer than one may."""

    TYPE = "/problems/too-slow"


class JobFailed(ExposureError):  # noqa: N818
    """A job that was waited for and failed; the message is the service's sentence, `job` the whole job."""

    def __init__(self, job: Job) -> None:
        super().__init__(f"Job {job.id} {job.state}: {job.problem or 'the service gives no reason.'}")
        self.job = job

    def __reduce__(self) -> tuple[type[JobFailed], tuple[Job]]:
        return type(self), (self.job,)


class JobCancelled(JobFailed):
    """A job that was waited for and cancelled."""


class JobTimeout(ExposureError, TimeoutError):  # noqa: N818
    """A job that was not done in the time that the caller gave; it goes on."""


_CLASSES = {one.TYPE: one for one in ServiceProblem.__subclasses__()}


def problem_of(
    status: int, media: str, content: bytes, request_id: str | None, retry_after: float | None
) -> ServiceProblem | UnexpectedAnswer:
    """The exception for an answer with an error's `status`, whoever gave it."""
    if media == "application/problem+json":
        try:
            fields = json.loads(content)
            errors = tuple(FieldProblem(one["where"], one["problem"]) for one in fields.get("errors") or ())
            kind = _CLASSES.get(fields["type"], ServiceProblem)
            said = fields.get("request_id", request_id)
            return kind(fields["detail"], fields["type"], status, said, errors, retry_after)
        except (ValueError, KeyError, TypeError, AttributeError):
            pass
    return UnexpectedAnswer(
        f"Status {status} came back as {media or 'no media type'}, which is not how the service says what is wrong: "
        f"{content[:200].decode('utf-8', 'replace')!r}. Check that the URL is the service's own, "
        "and what stands between."
    )
