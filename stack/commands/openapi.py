"""`python -m stack openapi`: the API's contract, as docs/reference/openapi.json has it."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Final

from stack.commands.command import Command

# Where `make up` serves the API: the document must not depend on the machine that writes it.
BASE_URL: Final = "http://127.0.0.1:8000"


def run(parsed: Namespace) -> int:
    print(text(), end="")
    return 0


def text() -> str:
    """The OpenAPI document, formatted so that a difference shows what changed."""
    from chalicelib.api.openapi.document import document
    from chalicelib.api.routes import ROUTES

    return json.dumps(document(BASE_URL, ROUTES), indent=2, ensure_ascii=False) + "\n"


COMMAND = Command("openapi", "print the API's contract, an OpenAPI document", run)
