"""A request as the handlers see it, and its query parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from chalicelib.api.problems import bad_request
from chalicelib.api.response import Response
from chalicelib.todos.ids import Owner

NOT_UTF8: Final = "is not percent-encoded UTF-8"
# Several times as many as any route takes.
MAX_PARAMETERS: Final = 50

Parsed = TypeVar("Parsed")


@dataclass(frozen=True, slots=True)
class Request:
    """A request, its path decoded.

    Attributes
    ----------
    owner : Owner
        Whose todos it is about: the token's ``sub``; empty on a public route.
    actor : str
        Who asks: the owner, or who acts for the owner by the token's ``act``.
    client : str, optional
        The program that the token was issued to.
    media_type : str
        The media type to answer in, one that the route produces.
    path : mapping
        The path's parameters by name.
    query : mapping
        Each parameter with its values, decoded.
    headers : mapping
        By name, in lower case.
    base_url : str
        The absolute address that the API's paths follow.
    address_path : str
        The path that the gateway was asked for, percent-encoded: with its stage, or the base path of its domain name.
    scope : str
        The scopes that the token grants, separated by spaces.
    """

    owner: Owner
    actor: str
    client: str | None
    media_type: str
    method: str
    route: str
    path: Mapping[str, str]
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    base_url: str
    request_id: str
    address_path: str
    scope: str = ""

    def header(self, name: str, parse: Callable[[str], Parsed]) -> Parsed | None:
        """A header's value, parsed; None if the request does not have it."""
        value = self.headers.get(name)
        return None if value is None else parse(value)


Handler = Callable[[Request], Response]


@dataclass(frozen=True, slots=True)
class Several:
    """The parser of a parameter that may be given several times; its value is a list."""

    parse: Callable[[str], Any]
    at_most: int


def parameters(request: Request, **parsers: Callable[[str], Any] | Several) -> dict[str, Any]:
    """The query's parameters as `parsers` read them, None where not given.

    Raises
    ------
    Problem
        400 for a parameter that is unknown, repeated, not UTF-8, or refused by its parser with a ValueError, and for
        more than `MAX_PARAMETERS`.
    """
    if len(request.query) > MAX_PARAMETERS:
        raise bad_request(f"The query has {len(request.query)} parameters where {MAX_PARAMETERS} are allowed.")
    values: dict[str, Any] = dict.fromkeys(parsers)
    errors = []
    for name, given in request.query.items():
        try:
            if name not in parsers:
                raise ValueError("unknown parameter")
            # The gateway decodes the query, and puts this character where it cannot.
            if any("\ufffd" in value for value in given):
                raise ValueError(NOT_UTF8)
            values[name] = _parsed(parsers[name], given)
        except ValueError as error:
            errors.append({"parameter": name, "detail": str(error)})
    if errors:
        raise bad_request("The query is not valid.", errors)
    return values


def _parsed(parser: Callable[[str], Any] | Several, given: list[str]) -> Any:
    if isinstance(parser, Several):
        if len(given) > parser.at_most:
            raise ValueError(f"given more than {parser.at_most} times")
        return [parser.parse(value) for value in given]
    if len(given) > 1:
        raise ValueError("given more than once")
    return parser(given[0])
