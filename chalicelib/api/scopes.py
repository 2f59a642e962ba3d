"""The scopes of the API (RFC 6749, section 3.3), and what a token that lacks some of them must not call."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from chalicelib.api.route import Route

READ: Final = "todos:read"
WRITE: Final = "todos:write"
# For what makes a credential or a channel that shows todos: it must not have more rights than the token that made it.
READ_AND_WRITE: Final = f"{READ} {WRITE}"

_PARAMETER: Final = re.compile(r"\{[^}]*\}")


def missing_scopes(needed: str, granted: str) -> list[str]:
    """The scopes that are needed and not granted, sorted; both are texts of scopes separated by spaces."""
    return sorted(set(needed.split()).difference(granted.split()))


def denied_methods(routes: Iterable[Route], granted: str) -> list[str]:
    """What a token with these scopes must not call.

    Returns
    -------
    list of str
        Ends of API Gateway's method ARNs, such as ``POST/*`` or ``PATCH/webhooks/*``. Where every route of a method
        that needs a token is refused, one pattern is enough: so the list stays short, whatever the number of routes.
    """
    needed: dict[str, dict[str, str]] = {}
    for route in routes:
        if route.scope is not None:
            for method in ("GET", "HEAD") if route.method == "GET" else (route.method,):
                needed.setdefault(method, {})[_PARAMETER.sub("*", route.path)] = route.scope
    found = []
    for method, by_path in needed.items():
        paths = [path for path, scope in by_path.items() if missing_scopes(scope, granted)]
        found += [f"{method}{path}" for path in (paths if len(paths) < len(by_path) else ["/*"])]
    return found
