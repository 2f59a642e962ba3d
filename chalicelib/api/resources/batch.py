"""`/batch`: up to a hundred commands in one request, each with a status of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib.api.problem_types import PAYLOAD_TOO_LARGE, REQUIRED_MEMBERS
from chalicelib.api.problems import Problem, problem_of, unavailable
from chalicelib.api.represent import answer, wait_for_views
from chalicelib.api.request import Request
from chalicelib.api.resources import batch_commands, todos
from chalicelib.api.resources.batch_commands import Plan
from chalicelib.api.response import Response
from chalicelib.ledger import ledger
from chalicelib.todos import representation, rule_days
from chalicelib.todos.errors import TooMuchWork

# A Lambda answers at most 6 MB; the rest is left to results that come without their todo.
MAX_ANSWER_BYTES: Final = 5 * 1024 * 1024
MAX_EVENTS_BYTES: Final = 32 * 1024
# What all rules of a batch may cost: half a second at most. A hundred usual ones take a hundredth of it; a hundred of
# those that look at each day of a year or more, such as daily in one month, a third.
MAX_WORK_OF_RULES: Final = 10 * rule_days.MAX_WORK
# Half of the client's connections. Each thread waits for DynamoDB most of the time.
AT_THE_SAME_TIME: Final = 16
# The gateway gives up after 29 s, of which a caller may ask to spend 10 s waiting for the views.
LAST_START_SECONDS: Final = 15
# How the detail of a command begins that had no effect, and may have one if it is repeated.
NOT_TRIED: Final = "Not tried"
# The members of a result that are headers of the command's own answer.
_MEMBERS: Final = (("etag", "ETag"), ("location", "Location"), ("link", "Link"), ("operation", "Operation-Id"))


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to one command, and the versions, by todo id, that it wrote; none if it was refused."""

    todo_id: str
    response: Response
    versions: Mapping[str, int] = field(default_factory=dict)

    @property
    def has_events(self) -> bool:
        """Whether the command was refused with the events that the caller does not know."""
        return self.response.status_code in (410, 412) and bool(self.response.body["events"])

    @property
    def is_final(self) -> bool:
        """Whether the command was carried out, or refused for good; otherwise the batch is to be repeated."""
        return self.response.status_code < 500


def run(request: Request) -> Response:
    """Carry out every command as if it came alone: those on one todo in order, different todos at the same time."""
    plans = batch_commands.read_plans(request)
    operation = batch_commands.operation_of(request)
    # Before the threads start: each would make a connection of its own.
    ledger.connect()
    of_todo: dict[str, list[int]] = {}
    for position, each in enumerate(plans):
        of_todo.setdefault(each.todo_id, []).append(position)
    last_start = time.monotonic() + LAST_START_SECONDS
    of_rules = rule_days.Work(MAX_WORK_OF_RULES)

    def run_in_order(positions: list[int]) -> list[tuple[int, Result]]:
        with rule_days.sharing(of_rules):
            planned = [plans[position] for position in positions]
            of_one = _run_in_order(request.base_url, planned, operation, last_start)
            return list(zip(positions, of_one, strict=True))

    with ThreadPoolExecutor(AT_THE_SAME_TIME) as pool:
        found = dict(result for of_one in pool.map(run_in_order, of_todo.values()) for result in of_one)
    results = [found[position] for position in range(len(plans))]
    versions = sorted((version, todo_id) for each in results for todo_id, version in each.versions.items())
    waited = wait_for_views(request, {todo_id: version for version, todo_id in versions})
    return answer(200, {"results": _within_bounds(results)}, {**waited, "Operation-Id": operation})


def _run_in_order(base_url: str, plans: list[Plan], operation: str, last_start: float) -> Iterator[Result]:
    """Run the commands on one todo up to the first that is to be repeated: not tried, or its effect is unknown.

    If a later one were run, the repeat would run the earlier one after it.
    """
    may_go_on = True
    previous = None
    # Each conflict on a todo would read its events again, and the caller needs them once.
    events_bytes = MAX_EVENTS_BYTES
    for each in plans:
        if may_go_on and time.monotonic() <= last_start:
            result = _result(base_url, each, operation, previous, events_bytes)
            if result.has_events:
                events_bytes = 0
        else:
            result = Result(each.todo_id, _not_tried().response(base_url))
        may_go_on = result.is_final
        # Without a key, a repeat might take another's version for the one that the command led to.
        previous = result.versions.get(each.todo_id) if each.has_key else None
        yield result


def _result(base_url: str, plan: Plan, operation: str, previous: int | None, events_bytes: int) -> Result:
    try:
        request = plan.request(operation, previous)
        event = todos.carry_out(base_url, request, events_bytes)
    except TooMuchWork:
        # Not that the rule has no next date: only that it was not looked for.
        return Result(plan.todo_id, _rules_take_too_long().response(base_url))
    except Exception as error:
        return Result(plan.todo_id, problem_of(error).response(base_url))
    response = todos.answer_written(base_url, request, event)
    return Result(plan.todo_id, response, representation.versions_written(event))


def _not_tried() -> Problem:
    return unavailable(
        f"{NOT_TRIED}: the time was up, or an earlier command on this todo must be repeated. Repeat the batch."
    )


def _rules_take_too_long() -> Problem:
    detail = (
        "Not done: finding the next dates of the rules in this batch takes too long. Send the commands on repeating "
        "todos that were not done in another batch."
    )
    return Problem(PAYLOAD_TOO_LARGE, detail)


def _within_bounds(results: list[Result]) -> list[dict[str, Any]]:
    """The results as answered; one that there is no room for comes without its todo or its problem's extensions."""
    answers = []
    room = MAX_ANSWER_BYTES
    for result in results:
        shape = _shape(result)
        # Lambda puts the answer into JSON as a string, and escapes all non-ASCII characters.
        size = len(json.dumps(json.dumps(shape, ensure_ascii=False)))
        if size > room:
            shape = _shape(result, brief=True)
        else:
            room -= size
        answers.append(shape)
    return answers


def _shape(result: Result, *, brief: bool = False) -> dict[str, Any]:
    response = result.response
    shape: dict[str, Any] = {"status": response.status_code, "id": result.todo_id}
    for member, header in _MEMBERS:
        if header in response.headers:
            shape[member] = response.headers[header]
    body: Any = response.body
    if response.status_code >= 400:
        shape["problem"] = {name: body[name] for name in REQUIRED_MEMBERS} if brief else body
    elif body is not None:
        shape["todo"] = None if brief else body
    return shape
