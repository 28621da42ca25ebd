"""What schemathesis is told of this API, and one check more: well-formed requests are never called malformed."""

import schemathesis
from schemathesis.checks import CheckContext
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case

NOT_IN_THE_SCHEMA = (
    "query.cursor",  # opaque: only what the service gave is one
    "Value error",  # rules between fields, each a sentence
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
