"""What a JSON object is that is certainly no todo and holds none, by the names of its members."""

from __future__ import annotations

from typing import Final

from loaders.rows.json_shape import Outline

_GEO: Final = frozenset(
    {"FeatureCollection", "Feature", "GeometryCollection", "Point", "LineString", "Polygon", "MultiPoint",
     "MultiLineString", "MultiPolygon", "Topology"}
)  # fmt: skip
_OF_PACKAGES: Final = frozenset(
    {
        "dependencies",
        "devDependencies",
        "scripts",
        "main",
        "exports",
        "engines",
        "require",
        "autoload",
        "lockfileVersion",
    }
)
_OF_ERRORS: Final = frozenset({"error", "errors", "error_description", "errorMessage", "errorCode"})
_FIRST_ERROR: Final = 400


def looks_like(outline: Outline) -> str | None:
    """What an object looks like, with an article; None if it may be a todo or hold some."""
    values = outline.values
    names = values.keys()
    if isinstance(kind := values.get("type"), str) and kind in _GEO:
        return "GeoJSON"
    if "name" in names and names & _OF_PACKAGES and ("version" in names or "dependencies" in names):
        return "the description of a package (package.json)"
    if {"openapi", "paths"} <= names or {"swagger", "paths"} <= names:
        return "the description of an API (OpenAPI)"
    if "$schema" in names and ("properties" in names or "definitions" in names or "$defs" in names):
        return "a JSON Schema"
    if {"nbformat", "cells"} <= names:
        return "a Jupyter notebook"
    if isinstance(outline.objects.get("log"), Outline) and "entries" in outline.objects["log"].arrays:
        return "a browser's log of requests (HAR)"
    if _is_error(outline):
        return "an API's answer that it failed"
    return None


def _is_error(outline: Outline) -> bool:
    values = outline.values
    if values.keys() & _OF_ERRORS and not _has_rows(outline):
        return True
    status = values.get("status", values.get("code", values.get("statusCode")))
    failed = isinstance(status, int) and not isinstance(status, bool) and status >= _FIRST_ERROR
    says_why = bool({"title", "message", "detail"} & values.keys())
    # RFC 9457, and what GitHub writes without it.
    return (failed and says_why) or {"message", "documentation_url"} <= values.keys()


def _has_rows(outline: Outline) -> bool:
    return any(first is not None and name not in _OF_ERRORS for name, first in outline.arrays.items())
