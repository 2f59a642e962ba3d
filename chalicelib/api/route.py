"""What a route is; `routes` has the table of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.api.media_types import JSON, MERGE_PATCH

if TYPE_CHECKING:
    from chalicelib.api.request import Handler


@dataclass(frozen=True, slots=True)
class Route:
    """A method of a path, and what serves it. HEAD is served wherever GET is.

    Attributes
    ----------
    load : callable
        Returns the handler, and imports its module when first called.
    scope : str, optional
        What the token must allow, separated by spaces (RFC 6749, section 3.3); None for a public route.
    produces : tuple of str
        The media types that the route can answer in, the default first; 406 if the caller accepts none of them.
    chosen_by : str, optional
        The query parameter that overrides `Accept`, for clients that cannot set a header.
    by_path : bool
        Whether the path, and not `Accept`, chooses among the media types: then the answer does not vary with that.
    conditional : bool
        Whether a write evaluates `If-Match` and `If-None-Match`; those of other writes are refused. Every read
        evaluates them.
    patches : tuple of str
        The media types that a PATCH takes (`Accept-Patch`; RFC 5789, section 3.1).
    """

    method: str
    path: str
    load: Callable[[], Handler]
    scope: str | None
    produces: tuple[str, ...] = (JSON,)
    chosen_by: str | None = None
    by_path: bool = False
    conditional: bool = False
    patches: tuple[str, ...] = (MERGE_PATCH, JSON)
