"""What workers say: claims, heartbeats, events, outcomes."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(tags=["workers"])
