"""Which methods a path answers: a router says only the first that it finds."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.routing import compile_path


def allowed_methods(app: FastAPI, path: str) -> list[str]:
    """The methods of every route of `app` that stands at `path`, in alphabetical order."""
    fitting = (routes for template, routes in app.openapi()["paths"].items() if compile_path(template)[0].match(path))
    methods = {method.upper() for routes in fitting for method in routes}
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)
