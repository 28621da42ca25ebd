"""What routes are given: the catalog and the settings of the application, and a timeline's name."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Request

from exposure.api.names import NAME
from service.bodies.json_bodies import refuse_other_media
from service.catalog import Catalog
from service.settings import Settings


# async, so that none of these takes a thread from the pool
async def _catalog(request: Request) -> Catalog:
    catalog: Catalog = request.app.state.catalog
    return catalog


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def _json_body(request: Request) -> bytes:
    refuse_other_media(request.headers.get("content-type", ""))
    return await request.body()


CatalogOf = Annotated[Catalog, Depends(_catalog)]
SettingsOf = Annotated[Settings, Depends(_settings)]
JsonBodyOf = Annotated[bytes, Depends(_json_body)]
"""A JSON body that the route reads itself, away from the event loop; raises MediaTypeError for another."""

# The pattern is only described here: the catalog decides, and what cannot be a name is a timeline that there is not.
TimelineName = Annotated[
    str, Path(description="The timeline's name.", examples=["tiny"], json_schema_extra={"pattern": f"^{NAME}$"})
]
