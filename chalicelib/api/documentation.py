"""`/openapi.json`, `/docs` and `/`: the contract, a page to try it from, and where to begin.

The page is Swagger UI as aws-lambda-powertools ships it. It loads nothing from anywhere else, and may not.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from chalice.app import Response

from chalicelib.api.http import HTML, SCRIPT, STYLE, Request
from chalicelib.api.problems import Problem, answer

# A deployment changes these; what a browser keeps is a day old at most.
ASSET_CACHING: Final = "public, max-age=86400"
PAGE_CACHING: Final = "public, max-age=300"

_NOTHING_ELSE: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class Asset:
    """A part of the page: its media type, and where its text lies."""

    media_type: str
    path: Callable[[], Path]


def _own(name: str) -> Path:
    return Path(__file__).with_name("web") / name


def _swagger_ui(name: str) -> Path:
    # Found, not imported: importing powertools would cost more than reading the file.
    spec = find_spec("aws_lambda_powertools")
    assert spec is not None, "it is packaged with the app"
    assert spec.submodule_search_locations, "it is a package"
    return Path(spec.submodule_search_locations[0], "event_handler", "openapi", "swagger_ui", name)


ASSETS: Final = {
    "start.js": Asset(SCRIPT, lambda: _own("start.js")),
    "swagger-ui.js": Asset(SCRIPT, lambda: _swagger_ui("swagger-ui-bundle.min.js")),
    "swagger-ui.css": Asset(STYLE, lambda: _swagger_ui("swagger-ui.min.css")),
}


def contract(request: Request) -> Response:
    from chalicelib.api.contract.document import document

    return answer(200, document(request.base_url), {"Cache-Control": PAGE_CACHING})


def docs(request: Request) -> Response:
    """The page, at whatever address; only that may it load from and send to."""
    address = urlsplit(request.base_url)
    origin = f"{address.scheme}://{address.netloc}"
    policy = f"{_NOTHING_ELSE}; script-src {origin}; style-src {origin}; img-src data:; connect-src {origin}"
    return _page("docs.html", request, policy)


def docs_asset(request: Request) -> Response:
    asset = ASSETS.get(request.path["asset"])
    if asset is None:
        raise Problem(404, "not-found", "Not found", "The page has no such part.")
    return _text(_read(asset.path()), asset.media_type, {"Cache-Control": ASSET_CACHING})


def home(request: Request) -> Response:
    styles = re.findall("<style>(.*?)</style>", _read(_own("home.html")), re.DOTALL)
    hashes = (base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() for style in styles)
    allowed = " ".join(f"'sha256-{each}'" for each in hashes)
    return _page("home.html", request, f"{_NOTHING_ELSE}; style-src {allowed}; img-src data:")


def _page(name: str, request: Request, policy: str) -> Response:
    text = _read(_own(name)).replace("{base}", escape(request.base_url))
    return _text(text, HTML, {"Cache-Control": PAGE_CACHING, "Content-Security-Policy": policy})


def _text(text: str, media_type: str, headers: dict[str, str]) -> Response:
    described = {"Content-Type": f"{media_type}; charset=utf-8", "X-Content-Type-Options": "nosniff", **headers}
    return Response(body=text, status_code=200, headers={**described})


@cache
def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
