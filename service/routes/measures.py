"""What can be measured."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(tags=["evaluations"])
