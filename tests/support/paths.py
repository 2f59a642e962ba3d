"""Paths that tests read from, whatever folder they are in."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
DATA = Path(__file__).parent / "data"
