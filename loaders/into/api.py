"""Loading through the API, without AWS credentials: `POST /batch`, a hundred commands in a request.

Each todo is looked up first and created only if there never was one, because creating would also restore a deleted
todo. Only a todo at version 1 is updated, or one that an undo has brought back to what it was then; and one that the
undo of a load deleted is created again. For the others, a row that still says what version 1 said needs nothing, and
any other row is reported.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, Final

import urllib3
from urllib3.exceptions import HTTPError, InvalidHeader, MaxRetryError

from chalicelib.todos import ids
from chalicelib.todos.events import OFF
from loaders.errors import CannotLoad, GaveUp
from loaders.into.changes import ChangePolicy, Difference
from loaders.into.commands import (
    Step,
    Todo,
    creation_of,
    id_of,
    is_alike,
    is_as_its_row,
    is_of_a_load,
    replacement_of,
)
from loaders.into.pacing.throttle import Throttle
from loaders.into.writer import MAX_TRIES, GroupResult, wait_or_stop
from loaders.planner import Planned
from loaders.reconcile import CHANGED_HERE, DELETED_HERE

# The gateway answers within 29 s.
_TIMEOUT: Final = urllib3.Timeout(connect=5, read=60)
_LONGEST_RETRY_AFTER_SECONDS: Final = 120.0
_TOO_LARGE: Final = 413
_MAX_SHOWN: Final = 500
# In a request to /batch.
_MAX_COMMANDS: Final = 100
# On a page of a todo's history.
_MAX_EVENTS: Final = 200

_ANOTHER_WAS_FASTER: Final = (404, 410, 412)


class ApiDestination:
    """The service at a URL, as the token's owner.

    Parameters
    ----------
    dry : bool
        Only compare; send no command that changes anything.
    operation : str, optional
        What the commands are part of; without one the service makes each request an operation.
    """

    def __init__(
        self,
        url: str,
        token: str,
        concurrency: int,
        policy: ChangePolicy,
        *,
        dry: bool,
        operation: str | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        if operation is not None:
            headers["Operation-Id"] = operation
        self._http = urllib3.PoolManager(
            maxsize=concurrency,
            headers=headers,
            timeout=_TIMEOUT,
            retries=False,
        )
        self._policy = policy
        self._dry = dry
        self._throttle = Throttle(concurrency)

    def make_room(self, rows: int) -> None:
        """Nothing to wait for: the service itself answers 429 or 503 when it is overloaded."""

    def first_states(self, streams: list[str], stopped: threading.Event) -> dict[str, Mapping[str, Any]]:
        """The todos of these streams as they were at version 1.

        Costs a request for a hundred of them, and one for each that has changed since.
        """
        pending = list(streams)
        found: dict[str, Mapping[str, Any]] = {}
        tries = 0
        while pending:
            asked, pending = pending[:_MAX_COMMANDS], pending[_MAX_COMMANDS:]
            results = self._look_up([ids.split_stream_id(stream)[1] for stream in asked], stopped)
            again = [stream for stream, result in zip(asked, results, strict=True) if _is_transient(result["status"])]
            for stream, result in zip(asked, results, strict=True):
                if result["status"] in (200, 410):
                    found[stream] = self._first_state(stream, result, stopped)
                elif result["status"] != 404 and stream not in again:
                    raise GaveUp(f"the service refused a look-up: {_detail(result)}")
            pending += again
            tries += bool(again)
            if again and (tries == MAX_TRIES or wait_or_stop(stopped, tries)):
                raise GaveUp(f"the service did not answer in {tries} tries")
        return found

    def _first_state(self, stream: str, result: dict[str, Any], stopped: threading.Event) -> Todo:
        todo: Todo | None = result.get("todo")
        if todo is not None and todo["version"] == 1:
            return todo
        return self._get(f"{ids.split_stream_id(stream)[1]}?version=1", stopped)

    def write(self, group: list[Planned], stopped: threading.Event) -> GroupResult:
        """Write a group of todos: the counts, and the todos that are not written with the reasons."""
        result = GroupResult()
        pending = group
        tries = 0
        try:
            while pending:
                # Each step counts its rows only if all of it succeeds; those that are not counted stay pending.
                commands, again = self._commands(pending, result, stopped)
                pending = again + [step.planned for step in commands]
                if self._dry:
                    for step in commands:
                        _count(step, result)
                    pending = again
                else:
                    pending = again + self._run(commands, result, stopped)
                tries += 1
                if pending and (tries == MAX_TRIES or wait_or_stop(stopped, tries)):
                    raise GaveUp(f"the service did not accept the todos in {tries} tries")
        except GaveUp as error:
            result.fatal = str(error)
            result.failed += [(one, f"not written: {error}") for one in pending]
        return result

    def _commands(
        self, group: list[Planned], result: GroupResult, stopped: threading.Event
    ) -> tuple[list[Step], list[Planned]]:
        """The commands for a group, and the rows to look at again; the other rows are counted."""
        results = self._look_up([id_of(one) for one in group], stopped)
        commands: list[Step] = []
        again: list[Planned] = []
        refused: list[tuple[Planned, str]] = []
        compared: list[Difference | None] = []
        for one, found in zip(group, results, strict=True):
            if found["status"] == 404:
                commands.append(creation_of(one))
            elif found["status"] in (200, 410):
                compared.append(self._difference(one, found, stopped))
            elif _is_transient(found["status"]):
                again.append(one)
            else:
                refused.append((one, f"refused: {_detail(found)}"))
        differences = [difference for difference in compared if difference is not None]
        result.failed += refused
        result.already += len(compared) - len(differences)
        updates = self._policy.select_updates(differences, len(compared), result)
        return commands + list(map(_update_of, updates)), again

    def _difference(self, one: Planned, found: dict[str, Any], stopped: threading.Event) -> Difference | None:
        """How a row differs from its todo, or None if it does not."""
        todo = None
        if found["status"] == 200:
            todo = found["todo"] or self._get(id_of(one), stopped)
            if is_as_its_row(todo, one):
                return None
            if todo["version"] == 1:
                return Difference(one, todo["title"], todo=todo)
        history, is_whole = self._history(id_of(one), stopped)
        first, undo = history[0]["change"], history[-1]
        is_undone = is_whole and undo.get("undoes") is not None
        if todo is None and is_undone and undo["direction"] == OFF and undo["undoes"] in _operations_of_loads(history):
            return Difference(one, None, todo={"deleted": True, "version": undo["version"]})
        if is_as_its_row(first, one):
            return None
        if todo is None:
            return Difference(one, None, conflict=DELETED_HERE)
        if is_undone and undo["version"] == todo["version"] and is_alike(first, todo):
            return Difference(one, todo["title"], todo=todo)
        return Difference(one, todo["title"], conflict=CHANGED_HERE)

    def _run(self, commands: list[Step], result: GroupResult, stopped: threading.Event) -> list[Planned]:
        """Send the commands; returns the rows to look at again."""
        again = []
        results = self._batch([step.command for step in commands], stopped) if commands else []
        for step, outcome in zip(commands, results, strict=True):
            if outcome["status"] in (200, 201):
                _count(step, result)
            elif _is_transient(outcome["status"]) or outcome["status"] in _ANOTHER_WAS_FASTER:
                again.append(step.planned)
            else:
                result.failed.append((step.planned, f"refused: {_detail(outcome)}"))
        return again

    def _look_up(self, todo_ids: list[str], stopped: threading.Event) -> list[dict[str, Any]]:
        # An empty merge patch changes nothing and returns the todo.
        return self._batch([{"op": "patch", "id": todo_id, "body": {}} for todo_id in todo_ids], stopped)

    def _batch(self, commands: list[dict[str, Any]], stopped: threading.Event) -> list[dict[str, Any]]:
        """The results of the commands; a request that is too large is split in halves."""
        answer = self._request("POST", "/batch", {"commands": commands}, stopped)
        if answer.status == _TOO_LARGE and len(commands) > 1:
            half = len(commands) // 2
            return self._batch(commands[:half], stopped) + self._batch(commands[half:], stopped)
        if answer.status != 200:
            raise GaveUp(_error_in(answer))
        results: list[dict[str, Any]] = answer.json()["results"]
        return results

    def _get(self, path: str, stopped: threading.Event) -> Todo:
        todo: Todo = self._answer(path, stopped).json()
        return todo

    def _history(self, todo_id: str, stopped: threading.Event) -> tuple[list[dict[str, Any]], bool]:
        """The first events of a todo, and whether these are all."""
        answer = self._answer(f"{todo_id}/events?limit={_MAX_EVENTS}", stopped)
        return answer.json(), "Link" not in answer.headers

    def _answer(self, path: str, stopped: threading.Event) -> urllib3.BaseHTTPResponse:
        answer = self._request("GET", f"/todos/{path}", None, stopped)
        if answer.status != 200:
            raise GaveUp(_error_in(answer))
        return answer

    def _request(self, method: str, path: str, body: object, stopped: threading.Event) -> urllib3.BaseHTTPResponse:
        """Send a request, again while the service is overloaded or unreachable; returns the answer."""
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        tries = 0
        while True:
            at_least = 0.0
            try:
                with self._throttle.turn():
                    answer = self._http.request(method, self._url + path, body=content)
                if not _is_transient(answer.status):
                    self._throttle.note_success()
                    return answer
                reason, at_least = _error_in(answer), _retry_after(answer)
            except MaxRetryError as error:
                reason = _shown(str(error.reason))
            except HTTPError as error:
                reason = _shown(str(error))
            self._throttle.note_overload()
            tries += 1
            if tries == MAX_TRIES or wait_or_stop(stopped, tries, at_least):
                raise GaveUp(f"{self._url} did not accept the request in {tries} tries: {reason}")


def owner_of_token(token: str) -> str | None:
    """The owner (`sub`) that a token names, if it is a JWT; only the service verifies it."""
    # Imported only here because it loads cryptography.
    import jwt

    try:
        subject = jwt.decode(token, options={"verify_signature": False}).get("sub")
    except jwt.InvalidTokenError:
        return None
    return subject if isinstance(subject, str) else None


def check_url(url: str, *, allow_http: bool = False) -> None:
    """Check the address that the token is sent to.

    Parameters
    ----------
    allow_http : bool
        Whether the token may be sent unencrypted to another machine.

    Raises
    ------
    CannotLoad
        It is not a complete http or https URL, or one over which others could read the token.
    """
    # urllib3 sends to the host that this same parser finds.
    try:
        parsed = urllib3.util.parse_url(url)
    except HTTPError:
        parsed = None
    if parsed is None or parsed.scheme not in ("http", "https") or not parsed.host:
        raise CannotLoad(f"{url} is not an http or https URL")
    if parsed.scheme == "http" and not allow_http and not _is_this_machine(parsed.host):
        raise CannotLoad(
            f"{url} would get the token unencrypted: use https, or --allow-http if nobody else can read what is sent"
        )


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _update_of(difference: Difference) -> Step:
    todo = difference.todo or {}
    if todo.get("deleted"):
        return creation_of(difference.planned, todo["version"])
    return replacement_of(difference.planned, todo)


def _operations_of_loads(history: list[dict[str, Any]]) -> set[str]:
    return {event["operation"] for event in history if is_of_a_load(event)}


def _is_transient(status: int) -> bool:
    """Whether the same request may succeed later."""
    return status == 429 or status >= 500


def _count(step: Step, result: GroupResult) -> None:
    if step.command["op"] == "create":
        result.added += 1
    else:
        result.updated += 1
    result.notices.update(step.notices)


def _detail(result: dict[str, Any]) -> str:
    problem = result.get("problem") or {}
    return _shown(str(problem.get("detail") or problem.get("title") or result["status"]))


def _error_in(answer: urllib3.BaseHTTPResponse) -> str:
    try:
        problem = answer.json()
        detail = problem.get("detail") or problem.get("title") or ""
    except (ValueError, AttributeError):
        detail = ""
    return f"{answer.status} {_shown(str(detail))}".rstrip()


def _shown(text: str) -> str:
    """A text from the service as a terminal may show it: short, and without control sequences."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text[:_MAX_SHOWN])


def _retry_after(answer: urllib3.BaseHTTPResponse) -> float:
    """Seconds to wait before the next request (Retry-After; RFC 9110, section 10.2.3)."""
    try:
        asked = urllib3.Retry().get_retry_after(answer)
    except InvalidHeader:
        asked = None
    return min(asked or 0.0, _LONGEST_RETRY_AFTER_SECONDS)
