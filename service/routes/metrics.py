"""What the service counts, for Prometheus."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(tags=["service"])
