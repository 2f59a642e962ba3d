"""Every path of the API, and what serves it.

A resource's module is imported when it is first asked for: a cold start pays for the one that it answers, not for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from chalice.app import Blueprint, Response

from chalicelib.api.media_types import CALENDAR, CSV, HTML, JSON, JSON_LINES, NDJSON, SCRIPT, STYLE
from chalicelib.api.request import Handler, Request
from chalicelib.api.routing import resource
from chalicelib.publishing import cloudevents

blueprint = Blueprint(__name__)


def _lazily(module: str, name: str) -> Handler:
    def handler(request: Request) -> Response:
        answer: Response = getattr(import_module(f"chalicelib.api.resources.{module}"), name)(request)
        return answer

    return handler


def _route(
    path: str,
    module: str,
    *,
    public: bool = False,
    produces: Sequence[str] = (JSON,),
    chosen_by: str | None = None,
    **names: str,
) -> None:
    """Each method of a path with the function of a module that serves it."""
    handlers = {method: _lazily(module, name) for method, name in names.items()}
    resource(blueprint, path, handlers, public=public, produces=produces, chosen_by=chosen_by)


_route("/todos", "todos", GET="list_todos", POST="create")
_route("/todos/{todo_id}", "todos", GET="read", PUT="put", PATCH="patch", DELETE="delete")
_route("/todos/{todo_id}/events", "todos", produces=(JSON, cloudevents.BATCH_MEDIA_TYPE), GET="history")
_route("/todos/{todo_id}/restore", "todos", POST="restore")
_route("/todos/{todo_id}/revert", "todos", POST="revert")
_route("/batch", "batch", POST="run")
_route("/lists", "lists", GET="lists")
_route("/lists/{list_name}/todos", "lists", GET="read", POST="create", DELETE="clear")
_route("/changes", "changes", GET="read")
_route("/stats", "system", GET="stats")
_route("/webhooks", "webhooks", GET="read", POST="create")
_route("/webhooks/{webhook_id}", "webhooks", DELETE="delete")
_route("/feeds", "feeds", GET="read", POST="create")
_route("/feeds/{feed_id}", "feeds", DELETE="delete")
_route("/todos.ics", "calendar", public=True, produces=(CALENDAR,), GET="read")
_route(
    "/export",
    "exports",
    produces=(JSON_LINES, NDJSON, CSV),
    chosen_by="format",
    GET="read",
)
_route("/problems", "problems", public=True, produces=(HTML,), GET="index")
_route("/problems/{name}", "problems", public=True, produces=(HTML,), GET="read")
_route("/health", "system", public=True, GET="health")
_route("/openapi.json", "documentation", public=True, GET="contract")
_route("/docs", "documentation", public=True, produces=(HTML,), GET="docs")
_route("/docs/{asset}", "documentation", public=True, produces=(SCRIPT, STYLE), GET="docs_asset")
_route("/", "documentation", public=True, produces=(HTML,), GET="home")
