"""The problem types (RFC 9457): one entry each, from which answers, contract and pages are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

# The path, below the API's address, at which each type has its page.
PATH: Final = "/problems"
# The members that every problem document has.
REQUIRED_MEMBERS: Final = ("type", "title", "status", "detail")


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A kind of problem.

    Attributes
    ----------
    name : str
        The last part of the address in `type`; programs can rely on it.
    title : str
        The same in every answer of this type.
    meaning, remedy : str
        Sentences for the page and the contract: what has happened, and what the caller can do.
    """

    name: str
    status: int
    title: str
    meaning: str
    remedy: str

    def url(self, base_url: str) -> str:
        """The absolute address of the type's page: the `type` of a problem document."""
        return f"{base_url}{PATH}/{self.name}"

    def document(self, base_url: str, detail: str) -> dict[str, Any]:
        """A problem document without extension members."""
        return {"type": self.url(base_url), "title": self.title, "status": self.status, "detail": detail}


BAD_REQUEST: Final = ProblemType(
    "bad-request",
    400,
    "Bad request",
    "The request is not valid. Nothing was written.",
    "Correct what `errors` lists: each entry points to a member of the body or names a parameter, and says what is "
    "expected. The same request would be refused again.",
)
UNAUTHORIZED: Final = ProblemType(
    "unauthorized",
    401,
    "Unauthorized",
    "The request has no valid token.",
    "Send `Authorization: Bearer …` with an unexpired JWT of the configured issuer. For a calendar feed, use the URL "
    "that `POST /feeds` returned; if the feed was deleted, create another.",
)
FORBIDDEN: Final = ProblemType(
    "forbidden",
    403,
    "Forbidden",
    "The token is valid, but lacks the scope that the request needs.",
    "Get a token with the scopes that `WWW-Authenticate` names: `todos:read` for reading, `todos:write` for writing, "
    "and both for a webhook or calendar feed, which show todos to others.",
)
NOT_FOUND: Final = ProblemType(
    "not-found",
    404,
    "Not found",
    "The path does not exist, or the caller has nothing under that id.",
    "Check the path and the id. Other owners' todos, webhooks and feeds are reported as not found, too.",
)
METHOD_NOT_ALLOWED: Final = ProblemType(
    "method-not-allowed",
    405,
    "Method not allowed",
    "The path exists, but not with this method.",
    "Use one of the methods in the `Allow` header.",
)
NOT_ACCEPTABLE: Final = ProblemType(
    "not-acceptable",
    406,
    "Not acceptable",
    "The path offers none of the media types in the `Accept` header.",
    "Accept one of the media types that `detail` names, or omit the header.",
)
TOO_MANY_WEBHOOKS: Final = ProblemType(
    "too-many-webhooks",
    409,
    "Too many webhooks",
    "The owner already has the maximum number of webhooks.",
    "Delete a webhook that is no longer needed, then repeat the request.",
)
WEBHOOK_EXISTS: Final = ProblemType(
    "webhook-exists",
    409,
    "Webhook exists",
    "Another webhook of the owner has this URL; `webhook` is its id. Nothing was written.",
    "Change that webhook with `PATCH /webhooks/{id}`, or use another URL.",
)
TOO_MANY_FEEDS: Final = ProblemType(
    "too-many-feeds",
    409,
    "Too many feeds",
    "The owner already has the maximum number of calendar feeds.",
    "Delete a feed that is no longer needed, then repeat the request.",
)
PATCH_CONFLICT: Final = ProblemType(
    "patch-conflict",
    409,
    "Patch does not apply",
    "A `test` of the JSON Patch failed, or an operation names a place that the todo does not have. The answer has the "
    "todo. Nothing was written.",
    "Make the patch again from the todo in the answer, and send that.",
)
TOO_MANY_LISTS: Final = ProblemType(
    "too-many-lists",
    409,
    "Too many lists",
    "The owner already has the maximum number of named lists. Lists that are not named exist while a todo is in them, "
    "and are not limited.",
    "Delete the name of a list that is no longer needed, then repeat the request.",
)
LIST_UNFINISHED: Final = ProblemType(
    "list-unfinished",
    409,
    "List unfinished",
    "The list cannot be cleared or renamed completely: `todos` cannot be changed, or what the list had when the "
    "Idempotency-Key was first used is no longer known, since the views were rebuilt. What was done stays done, and "
    "nothing else was changed.",
    "Look at the list. Change or delete the todos that are named, or send a new key for what the list has now.",
)
IMPORT_UNFINISHED: Final = ProblemType(
    "import-unfinished",
    409,
    "Import unfinished",
    "The history of the todo, or of its next occurrence, is being loaded from a takeout, and only a part is here. "
    "Nothing was written.",
    "Repeat the request once it is loaded. If the load was interrupted, run it again: it continues where it stopped.",
)
OPERATION_RUNNING: Final = ProblemType(
    "operation-running",
    409,
    "Operation running",
    "The operation is not finished: a long list is being cleared or renamed as part of it, or it is an undo that is "
    "still at work. Nothing was changed.",
    "Look at the operation with `GET /operations/{id}`, and repeat the request once it is done.",
)
DELETED: Final = ProblemType(
    "deleted",
    410,
    "Deleted",
    "The todo was deleted. Its events remain, and it can be restored. The answer to a write of the todo has its last "
    "state, and the events since the version that the caller knew.",
    "Restore it with `POST /todos/{id}/restore`, or revert it to an earlier version.",
)
CURSOR_EXPIRED: Final = ProblemType(
    "cursor-expired",
    410,
    "Cursor expired",
    "The cursor is too old: the changes since then have been removed, or the order of the pages has changed.",
    "Start over without a cursor; of a sync or an export, discard the todos that the new one omits.",
)
PRECONDITION_FAILED: Final = ProblemType(
    "precondition-failed",
    412,
    "Precondition failed",
    "What was asked for is at a version that `If-Match` or `If-None-Match` does not accept. The answer to a write of a "
    "todo has the current todo, and the events since the version that the caller knew. Nothing was written.",
    "For a write, merge the change into the current todo, and repeat the request with its `ETag` as `If-Match`. For a "
    "read, leave the condition out.",
)
PAYLOAD_TOO_LARGE: Final = ProblemType(
    "payload-too-large",
    413,
    "Payload too large",
    "The request, or the todo that it would make, is too large. Nothing was written.",
    "Send less: shorten the notes or the metadata, or split the batch.",
)
UNSUPPORTED_MEDIA_TYPE: Final = ProblemType(
    "unsupported-media-type",
    415,
    "Unsupported media type",
    "The body's media type or content coding is not supported here.",
    "Send JSON, uncompressed, with one of the media types that `detail` names.",
)
KEY_REUSED: Final = ProblemType(
    "idempotency-key-reused",
    422,
    "Idempotency-Key reused",
    "The Idempotency-Key was used before for a different request. Nothing was written.",
    "Use a new key for each request. Send a key again only to repeat the very same request.",
)
PRECONDITION_REQUIRED: Final = ProblemType(
    "precondition-required",
    428,
    "Precondition required",
    "PUT must state whether it creates the todo or which version it replaces.",
    "Send `If-None-Match: *` to create the todo, or `If-Match` with the `ETag` of the version to replace.",
)
TOO_MANY_REQUESTS: Final = ProblemType(
    "too-many-requests",
    429,
    "Too many requests",
    "The caller sent too many requests, has too many that wait for changes, or changed or pinged a webhook too often.",
    "Wait for the seconds in `Retry-After`, then repeat the request.",
)
INTERNAL_ERROR: Final = ProblemType(
    "internal-error",
    500,
    "Internal error",
    "The service failed unexpectedly. The error was logged.",
    "Repeat the request; a write only with its Idempotency-Key, since it may have taken effect. If it fails again, "
    "report the `X-Request-Id` of the answer.",
)
UNAVAILABLE: Final = ProblemType(
    "unavailable",
    503,
    "Unavailable",
    "The service could not answer in time. A write may have taken effect.",
    "Wait for the seconds in `Retry-After`, then repeat the request; a write with its Idempotency-Key.",
)

TYPES: Final = {
    each.name: each
    for each in (
        BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, METHOD_NOT_ALLOWED, NOT_ACCEPTABLE, TOO_MANY_WEBHOOKS,
        WEBHOOK_EXISTS, TOO_MANY_FEEDS, TOO_MANY_LISTS, LIST_UNFINISHED, PATCH_CONFLICT, IMPORT_UNFINISHED,
        OPERATION_RUNNING,
        DELETED, CURSOR_EXPIRED, PRECONDITION_FAILED, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, KEY_REUSED,
        PRECONDITION_REQUIRED, TOO_MANY_REQUESTS, INTERNAL_ERROR, UNAVAILABLE,
    )
}  # fmt: skip
