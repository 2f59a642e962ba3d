"""Every route of the API: the one table that registration, contract and tests read."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from chalicelib.api import resources
from chalicelib.api.media_types import (
    CALENDAR,
    CSV,
    HTML,
    JSON,
    JSON_LINES,
    JSON_PATCH,
    MANIFEST,
    MERGE_PATCH,
    NDJSON,
    SCRIPT,
    STYLE,
    SVG,
)
from chalicelib.api.problem_types import PATH as PROBLEMS
from chalicelib.api.route import Route
from chalicelib.api.scopes import READ, READ_AND_WRITE, WRITE
from chalicelib.publishing.cloudevents import BATCH_MEDIA_TYPE

if TYPE_CHECKING:
    # The authorizer reads the table, too, and needs nothing of a request.
    from chalicelib.api.request import Handler


# Where the server for assistants is: the last part of its URL, for which a token may have been issued.
MCP_PATH: Final = "/mcp"


def _contract() -> Handler:
    return partial(resources.documentation.contract, routes=ROUTES)


ROUTES: Final = (
    Route("GET", "/todos", lambda: resources.todos.list_todos, READ),
    Route("POST", "/todos", lambda: resources.todos.create, WRITE),
    Route("GET", "/todos/{todo_id}", lambda: resources.todos.read, READ),
    Route("PUT", "/todos/{todo_id}", lambda: resources.todos.put, WRITE, conditional=True),
    Route(
        "PATCH",
        "/todos/{todo_id}",
        lambda: resources.todos.patch,
        WRITE,
        conditional=True,
        patches=(MERGE_PATCH, JSON_PATCH, JSON),
    ),
    Route("DELETE", "/todos/{todo_id}", lambda: resources.todos.delete, WRITE, conditional=True),
    Route("GET", "/todos/{todo_id}/events", lambda: resources.todos.history, READ, (JSON, BATCH_MEDIA_TYPE)),
    Route("POST", "/todos/{todo_id}/restore", lambda: resources.todos.restore, WRITE, conditional=True),
    Route("POST", "/todos/{todo_id}/revert", lambda: resources.todos.revert, WRITE, conditional=True),
    Route("POST", "/batch", lambda: resources.batch.run, WRITE),
    Route("GET", "/lists", lambda: resources.lists.lists, READ),
    Route("PUT", "/lists/{list_name}", lambda: resources.lists.keep, WRITE),
    Route("DELETE", "/lists/{list_name}", lambda: resources.lists.forget, WRITE),
    Route("POST", "/lists/{list_name}/rename", lambda: resources.lists.rename, WRITE),
    Route("GET", "/lists/{list_name}/todos", lambda: resources.lists.read, READ),
    Route("POST", "/lists/{list_name}/todos", lambda: resources.lists.create, WRITE),
    Route("DELETE", "/lists/{list_name}/todos", lambda: resources.lists.clear, WRITE),
    Route("GET", "/changes", lambda: resources.changes.read, READ),
    Route("GET", "/activity", lambda: resources.activity.read, READ),
    Route("GET", "/operations/{operation_id}", lambda: resources.operations.read, READ),
    Route("POST", "/operations/{operation_id}/undo", lambda: resources.operations.undo, READ_AND_WRITE),
    Route("GET", "/preferences", lambda: resources.preferences.read, READ),
    Route("PUT", "/preferences", lambda: resources.preferences.put, WRITE, conditional=True),
    Route("GET", "/stats", lambda: resources.system.stats, READ),
    Route("GET", "/export", lambda: resources.exports.read, READ, (JSON_LINES, NDJSON, CSV), chosen_by="format"),
    Route("GET", "/webhooks", lambda: resources.webhooks.list_webhooks, READ),
    Route("POST", "/webhooks", lambda: resources.webhooks.create, READ_AND_WRITE),
    Route("GET", "/webhooks/{webhook_id}", lambda: resources.webhooks.read, READ),
    Route("PATCH", "/webhooks/{webhook_id}", lambda: resources.webhooks.patch, READ_AND_WRITE),
    Route("DELETE", "/webhooks/{webhook_id}", lambda: resources.webhooks.delete, WRITE),
    Route("POST", "/webhooks/{webhook_id}/ping", lambda: resources.webhooks.ping, READ_AND_WRITE),
    Route("POST", "/webhooks/{webhook_id}/rotate", lambda: resources.webhooks.rotate, READ_AND_WRITE),
    Route("GET", "/webhooks/{webhook_id}/deliveries", lambda: resources.webhooks.deliveries, READ),
    Route("GET", "/feeds", lambda: resources.feeds.read, READ),
    Route("POST", "/feeds", lambda: resources.feeds.create, READ_AND_WRITE),
    Route("DELETE", "/feeds/{feed_id}", lambda: resources.feeds.delete, WRITE),
    # The feed's token in the query says whose todos these are.
    Route("GET", "/todos.ics", lambda: resources.calendar.read, None, (CALENDAR,)),
    Route("GET", "/health", lambda: resources.system.health, None),
    Route("GET", "/openapi.json", _contract, None),
    Route("GET", "/docs", lambda: resources.documentation.docs, None, (HTML,)),
    Route("GET", "/docs/{asset}", lambda: resources.documentation.docs_asset, None, (SCRIPT, STYLE), by_path=True),
    Route("GET", PROBLEMS, lambda: resources.problems.index, None, (HTML,)),
    Route("GET", f"{PROBLEMS}/{{name}}", lambda: resources.problems.read, None, (HTML,)),
    Route("GET", "/", lambda: resources.page.home, None, (HTML,)),
    Route("GET", "/assets/{file}", lambda: resources.page.asset, None, (SCRIPT, STYLE, SVG), by_path=True),
    Route("GET", "/sw.js", lambda: resources.page.worker, None, (SCRIPT,)),
    Route("GET", "/manifest.webmanifest", lambda: resources.page.manifest, None, (MANIFEST,)),
)
