"""What Schemathesis cannot know from the document: how two parameters exclude each other, and what only we can make."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

import schemathesis
from hypothesis import strategies as st
from schemathesis.generation import GenerationMode

from chalicelib.todos import ids

THOROUGH = "FUZZ_THOROUGHLY" in os.environ

# A webhook's receiver: nobody listens there, and nothing leaves this machine.
ADDRESSES = st.integers(1, 999).map("https://127.0.0.1:9/{}".format)
RULES = st.builds(
    "FREQ={};INTERVAL={}{}".format,
    st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"]),
    st.integers(1, 9),
    st.sampled_from(["", ";SKIP=BACKWARD", ";RSCALE=GREGORIAN;SKIP=FORWARD"]),
)

given_cursors: set[str] = set()

schemathesis.openapi.format("uri", ADDRESSES)
schemathesis.openapi.format("rrule", RULES)
schemathesis.openapi.format("iana-time-zone", st.sampled_from(["Europe/Berlin", "Asia/Kolkata", "UTC"]))


@schemathesis.hook
def before_load_schema(context: schemathesis.HookContext, raw_schema: dict[str, Any]) -> None:
    """Schemathesis makes entity tags by RFC 9110 itself, but none, or wrong ones, where a pattern says the same.

    What one piece of code reads of every request is varied at one path, unless there is time for all.
    """
    for path, operations in raw_schema["paths"].items():
        for operation in operations.values():
            if not THOROUGH and path != "/todos":
                operation["parameters"] = [each for each in operation["parameters"] if each["name"] != "X-Request-Id"]
            for parameter in operation["parameters"]:
                if parameter["name"] in ("If-Match", "If-None-Match"):
                    parameter["schema"].pop("pattern", None)


@schemathesis.hook
def after_call(
    context: schemathesis.HookContext, case: schemathesis.Case[Any], response: schemathesis.Response
) -> None:
    if response.status_code == 200 and (case.method, case.path) == ("GET", "/changes"):
        given_cursors.add(response.json()["cursor"])


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case[Any], kwargs: dict[str, Any]) -> None:
    """Take from a request that is to be accepted what excludes the rest of it, and a cursor that nobody was given."""
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    query: Any = case.query or {}
    headers: Any = case.headers or {}
    query.pop("cursor", None)
    if query.get("since") not in given_cursors:
        query.pop("since", None)
    if "version" in query:
        query.pop("at", None)
    if "at" in query:
        query.pop("sort", None)
    elif case.path == "/stats":
        query.pop("limit", None)
    if case.method == "PUT" and "If-None-Match" in headers:
        headers.pop("If-Match", None)
    if "Prefer" in headers:
        # Read, but not waited for: thousands of requests would wait.
        headers["Prefer"] = "wait=0"
    body: Any = case.body
    if isinstance(body, dict) and body.get("expect"):
        # It adds a property of any name to each object that may have more.
        body["expect"] = {todo_id: version for todo_id, version in body["expect"].items() if ids.is_todo_id(todo_id)}
    if isinstance(body, dict) and "metadata" in body:
        # No schema says of the texts at any depth what each other text's pattern says.
        body["metadata"] = _without_nul(body["metadata"])
    if "/webhooks" in case.path and isinstance(body, dict) and str(body.get("url")).startswith(_origin(case)):
        # The walks take the service's own URLs from its answers, and a webhook may not lead there.
        body["url"] = "https://127.0.0.1:9/1000"


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    if isinstance(value, dict):
        return {_without_nul(name): _without_nul(item) for name, item in value.items()}
    return value


def _origin(case: schemathesis.Case[Any]) -> str:
    parts = urlsplit(case.operation.base_url)
    return f"{parts.scheme}://{parts.netloc}/"
