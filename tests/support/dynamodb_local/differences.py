"""The tests that do not hold on DynamoDB Local, each with its reason: it, too, is not DynamoDB."""

from __future__ import annotations

from typing import Final

DIFFERENCES: Final[dict[str, str]] = {}
