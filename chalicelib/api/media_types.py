"""The media types that the API reads and answers."""

from __future__ import annotations

from typing import Final

JSON: Final = "application/json"
MERGE_PATCH: Final = "application/merge-patch+json"
JSON_PATCH: Final = "application/json-patch+json"
PROBLEM: Final = "application/problem+json"
JSON_LINES: Final = "application/jsonl"
# Neither name of JSON Lines is registered; both are in use.
NDJSON: Final = "application/x-ndjson"
CSV: Final = "text/csv"
CALENDAR: Final = "text/calendar"
HTML: Final = "text/html"
SCRIPT: Final = "text/javascript"
STYLE: Final = "text/css"
SVG: Final = "image/svg+xml"
MANIFEST: Final = "application/manifest+json"
