"""`/stats`, `/health` and the contract itself in the contract."""

from __future__ import annotations

from typing import Any, Final

from chalicelib import __version__
from chalicelib.api.auth import READ
from chalicelib.api.contract import headers, problems
from chalicelib.api.contract.operations import answer, operation
from chalicelib.api.contract.parameters import parameter
from chalicelib.api.contract.schemas import Counts, Health, reference
from chalicelib.api.documentation import ASSETS
from chalicelib.api.http import HTML
from chalicelib.todos.fold import STATE_SCHEMA

TAG: Final = "service"

TAGS: Final = ({"name": TAG, "description": "Counts, liveness, and this document."},)


def _page(name: str, summary: str, description: str) -> dict[str, Any]:
    page = answer(
        "The page.",
        {"type": "string"},
        sends=("Content-Security-Policy", "X-Content-Type-Options"),
        media_type=HTML,
    )
    return operation(name, summary, description, tag=TAG, scope=None, answers={200: page})


PATHS: Final[dict[str, Any]] = {
    "/stats": {
        "get": operation(
            "readStats",
            "Count todos",
            "Exact counts over all lists.",
            tag=TAG,
            scope=READ,
            answers={
                200: answer(
                    "The counts.",
                    reference(Counts),
                    example={"total": 3, "open": 2, "completed": 1},
                )
            },
        )
    },
    "/health": {
        "get": operation(
            "readHealth",
            "Check liveness",
            "Answers as long as the service does, whatever its store is at.",
            tag=TAG,
            scope=None,
            answers={
                200: answer(
                    "It is alive.",
                    reference(Health),
                    example={"status": "ok", "version": __version__, "state_schema": STATE_SCHEMA},
                )
            },
        )
    },
    "/openapi.json": {
        "get": operation(
            "readContract",
            "Read this document",
            "The API's contract as OpenAPI 3.1.",
            tag=TAG,
            scope=None,
            answers={
                200: answer(
                    "The document.",
                    {"type": "object"},
                    example={"openapi": "3.1.1", "info": {"title": "todo-ledger", "version": __version__}, "paths": {}},
                )
            },
        )
    },
    "/docs": {"get": _page("readDocs", "Try the API", "This document as a page, from which each request can be sent.")},
    "/docs/{asset}": {
        "get": operation(
            "readDocsAsset",
            "Read a part of the page",
            "The scripts and styles of `/docs`.",
            tag=TAG,
            scope=None,
            parameters=(
                parameter(
                    "path",
                    "asset",
                    "The part's name.",
                    {"type": "string", "enum": list(ASSETS)},
                    example=next(iter(ASSETS)),
                    required=True,
                ),
            ),
            answers={
                200: {
                    "description": "The part.",
                    "headers": headers.named("X-Content-Type-Options", *headers.ALWAYS),
                    "content": {
                        media_type: {"schema": {"type": "string"}}
                        for media_type in sorted({asset.media_type for asset in ASSETS.values()})
                    },
                }
            },
            refusals=(problems.NOT_FOUND,),
        )
    },
    "/": {"get": _page("readHome", "Read the front page", "What this is, and where to go on.")},
}
