"""Which of the app's routes API Gateway would choose for a path."""

from __future__ import annotations

from collections.abc import Iterable


def matching_route(routes: Iterable[str], path: str) -> tuple[str, dict[str, str]]:
    """The route, and the path's parameters as they are given.

    Raises
    ------
    LookupError
        No route is of this path.
    """
    given = path.strip("/").split("/")
    for route in routes:
        parts = route.strip("/").split("/")
        if len(parts) != len(given):
            continue
        pairs = list(zip(parts, given, strict=True))
        if all(part[0] == "{" or part == text for part, text in pairs):
            return route, {part[1:-1]: text for part, text in pairs if part[0] == "{"}
    raise LookupError(path)
