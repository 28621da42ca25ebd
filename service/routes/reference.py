"""The documentation, made from what OpenAPI says; without scripts, and without anything from elsewhere."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse

from service.errors import NotFoundError
from service.keys.access import needs
from service.problems import KINDS
from service.reference.page import page

router = APIRouter(include_in_schema=False)

_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@router.get("/docs", dependencies=[Depends(needs("read"))])
def docs(request: Request) -> HTMLResponse:
    """Every route: parameters, body, example, answers."""
    return HTMLResponse(
        page(request.app.openapi(), str(request.base_url)), headers={"Content-Security-Policy": _POLICY}
    )


@router.get("/problems/{slug}")
def problem(slug: str) -> RedirectResponse:
    """Where the `type` of a problem leads: to its place in the documentation."""
    if slug not in {kind.slug for kind in KINDS}:
        raise NotFoundError(f"There is no kind of problem {slug!r}. They are listed at /docs.")
    return RedirectResponse(f"/docs#problem-{slug}", 307)
