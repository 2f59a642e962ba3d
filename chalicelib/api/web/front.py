"""The page at `/` and the files that it consists of.

`built/` is what the build of the page makes: `index.html`, `sw.js`, `manifest.webmanifest`, and `assets/` with scripts,
styles and icons, each with a hash of its content in its name. A checkout without a build has a plain page instead. All
of it is text: API Gateway decides by the first entry of `Accept` whether an answer is binary, which a browser sets.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from chalicelib.api import web
from chalicelib.api.caching import REVALIDATED
from chalicelib.api.media_types import HTML, MANIFEST, SCRIPT, STYLE, SVG
from chalicelib.api.response import Response

BUILT: Final = Path(__file__).with_name("built")
MEDIA_TYPES: Final = {".js": SCRIPT, ".css": STYLE, ".svg": SVG}

# A file of another content has another name.
FOR_EVER: Final = "public, max-age=31536000, immutable"
# The page, its worker and its manifest keep their names: a browser asks each time, and mostly gets a 304.
_EACH_TIME: Final = {"Cache-Control": REVALIDATED}

# Trusted Types policies: of lit-html, and of the page for its worker's address.
_TRUSTED: Final = "require-trusted-types-for 'script'; trusted-types lit-html todo-ledger"
# The plain page's files, which are served as those of a build are.
_PLAIN: Final = ("page.css",)
# The names of files that are served.
FILE: Final = "[A-Za-z0-9][A-Za-z0-9._-]{0,99}"


def home(base_url: str, configuration: Mapping[str, Any], origins: Iterable[str]) -> Response:
    """The page, with its configuration as a JSON block.

    Parameters
    ----------
    base_url : str
        The API's absolute address.
    configuration : mapping
        A JSON object, for ``{configuration}`` in the page.
    origins : iterable of str
        The other origins that the page may send requests to, such as the token issuer's.
    """
    page = _text("index.html", "home.html")
    text = web.fill(page, base_url, style=asset_name("page.css"), configuration=_json_in_html(configuration))
    # The page may be opened at another address of the API than the public one.
    own = f"'self' {web.origin_of(base_url)}"
    policy = (
        f"{web.NOTHING_ELSE}; script-src {own}; style-src {own}; img-src {own} data:; "
        f"connect-src {' '.join([own, *origins])}; manifest-src {own}; worker-src {own}; {_TRUSTED}"
    )
    return web.answer(text, HTML, {**_EACH_TIME, "Content-Security-Policy": policy})


def asset(name: str) -> Response | None:
    """The script, style or icon of that name, whose content never changes; None if there is none."""
    path = _assets().get(name)
    return None if path is None else web.answer(web.read(path), MEDIA_TYPES[path.suffix], {"Cache-Control": FOR_EVER})


def asset_name(name: str) -> str:
    """The name, with its content's hash, under which a file of the plain page is served."""
    path = web.own(name)
    return f"{path.stem}-{hashlib.sha256(path.read_bytes()).hexdigest()[:8].upper()}{path.suffix}"


def worker(page: Response) -> Response:
    """The service worker; without a build one that takes away itself and what an earlier one has kept.

    It ends with a digest of the page: with another configuration it is another, so that browsers install it, and with
    that replace the page that they keep.
    """
    digest = hashlib.sha256(f"{page.body}{page.headers['Content-Security-Policy']}".encode()).hexdigest()[:8]
    return web.answer(f"{_text('sw.js')}// {digest}\n", SCRIPT, _EACH_TIME)


def manifest() -> Response:
    """The web app manifest, by which the page can be installed."""
    return web.answer(_text("manifest.webmanifest"), MANIFEST, _EACH_TIME)


def origins_of(urls: Iterable[str]) -> list[str]:
    """The origins of some addresses, each once. What is not an HTTP address has none.

    They become part of a header, and nothing else does: a host has letters, digits, dots, hyphens or an IP address.
    """
    found = []
    for url in urls:
        address = urlsplit(url)
        if address.scheme in ("http", "https") and re.fullmatch(r"[A-Za-z0-9.:\[\]-]+", address.netloc):
            found.append(f"{address.scheme}://{address.netloc}")
    return list(dict.fromkeys(found))


@cache
def _assets() -> dict[str, Path]:
    """The files by their names. They are listed once, so that nothing else can be reached by a name."""
    folder = BUILT / "assets"
    built = folder.iterdir() if folder.is_dir() else ()
    found = {path.name: path for path in built if path.suffix in MEDIA_TYPES and re.fullmatch(FILE, path.name)}
    return {**{asset_name(name): web.own(name) for name in _PLAIN}, **found}


def _text(name: str, plain: str | None = None) -> str:
    """A file of the build, or else of the plain page."""
    path = BUILT / name
    return web.read(path if path.is_file() else web.own(plain or name))


def _json_in_html(value: Mapping[str, Any]) -> str:
    """JSON as the content of a script element, which no text in it can end."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
