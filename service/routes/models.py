"""The series of checkpoints that requests may name."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(tags=["evaluations"])
