"""Schemathesis holds the deployed service to its contract: what it refuses, what it answers, and in which order."""

from __future__ import annotations
