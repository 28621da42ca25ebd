"""Jobs: what was asked for that takes long, and how far it is."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(tags=["jobs"])
