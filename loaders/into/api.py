"""Into the service by its API, for those who have no AWS credentials: `POST /batch`, a hundred commands a request.

A todo is looked for first and created only where there never was one: a creation would also restore what was deleted.
The API does not tell a load's events from the user's own, so only a todo at its first version is updated; of the
others, a row that still says what that version said needs nothing, and any other is reported.
"""

from __future__ import annotations

import hashlib
import json
import threading
from typing import Any, Final

import urllib3
from urllib3.exceptions import HTTPError, InvalidHeader, MaxRetryError

from chalicelib.todos import ids
from chalicelib.todos.events import CONTENT_FIELDS, DEFAULTS, canonical_json
from loaders.errors import CannotLoad
from loaders.into.ledger import ANOTHER_LIST, looks_like_another_list
from loaders.into.writer import MAX_TRIES, Written, wait_stopped
from loaders.pacing.throttle import Throttle
from loaders.planner import Planned
from loaders.reconcile import CHANGED_HERE, DELETED_HERE, REPORTED, OnChange

# The gateway answers within 29 s.
_TIMEOUT: Final = urllib3.Timeout(connect=5, read=60)
_LONGEST_RETRY_AFTER_SECONDS: Final = 120.0
_TOO_LARGE: Final = 413

_ANOTHER_WAS_FASTER: Final = (404, 410, 412)

Todo = dict[str, Any]
_Step = tuple[Planned, dict[str, Any]]


class _GivenUp(Exception):
    """It is of no use, or no longer allowed, to try again."""


class ApiDestination:
    """The service at a URL, as the token's owner.

    Parameters
    ----------
    on_change, is_sure
        As `loaders.appending.LedgerDestination` has them.
    dry : bool
        Only look.
    """

    def __init__(
        self, url: str, token: str, concurrency: int, on_change: OnChange, is_sure: bool, *, dry: bool
    ) -> None:
        self._url = url.rstrip("/")
        self._http = urllib3.PoolManager(
            maxsize=concurrency,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            timeout=_TIMEOUT,
            retries=False,
        )
        self._on_change = on_change
        self._is_sure = is_sure
        self._dry = dry
        self._throttle = Throttle(concurrency)

    def make_room(self, rows: int) -> None:
        """The service itself says when it is too much (429 and 503)."""

    def write(self, group: list[Planned], stopped: threading.Event) -> Written:
        written = Written()
        pending = group
        tries = 0
        try:
            while pending:
                # Each step counts nothing unless all of it succeeds, and leaves pending what is not counted.
                commands, again = self._commands(pending, written, stopped)
                pending = again + [one for one, _ in commands]
                if self._dry:
                    for _, command in commands:
                        _count(command["op"], written)
                    pending = again
                else:
                    pending = again + self._do(commands, written, stopped)
                tries += 1
                if pending and (tries == MAX_TRIES or wait_stopped(stopped, tries)):
                    raise _GivenUp(f"the service did not take them in {tries} tries")
        except _GivenUp as error:
            written.hopeless = str(error)
            written.failed += [(one, f"not written: {error}") for one in pending]
        return written

    def _commands(
        self, group: list[Planned], written: Written, stopped: threading.Event
    ) -> tuple[list[_Step], list[Planned]]:
        """What is to be done for each of a group, and those to be looked at again; the others are counted."""
        # Merging nothing changes nothing, and answers with the todo.
        results = self._batch([{"op": "patch", "id": _id(one), "body": {}} for one in group], stopped)
        commands: list[_Step] = []
        again: list[Planned] = []
        refused: list[tuple[Planned, str]] = []
        found: list[tuple[Planned, Todo | None, str | None]] = []
        for one, result in zip(group, results, strict=True):
            if result["status"] == 404:
                commands.append((one, _create(one)))
            elif result["status"] in (200, 410):
                found.append((one, *self._difference(one, result, stopped)))
            elif _may_pass(result["status"]):
                again.append(one)
            else:
                refused.append((one, f"refused: {_reason(result)}"))
        written.failed += refused
        retitled = [one for one, todo, _ in found if todo is not None and todo["title"] != one.event.state["title"]]
        is_another_list = not self._is_sure and looks_like_another_list(len(retitled), len(found))
        for one, todo, conflict in found:
            if todo is None and conflict is None:
                written.already += 1
            elif self._on_change == "keep":
                written.kept += 1
            elif conflict is not None:
                written.reported.append((one, conflict))
            elif is_another_list:
                written.reported.append((one, ANOTHER_LIST))
            elif self._on_change == "report":
                written.reported.append((one, REPORTED))
            else:
                commands.append((one, _replace(one)))
        return commands, again

    def _difference(
        self, one: Planned, result: dict[str, Any], stopped: threading.Event
    ) -> tuple[Todo | None, str | None]:
        """The todo, if its row has changed, and what keeps it from being updated."""
        todo = None
        if result["status"] == 200:
            todo = result["todo"] or self._get(_id(one), stopped)
            if _content(todo) == _content(one.event.change):
                return None, None
            if todo["version"] == 1:
                return todo, None
        if _content(self._get(f"{_id(one)}?version=1", stopped)) == _content(one.event.change):
            return None, None
        return todo, DELETED_HERE if todo is None else CHANGED_HERE

    def _do(self, commands: list[_Step], written: Written, stopped: threading.Event) -> list[Planned]:
        """Give the commands; the rows whose turn comes again."""
        again = []
        results = self._batch([command for _, command in commands], stopped) if commands else []
        for (one, command), result in zip(commands, results, strict=True):
            if result["status"] in (200, 201):
                _count(command["op"], written)
            elif _may_pass(result["status"]) or result["status"] in _ANOTHER_WAS_FASTER:
                again.append(one)
            else:
                written.failed.append((one, f"refused: {_reason(result)}"))
        return again

    def _batch(self, commands: list[dict[str, Any]], stopped: threading.Event) -> list[dict[str, Any]]:
        """The results of some commands; of a request that is too large, in halves."""
        answer = self._asked("POST", "/batch", {"commands": commands}, stopped)
        if answer.status == _TOO_LARGE and len(commands) > 1:
            half = len(commands) // 2
            return self._batch(commands[:half], stopped) + self._batch(commands[half:], stopped)
        if answer.status != 200:
            raise _GivenUp(_explained(answer))
        results: list[dict[str, Any]] = answer.json()["results"]
        return results

    def _get(self, path: str, stopped: threading.Event) -> Todo:
        answer = self._asked("GET", f"/todos/{path}", None, stopped)
        if answer.status != 200:
            raise _GivenUp(_explained(answer))
        todo: Todo = answer.json()
        return todo

    def _asked(self, method: str, path: str, body: object, stopped: threading.Event) -> urllib3.BaseHTTPResponse:
        """The answer to a request, which is sent again while the service cannot take it."""
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        tries = 0
        while True:
            at_least = 0.0
            try:
                with self._throttle.turn():
                    answer = self._http.request(method, self._url + path, body=content)
                if not _may_pass(answer.status):
                    self._throttle.succeeded()
                    return answer
                reason, at_least = _explained(answer), _retry_after(answer)
            except MaxRetryError as error:
                reason = str(error.reason)
            except HTTPError as error:
                reason = str(error)
            self._throttle.overloaded()
            tries += 1
            if tries == MAX_TRIES or wait_stopped(stopped, tries, at_least):
                raise _GivenUp(f"{self._url} did not take it in {tries} tries: {reason}")


def owner_of_token(token: str) -> str | None:
    """The owner (`sub`) that a token names, if it is a JWT; the service checks it, here it is only read."""
    # Only needed here, and it brings cryptography with it.
    import jwt

    try:
        subject = jwt.decode(token, options={"verify_signature": False}).get("sub")
    except jwt.InvalidTokenError:
        return None
    return subject if isinstance(subject, str) else None


def check_url(url: str) -> None:
    """Raise a `CannotLoad` unless the URL is one that can be asked."""
    try:
        parsed = urllib3.util.parse_url(url)
    except HTTPError:
        parsed = None
    if parsed is None or parsed.scheme not in ("http", "https") or not parsed.host:
        raise CannotLoad(f"{url} is no http or https URL")


def _create(one: Planned) -> dict[str, Any]:
    return {"op": "create", "id": _id(one), "key": _key(one, 0), "body": one.event.change}


def _replace(one: Planned) -> dict[str, Any]:
    return {"op": "put", "id": _id(one), "if_match": '"1"', "key": _key(one, 1), "body": one.event.change}


def _key(one: Planned, version: int) -> str:
    """Sent again because its answer was lost, a command is known for the same one."""
    return f"load-{version}-{hashlib.sha256(canonical_json(one.event.change).encode()).hexdigest()}"


def _id(one: Planned) -> str:
    return ids.split_stream_id(one.event.stream_id)[1]


def _content(todo: Todo) -> str:
    """The content as JSON has it, unset fields filled in: to Python, 1 == True."""
    return canonical_json({name: todo.get(name, DEFAULTS[name]) for name in CONTENT_FIELDS})


def _may_pass(status: int) -> bool:
    """Whether the same request may succeed later."""
    return status == 429 or status >= 500


def _count(op: str, written: Written) -> None:
    if op == "create":
        written.added += 1
    else:
        written.updated += 1


def _reason(result: dict[str, Any]) -> str:
    problem = result.get("problem") or {}
    return str(problem.get("detail") or problem.get("title") or result["status"])


def _explained(answer: urllib3.BaseHTTPResponse) -> str:
    try:
        problem = answer.json()
        detail = problem.get("detail") or problem.get("title") or ""
    except (ValueError, AttributeError):
        detail = ""
    return f"{answer.status} {detail}".rstrip()


def _retry_after(answer: urllib3.BaseHTTPResponse) -> float:
    """Seconds that the answer asks to wait (RFC 9110, section 10.2.3)."""
    try:
        asked = urllib3.Retry().get_retry_after(answer)
    except InvalidHeader:
        asked = None
    return min(asked or 0.0, _LONGEST_RETRY_AFTER_SECONDS)
