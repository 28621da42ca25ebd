"""The Python client of the service: `Client` waits for answers, `AsyncClient` awaits them; both have the same methods.

It needs the extra `client` of pyproject: `client = ["httpx2>=2.16,<3"]`. httpx2 is the maintained continuation of httpx
(which has had no release since 0.28), what huggingface_hub and starlette's TestClient use already, and verifies TLS by
the system's certificates instead of bringing its own. It is imported when a client is made.

    from exposure.client import Client

    with Client("http://127.0.0.1:8000") as client:
        print(client.timelines.first_seen("tiny", ["these books"]).polars())
"""

from __future__ import annotations

from exposure.api.names import RootedPath
from exposure.api.requests import EvaluationRequest, IndexRequest, MatchRequest, ModelName
from exposure.client.client import AsyncClient, Client
from exposure.client.problems import (
    Busy,
    Conflict,
    Forbidden,
    InvalidRequest,
    JobCancelled,
    JobFailed,
    JobTimeout,
    KeyReused,
    LimitExceeded,
    NotFound,
    NotIndexed,
    Question,
    ReadOnly,
    ServiceProblem,
    ServiceUnreachable,
    TooLarge,
    TooSlow,
    Unauthorised,
    Unavailable,
    UnexpectedAnswer,
    UnusableInput,
)
from exposure.client.retries import Retries
from exposure.client.table import Table
from exposure.splits import SplitRequest

__all__ = [
    "AsyncClient",
    "Busy",
    "Client",
    "Conflict",
    "EvaluationRequest",
    "Forbidden",
    "IndexRequest",
    "InvalidRequest",
    "JobCancelled",
    "JobFailed",
    "JobTimeout",
    "KeyReused",
    "LimitExceeded",
    "MatchRequest",
    "ModelName",
    "NotFound",
    "NotIndexed",
    "Question",
    "ReadOnly",
    "Retries",
    "RootedPath",
    "ServiceProblem",
    "ServiceUnreachable",
    "SplitRequest",
    "Table",
    "TooLarge",
    "TooSlow",
    "Unauthorised",
    "Unavailable",
    "UnexpectedAnswer",
    "UnusableInput",
]
