"""What a training step was trained on, and the text around exposures."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(tags=["runs"])
