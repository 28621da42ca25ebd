"""No route answers without a key, and each wants exactly the scope that it names: the router itself is walked."""

import base64
import itertools
import re

import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from service import app as app_module
from service.app import create_app
from service.errors import ServiceError
from service.keys.access import IMPLIED, SCOPES, needs
from service.route_table import LARGE_BODIES, PUBLIC, RouteTable
from service.settings import Settings

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

EXPECTED_PUBLIC = {("GET", "/v1/health"), ("GET", "/problems/{slug}"), ("GET", "/static")}
"""Written out once more: whoever makes something public must say so here too."""


def walked(app: FastAPI) -> set[tuple[str, str]]:
    """(method, path) of every route, from the router and not from our table; HEAD wherever there is GET."""
    found = set()
    for route in iter_route_contexts(app.routes):
        if not isinstance(route.original_route, Mount):
            also = {"HEAD"} if "GET" in route.methods else set()
            found |= {(method, route.path) for method in route.methods | also}
    return found


def is_public(method: str, template: str) -> bool:
    """Whether nobody needs a key: HEAD is asked as GET is."""
    return ("GET" if method == "HEAD" else method, template) in EXPECTED_PUBLIC


def filled(template: str) -> str:
    """An address that fits `template`."""
    return re.sub(r"\{[^}]*\}", "tiny", template)


@pytest.fixture
def routes(guarded):
    found = sorted(walked(guarded.app))
    assert len(found) > 10
    return found


def test_no_route_answers_without_a_key(guarded, routes):
    """Nor with a wrong one; only the live check and the way to the documentation of problems do."""
    for method, template in routes:
        for headers in ({}, {"authorization": "Bearer exp_wrong"}, {"authorization": "Basic eDp4"}):
            response = guarded.ask(method, filled(template), None, headers=headers)
            if is_public(method, template):
                assert response.status_code not in (401, 403), template
                continue
            assert response.status_code == 401, (method, template)
            assert response.headers["www-authenticate"].startswith("Bearer realm=")
            assert response.headers["connection"] == "close"
            if method != "HEAD":
                assert response.json()["type"] == "/problems/unauthorised"


def test_nothing_else_answers_without_a_key_either(guarded, routes):
    """Methods that no route has, and addresses that there are not: nobody learns which."""
    paths = {filled(template) for _, template in routes} | {"/", "/v1", "/v1/nothing", "/v1/health/", "/metrics/x"}
    public = {filled(template) for _, template in EXPECTED_PUBLIC}
    for path, method in itertools.product(sorted(paths), METHODS):
        status = guarded.ask(method, path, None).status_code
        if path not in public:
            assert status == 401, (method, path)
        elif method not in ("GET", "HEAD"):
            assert status == 405, (method, path)


def test_the_public_list_is_what_it_was_meant_to_be(guarded, routes):
    """And everything on it is there."""
    assert PUBLIC == EXPECTED_PUBLIC
    assert {one for one in PUBLIC if one[1] != "/static"} <= set(routes)
    assert guarded.ask("GET", "/static/reference.css", None).status_code == 200
    assert guarded.ask("GET", "/v1/health", None).status_code == 200


def scope_of(app: FastAPI, method: str, template: str) -> set[str]:
    """What a route needs, found by another way than the table's: the markers among all that its handler depends on."""
    found = set()

    def look(dependant) -> None:
        found.update(cell.cell_contents for one in dependant.dependencies for cell in (one.call.__closure__ or ())
                     if one.call.__qualname__.startswith("needs.") and cell.cell_contents in SCOPES)  # fmt: skip
        for one in dependant.dependencies:
            look(one)

    method = "GET" if method == "HEAD" else method
    for route in iter_route_contexts(app.routes):
        if route.path == template and method in (getattr(route, "methods", None) or ()):
            look(getattr(route, "dependant", None) or type("None", (), {"dependencies": ()}))
    return found or {"read"}


def test_each_scope_suffices_where_it_should_and_nowhere_else(guarded, routes):
    """For every route and every scope: 403 that names the scope, or an answer of the route itself."""
    for method, template in routes:
        if is_public(method, template):
            continue
        needed = scope_of(guarded.app, method, template)
        for scope in SCOPES:
            if template.endswith("/events") and needed <= IMPLIED[scope]:
                continue  # stays open; the tests of jobs ask it
            response = guarded.ask(method, filled(template), scope)
            is_allowed = needed <= IMPLIED[scope]
            assert (response.status_code in (401, 403)) is not is_allowed, (method, template, scope)
            if not is_allowed and method != "HEAD":
                problem = response.json()
                assert problem["type"] == "/problems/forbidden"
                assert any(f"scope {one}" in problem["detail"] for one in needed)


def test_openapi_says_which_scope_each_route_needs(guarded):
    """In a form for machines and in words."""
    document = guarded.app.openapi()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if (method.upper(), path) in EXPECTED_PUBLIC:
                assert operation["security"] == []
                assert not {"401", "403"} & operation["responses"].keys()
            else:
                needed = scope_of(guarded.app, method.upper(), path)
                assert operation["security"] == [{"key": sorted(needed)}]
                assert all(f"`{scope}`" in operation["description"] for scope in needed)
                assert {"401", "403", "429"} <= operation["responses"].keys()
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"


def test_a_route_that_says_nothing_of_scopes_stops_the_service(tmp_path, monkeypatch):
    """It cannot be forgotten."""
    forgetful = APIRouter()

    @forgetful.get("/forgotten", dependencies=[Depends(lambda: None)])
    def forgotten() -> None:
        """Answers anybody."""

    monkeypatch.setattr(app_module, "ROUTERS", (*app_module.ROUTERS, forgetful))
    with pytest.raises(ServiceError, match=r"GET /v1/forgotten says nothing of who may ask it"):
        create_app(Settings(tmp_path))


def test_a_route_is_found_as_the_router_finds_it():
    """In order, by method, with the scopes of router and route together."""
    app = FastAPI(openapi_url=None)
    router = APIRouter(dependencies=[Depends(needs("read"))])
    router.add_api_route("/a/fixed", lambda: None, methods=["GET"])
    router.add_api_route("/a/{name}", lambda: None, methods=["DELETE", "GET"], dependencies=[Depends(needs("admin"))])
    app.include_router(router, prefix="/v1")
    table = RouteTable(app.routes)
    assert table.find("GET", "/v1/a/fixed").scopes == {"read"}
    assert table.find("GET", "/v1/a/other").scopes == {"read", "admin"}
    assert table.find("DELETE", "/v1/a/fixed").template == "/v1/a/{name}"
    assert table.find("POST", "/v1/a/fixed") is None
    assert table.find("GET", "/v1/a/b/c") is None


def test_routes_with_large_bodies_are_routes(guarded, routes):
    """The list names nothing that there is not."""
    assert set(routes) >= LARGE_BODIES


def test_a_browser_opens_the_documentation_with_the_key_as_password(guarded):
    """It is asked for one, and what it then sends along changes nothing."""
    asked = guarded.ask("GET", "/docs", None, headers={"accept": "text/html,*/*"})
    assert asked.headers["www-authenticate"].startswith("Basic realm=")
    for scope, status in (("read", 200), ("worker", 403)):
        basic = base64.b64encode(f"anything:{guarded.keys[scope]}".encode()).decode()
        headers = {"authorization": f"Basic {basic}"}
        assert guarded.ask("GET", "/docs", None, headers=headers).status_code == status
        assert guarded.ask("POST", "/v1/timelines/tiny/first-seen", None, headers=headers).status_code == 401
        assert guarded.ask("DELETE", "/v1/timelines/tiny", None, headers=headers).status_code == 401


@pytest.mark.parametrize(
    "given", ["", "Bearer", "bearer ", "Digest x", "Basic", "Basic !", "Basic /w==", "Basic eA==", "exp_x", "Bearer é"]
)
def test_an_authorization_that_holds_no_key_is_refused(guarded, given):
    """Whatever it is, with a sentence."""
    response = guarded.ask("GET", "/v1/timelines", None, headers={"authorization": given.encode("latin-1")})
    assert response.status_code == 401
    assert response.json()["detail"].endswith(".")


def test_a_key_is_taken_however_its_scheme_is_written(guarded):
    """As RFC 9110 says; but of two headers none."""
    key = guarded.keys["read"]
    for given in (f"bearer {key}", f"BEARER  {key} "):
        assert guarded.ask("GET", "/v1/timelines", None, headers={"authorization": given}).status_code == 200
    twice = [("authorization", f"Bearer {key}"), ("authorization", "Bearer x")]
    assert guarded.client.get("/v1/timelines", headers=twice).status_code == 401


def test_without_keys_all_but_work_is_open_to_this_machine(reader):
    """The workers of the service itself have a key that no file holds."""
    app = reader.service
    own = app.state.keys.grant("(own)", ("worker",))
    for method, template in walked(app):
        entry = RouteTable(app.routes).find(method, filled(template))
        if entry.scopes != {"worker"}:
            continue
        refused = reader.request(method, filled(template))
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/forbidden")
        assert "--keys" in refused.json()["detail"]
        answered = reader.request(method, filled(template), headers={"authorization": f"Bearer {own}"})
        assert answered.status_code not in (401, 403)
    assert reader.get("/v1/timelines", headers={"authorization": "Bearer whatever"}).status_code == 200
