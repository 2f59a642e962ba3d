"""``openapi``: the API's contract, as docs/reference/openapi.json has it."""

from __future__ import annotations

import argparse
import json
from typing import Any, Final

# Where `make up` serves the API: the document must not depend on the machine that writes it.
BASE_URL: Final = "http://127.0.0.1:8000"


def add_to(commands: Any) -> None:
    """Add the parser of this command."""
    summary = "print the API's contract, an OpenAPI document"
    commands.add_parser("openapi", help=summary, description=summary).set_defaults(command=_openapi)


def text() -> str:
    """The OpenAPI document, formatted so that a difference shows what changed."""
    # Only this command needs it.
    from chalicelib.api.openapi.document import document
    from chalicelib.api.routes import ROUTES

    return json.dumps(document(BASE_URL, ROUTES), indent=2, ensure_ascii=False) + "\n"


def _openapi(parsed: argparse.Namespace) -> int:
    print(text(), end="")
    return 0
