"""The HTML pages and what they load. A page loads nothing from another host, and its policy forbids it to."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from chalicelib.api.media_types import HTML, SCRIPT, STYLE
from chalicelib.api.response import Response

# A deployment changes these; a browser keeps a copy for a day at most.
ASSET_CACHING: Final = "public, max-age=86400"
PAGE_CACHING: Final = "public, max-age=300"

NOTHING_ELSE: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_CODE: Final = re.compile("`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that a page loads: its media type, and where it is on disk."""

    media_type: str
    path: Callable[[], Path]


def own(name: str) -> Path:
    """The path of a file of this folder."""
    return Path(__file__).with_name(name)


def _swagger_ui(name: str) -> Path:
    # Found, not imported: importing powertools would cost more than reading the file.
    spec = find_spec("aws_lambda_powertools")
    assert spec is not None, "it is packaged with the app"
    assert spec.submodule_search_locations, "it is a package"
    return Path(spec.submodule_search_locations[0], "event_handler", "openapi", "swagger_ui", name)


# Swagger UI is the copy that aws-lambda-powertools ships.
ASSETS: Final = {
    "start.js": Asset(SCRIPT, lambda: own("start.js")),
    "page.css": Asset(STYLE, lambda: own("page.css")),
    "swagger-ui.js": Asset(SCRIPT, lambda: _swagger_ui("swagger-ui-bundle.min.js")),
    "swagger-ui.css": Asset(STYLE, lambda: _swagger_ui("swagger-ui.min.css")),
}


def asset(name: str) -> Response | None:
    """The file of that name in `ASSETS`, or None."""
    found = ASSETS.get(name)
    return None if found is None else answer(read(found.path()), found.media_type, {"Cache-Control": ASSET_CACHING})


def page(name: str, base_url: str, *, scripted: bool = False, **values: str) -> Response:
    """A page made from an HTML file of this folder.

    Parameters
    ----------
    name : str
        The file's name.
    base_url : str
        The API's absolute address: the only origin from which the page may load anything.
    scripted : bool
        Whether the page runs scripts that send requests to the API.
    values : str
        As `fill` takes them.
    """
    origin = origin_of(base_url)
    policy = f"{NOTHING_ELSE}; style-src {origin}; img-src data:"
    if scripted:
        policy += f"; script-src {origin}; connect-src {origin}"
    text = fill(read(own(name)), base_url, **values)
    return answer(text, HTML, {"Cache-Control": PAGE_CACHING, "Content-Security-Policy": policy})


def fill(text: str, base_url: str, **values: str) -> str:
    """A page with HTML in place of its placeholders, such as ``{title}``; ``{base}`` is always the API's address."""
    for placeholder, value in {"base": escape(base_url), **values}.items():
        text = text.replace(f"{{{placeholder}}}", value)
    return text


def origin_of(url: str) -> str:
    """The origin of an http address, as a policy names it."""
    address = urlsplit(url)
    return f"{address.scheme}://{address.netloc}"


def prose(text: str) -> str:
    """Plain text as HTML; text between backticks becomes code."""
    return _CODE.sub(r"<code>\1</code>", escape(text))


def answer(text: str, media_type: str, headers: dict[str, str]) -> Response:
    """A file as the answer to its request."""
    return Response(body=text, status_code=200, headers={"Content-Type": f"{media_type}; charset=utf-8", **headers})


@cache
def read(path: Path) -> str:
    """The text of a file, read once."""
    return path.read_text(encoding="utf-8")
