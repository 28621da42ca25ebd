"""Evaluations, and what they measured."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(tags=["evaluations"])
