"""client.jobs: asking for indexing and evaluating, and following what was asked for."""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Callable, Coroutine
from types import MethodType
from typing import Any, Generic, ParamSpec, overload

import pydantic

from exposure.api.jobs import Job, JobEvent, JobState
from exposure.api.requests import EvaluationRequest, IndexRequest, JobKind, JobRequest
from exposure.client.calls import D, Group, ask, each
from exposure.client.core import Core, path_of, rows_of
from exposure.client.drivers import AwaitedDriver, BlockingDriver
from exposure.client.exchanges import Emit, Plan
from exposure.client.job_events import JobEvents
from exposure.client.problems import JobCancelled, JobFailed, JobTimeout
from exposure.client.progress_bar import ProgressBar
from exposure.errors import UsageError

P = ParamSpec("P")


class submit(Generic[P]):  # noqa: N801
    """A method that makes a request of its arguments, the fields of `request`, and returns the job that it becomes.

    The request carries an Idempotency-Key, so that it is one job however often it has to be sent.
    """

    def __init__(self, request: Callable[P, JobRequest], resource: str, sentence: str) -> None:
        def method(group: Group[Any], /, *arguments: P.args, **named: P.kwargs) -> Any:
            return group._driver.run(_submitted(group._core, resource, _checked(request, *arguments, **named)))

        method.__doc__ = sentence
        method.__signature__ = _signature(request)  # type: ignore[attr-defined]
        self._method = method

    def __set_name__(self, owner: type, name: str) -> None:
        """The method has the name that it stands under."""
        self._method.__name__ = name

    @overload
    def __get__(self, group: Group[BlockingDriver], owner: type) -> Callable[P, Job]: ...
    @overload
    def __get__(self, group: Group[AwaitedDriver], owner: type) -> Callable[P, Coroutine[Any, Any, Job]]: ...
    @overload
    def __get__(self, group: None, owner: type) -> submit[P]: ...
    def __get__(self, group: Any, owner: type) -> Any:
        """The method of one group; of the class, this."""
        return self if group is None else MethodType(self._method, group)


def _signature(request: Callable[..., JobRequest]) -> inspect.Signature:
    """That of a method with the fields of `request`, for help() and editors."""
    group = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    return inspect.Signature([group, *inspect.signature(request).parameters.values()])


def _checked(request: Callable[P, JobRequest], *arguments: P.args, **named: P.kwargs) -> JobRequest:
    try:
        return request(*arguments, **named)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) + ": " if first["loc"] else ""
        raise UsageError(
            f"{where}{first['msg'].removeprefix('Value error, ')}. The fields are those of {error.title}, in "
            "exposure.api.requests."
        ) from error


def _submitted(core: Core, resource: str, request: JobRequest) -> Plan[Job]:
    body = request.model_dump(mode="json", exclude_unset=True)
    return core.post(Job, path_of(resource), body, {"Idempotency-Key": uuid.uuid4().hex})


class Jobs(Group[D]):
    """Jobs. Wherever one is named, its id or the Job itself will do."""

    index = submit(IndexRequest, "index-jobs", "Have a corpus scanned for phrases, and the timeline published.")
    evaluate = submit(EvaluationRequest, "evaluations", "Have minimal pairs scored by a series of checkpoints.")

    @ask
    def get(self, job: str | Job) -> Plan[Job]:
        """The job as it is now."""
        return self._core.get_one(Job, path_of("jobs", _id(job)))

    @each.of(Job)
    def list(
        self,
        kind: JobKind | None = None,
        state: JobState | None = None,
        timeline: str | None = None,
        evaluation: str | None = None,
        run: str | None = None,
    ) -> Plan[None]:
        """Every job that fits, the newest first; asked for by pages, as they are needed."""
        filters = {"kind": kind, "state": state, "timeline": timeline, "evaluation": evaluation, "run": run}
        return _pages(self._core, path_of("jobs"), filters)

    @each.of(JobEvent)
    def events(self, job: str | Job, after: int | None = None) -> Plan[None]:
        """What happens to a job, from its first event on or after the one with the id `after`, until it has ended.

        A stream that breaks is taken up where it broke: every event comes exactly once.
        """
        events = JobEvents(self._core, path_of("jobs", _id(job), "events"), _id(job), after)
        while (event := (yield from events.next())) is not None:
            yield Emit(event)

    @ask
    def wait(self, job: str | Job, timeout: float | None = None, progress: bool = True) -> Plan[Job]:
        """The job once it has succeeded; raises JobFailed, JobCancelled, and JobTimeout after `timeout` seconds.

        Meanwhile a bar on standard error shows how far it is, where that is a terminal and `progress` is wanted. The
        job goes on whatever becomes of who waits.
        """
        deadline = None if timeout is None else self._core.clock() + timeout
        try:
            ended = yield from _ended(self._core, _id(job), deadline, progress)
        except TimeoutError as error:
            raise JobTimeout(
                f"Job {_id(job)} had not ended after {timeout:g} seconds. It goes on: wait again, or cancel it."
            ) from error
        if ended.state != "succeeded":
            raise (JobCancelled if ended.state == "cancelled" else JobFailed)(ended)
        return ended

    @ask
    def cancel(self, job: str | Job) -> Plan[Job]:
        """Have a job cancelled; the job as it is then, which may still run until its worker has ended it."""
        return self._core.delete_for(Job, path_of("jobs", _id(job)))


def _id(job: str | Job) -> str:
    return job.id if isinstance(job, Job) else job


def _pages(core: Core, path: str, filters: dict[str, Any]) -> Plan[None]:
    cursor = None
    while True:
        page = yield from core.get(path, {**filters, "cursor": cursor})
        for job in rows_of(Job, page):
            yield Emit(job)
        cursor = page.get("next")
        if cursor is None:
            return


def _ended(core: Core, job: str, deadline: float | None, is_shown: bool) -> Plan[Job]:
    """The job when it has ended; raises TimeoutError after `deadline`."""
    found = yield from core.get_one(Job, path_of("jobs", job))
    if found.is_final:
        return found
    events = JobEvents(core, path_of("jobs", job, "events"), job, deadline=deadline)
    with ProgressBar(is_shown) as bar:
        while (event := (yield from events.next())) is not None:
            bar.tell(event)
    return (yield from core.get_one(Job, path_of("jobs", job)))
