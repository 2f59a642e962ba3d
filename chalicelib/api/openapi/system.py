"""`/stats`, `/health` and the contract itself in the contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib import __version__
from chalicelib.api import problem_types
from chalicelib.api.media_types import HTML, MANIFEST, SCRIPT
from chalicelib.api.openapi import headers
from chalicelib.api.openapi.operations import answer, operation
from chalicelib.api.openapi.parameters import COUNT_AT, COUNT_LIMIT, CURSOR, parameter
from chalicelib.api.openapi.schemas import Health, OwnerCounts, reference
from chalicelib.api.problem_types import PATH, TYPES
from chalicelib.api.web import ASSETS, front
from chalicelib.todos.fold import STATE_SCHEMA

TAG: Final = "service"

TAGS: Final = ({"name": TAG, "description": "Counts, liveness, and this document."},)


def _page(
    name: str, summary: str, description: str, *, others: Mapping[int, Any] | None = None, **more: Any
) -> dict[str, Any]:
    page = answer(
        "The page.",
        {"type": "string"},
        sends=("Content-Security-Policy",),
        media_type=HTML,
    )
    return operation(name, summary, description, tag=TAG, answers={200: page, **(others or {})}, **more)


def _file(description: str, *media_types: str) -> dict[str, Any]:
    return {
        "description": description,
        "headers": headers.named(*headers.ALWAYS),
        "content": {media_type: {"schema": {"type": "string"}} for media_type in sorted(set(media_types))},
    }


PATHS: Final[dict[str, Any]] = {
    "/stats": {
        "get": operation(
            "readStats",
            "Count todos",
            "Exact counts over all lists. Without `at` they take one read, and `limit` and `cursor` are refused. With "
            "`at` the todos are counted page by page; the last page has the counts.",
            tag=TAG,
            parameters=(COUNT_AT, COUNT_LIMIT, CURSOR),
            answers={
                200: answer(
                    "The counts.",
                    reference(OwnerCounts),
                    example={"total": 3, "open": 2, "completed": 1},
                    sends=("Link", "Complete-Since"),
                )
            },
        )
    },
    "/health": {
        "get": operation(
            "readHealth",
            "Check liveness",
            "Answers without a look at the database.",
            tag=TAG,
            answers={
                200: answer(
                    "The service is alive.",
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
            "The API's contract in OpenAPI 3.1.",
            tag=TAG,
            answers={
                200: answer(
                    "The document.",
                    {"type": "object"},
                    example={"openapi": "3.1.1", "info": {"title": "todo-ledger", "version": __version__}, "paths": {}},
                )
            },
        )
    },
    PATH: {"get": _page("listProblemTypes", "List the problem types", "A page with every problem type.")},
    f"{PATH}/{{name}}": {
        "get": _page(
            "readProblemType",
            "Read about a problem type",
            "The page that the `type` of a problem document leads to: what it means, and what to do.",
            parameters=(
                parameter(
                    "path",
                    "name",
                    "The type's name.",
                    {"type": "string", "enum": list(TYPES)},
                    example=problem_types.NOT_FOUND.name,
                    required=True,
                ),
            ),
            refusals=(problem_types.NOT_FOUND,),
        )
    },
    "/docs": {"get": _page("readDocs", "Try the API", "This document as a page from which every request can be sent.")},
    "/docs/{asset}": {
        "get": operation(
            "readDocsAsset",
            "Read a file of the page",
            "Scripts and styles of the pages.",
            tag=TAG,
            parameters=(
                parameter(
                    "path",
                    "asset",
                    "The file's name.",
                    {"type": "string", "enum": list(ASSETS)},
                    example=next(iter(ASSETS)),
                    required=True,
                ),
            ),
            answers={
                200: _file("The file.", *(asset.media_type for asset in ASSETS.values())),
            },
            refusals=(problem_types.NOT_FOUND,),
        )
    },
    "/": {
        "get": _page(
            "readHome",
            "Read the front page",
            "The page, with what it needs to know of this deployment as JSON: how to sign in, and whether to wait.",
            others={
                308: answer(
                    "The address lacks the slash at its end, such as that of a stage of API Gateway.",
                    sends=("Location",),
                )
            },
        )
    },
    "/assets/{file}": {
        "get": operation(
            "readAsset",
            "Read a file of the front page",
            "A script, a style or an icon. Its name has a hash of its content, so it may be kept for ever.",
            tag=TAG,
            parameters=(
                parameter(
                    "path",
                    "file",
                    "The file's name.",
                    {"type": "string", "pattern": f"^{front.FILE}$"},
                    example="page-0A1B2C3D.css",
                    required=True,
                ),
            ),
            answers={200: _file("The file.", *front.MEDIA_TYPES.values())},
            refusals=(problem_types.NOT_FOUND,),
        )
    },
    "/sw.js": {
        "get": operation(
            "readWorker",
            "Read the service worker",
            "By which the front page opens without a network.",
            tag=TAG,
            answers={200: _file("The script.", SCRIPT)},
        )
    },
    "/manifest.webmanifest": {
        "get": operation(
            "readManifest",
            "Read the web app manifest",
            "By which the front page can be installed.",
            tag=TAG,
            answers={200: answer("The manifest.", {"type": "object"}, media_type=MANIFEST)},
        )
    },
}
