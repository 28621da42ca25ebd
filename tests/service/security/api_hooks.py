"""What schemathesis is told of this API, and one check more: well-formed requests are never called malformed."""

import os

import schemathesis
from schemathesis.checks import CheckContext
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case

NOT_IN_THE_SCHEMA = (
    "query.cursor",  # opaque: only what the service gave is one
    *(": give ", "a line has at most", "leave is_retryable out"),  # rules between fields
    "body.lines",  # what a line holds depends on its type
    "valid integer",  # 2.0 is an integer to JSON Schema, and a number to us
)
"""What an answer may name that calls a request malformed although it fits the schema."""


@schemathesis.check
def well_formed_requests_are_understood(ctx: CheckContext, response: Response, case: Case) -> None:
    """A request that fits the schema may be refused for what it names, but is never /problems/invalid-request."""
    del ctx
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code != 422:
        return
    problem = response.json()
    if problem["type"] == "/problems/invalid-request" and not any(
        one in problem["detail"] for one in NOT_IN_THE_SCHEMA
    ):
        raise AssertionError(f"A request that fits the schema was called malformed: {problem['detail']}")


KEY = "WHOLE_API_KEY"
"""Where the environment holds the key that is sent, if one is."""

NAMED = {"not-found"}
"""A thing is named that is not there. Nothing in this world is damaged, and nobody else asks at the same time."""

PHRASE = {*NAMED, "not-indexed", "limit-exceeded"}
ANSWERED_LATER = {*NAMED, "conflict", "question", "key-reused"}
"""What is asked of jobs: names, a timeline or evaluation of something else, steps and paradigms that there are not."""

RIGHTLY_REFUSED: dict[str, set[str]] = {
    **{f"GET /v1/timelines/{{timeline}}{one}": NAMED for one in ("", "/coverage", "/phrase-sets")},
    **{f"{one} /v1/timelines/{{timeline}}/first-seen": {*NAMED, "limit-exceeded"} for one in ("GET", "POST")},
    **{f"GET /v1/timelines/{{timeline}}/{one}": PHRASE for one in ("history", "exposures")},
    # holed lacks a shard
    "GET /v1/timelines/{timeline}/contexts": {*PHRASE, "unavailable"},
    # the step that a policy needs, the set where a timeline keeps several
    "POST /v1/timelines/{timeline}/splits": {*NAMED, "question"},
    "DELETE /v1/timelines/{timeline}": {*NAMED, "conflict"},
    "POST /v1/runs": {"no-such-root", "unusable-input", "conflict"},
    "GET /v1/runs/{run}": NAMED,
    "DELETE /v1/runs/{run}": {*NAMED, "conflict"},
    # a step beyond the run
    "GET /v1/runs/{run}/batches/{step}": {*NAMED, "question"},
    "POST /v1/pair-sets": {"no-such-root", "unusable-input"},
    "POST /v1/phrase-sets": {*NAMED, "no-such-root", "unusable-input", "limit-exceeded"},
    **{f"{one} /v1/{kind}-sets/{{id}}": {*NAMED, *also} for kind in ("pair", "phrase")
       for one, also in (("GET", ()), ("DELETE", ("conflict",)))},
    "GET /v1/pair-sets/{id}/pairs": NAMED,
    "GET /v1/phrase-sets/{id}/phrases": NAMED,
    "GET /v1/jobs/{job}": NAMED,
    "GET /v1/jobs/{job}/events": NAMED,
    "DELETE /v1/jobs/{job}": {*NAMED, "conflict"},
    "POST /v1/index-jobs": ANSWERED_LATER,
    "POST /v1/evaluations": {*ANSWERED_LATER, "no-such-root"},
    # another data directory; a job that is another worker's
    "POST /v1/worker/claims": {"conflict"},
    **{f"POST /v1/worker/jobs/{{job}}/{one}": {*NAMED, "stale-attempt"} for one in ("heartbeats", "lines", "outcome")},
    **{f"GET /v1/evaluations/{{evaluation}}{one}": NAMED for one in ("", "/checkpoints", "/report")},
    # measures, splits and conventions that it does not have
    **{f"GET /v1/evaluations/{{evaluation}}/{one}": {*NAMED, "question"}
       for one in ("measurements", "items", "lags", "paradigms", "splits")},
    "DELETE /v1/evaluations/{evaluation}": {*NAMED, "conflict"},
}  # fmt: skip
"""Route → kinds of problems that a request which fits its schema can rightly meet; all other routes: none.

Beside these a key may be missing, or lack the scope. /problems/invalid-request has a check of its own.
"""


@schemathesis.check
def only_what_is_wrong_is_refused(ctx: CheckContext, response: Response, case: Case) -> None:
    """A request that fits the schema is answered, or refused for a reason that there can be on its route."""
    del ctx
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code < 400:
        return
    route = f"{case.method.upper()} {case.operation.path}"
    kind = response.json()["type"].removeprefix("/problems/")
    sent = {name.lower(): value for name, value in response.request.headers.items()}.get("authorization")
    of_key = {"forbidden"} if sent == f"Bearer {os.environ.get(KEY)}" else {"unauthorised"}
    if kind not in RIGHTLY_REFUSED.get(route, set()) | of_key | {"invalid-request"}:
        raise AssertionError(f"{route} refused a request that fits the schema as {kind}: {response.json()['detail']}")


@schemathesis.check
def problems_are_problems(ctx: CheckContext, response: Response, case: Case) -> None:
    """Every error is a problem of a kind that is documented, under an id, and tells nothing of the machine."""
    del ctx, case
    if response.status_code < 400:
        return
    problem = response.json()
    assert problem["status"] == response.status_code
    assert problem["type"].startswith("/problems/")
    assert problem["request_id"] == response.headers["x-request-id"][0]
    text = response.text
    assert "Traceback" not in text
    assert "/site-packages/" not in text
