"""A takeout: todos with their whole histories as JSON Lines, which `stack takeout` writes and `loaders` reads.

The first line says what the file is. Then come the events, each on a line, those of a todo together and oldest first;
the last event of a todo has the state that they led to, by which a reader sees that none is missing or was changed. The
last line counts todos and events. An event says what it changed, but nothing that follows from it: no key of a table,
and no state of its own.
"""

from __future__ import annotations

from typing import Any, Final

from chalicelib.todos.events import DEFAULTS, Event, Todo, dump_json

# The members that only the first line has, and only the last.
BEGINS: Final = "takeout"
ENDS: Final = "end"
# What `BEGINS` says, and the version of the format.
NAME: Final = "todo-ledger"
VERSION: Final = 1

# The members of every event, and those that only some have, each with the event's attribute of that name.
ALWAYS: Final = ("version", "event_id", "type", "change", "actor", "occurred_at")
SOMETIMES: Final = (
    "correlation_id", "causation_id", "idempotency_key", "request_hash", "client", "operation", "undoes", "direction"
)  # fmt: skip
# Those of a todo's last event alone: the state, and the version of the fold that made it.
LAST: Final = ("state", "state_schema")
# Not part of a state here: what was to be reminded of before the todo was moved counts as reminded of only there.
LEFT_OUT: Final = "reminded"


def header(owner: str, taken_at: str) -> str:
    """The first line."""
    return dump_json({BEGINS: NAME, "format": VERSION, "owner": owner, "taken_at": taken_at}) + "\n"


def line_of(todo_id: str, event: Event, *, is_last: bool) -> str:
    """The line of an event."""
    row: dict[str, Any] = {"todo": todo_id}
    row |= {name: getattr(event, name) for name in ALWAYS}
    row |= {name: value for name in SOMETIMES if (value := getattr(event, name)) is not None}
    if is_last:
        row |= {"state": state_of(event.state), "state_schema": event.state_schema}
    return dump_json(row) + "\n"


def footer(todos: int, events: int) -> str:
    """The last line."""
    return dump_json({ENDS: {"todos": todos, "events": events}}) + "\n"


def state_of(todo: Todo) -> dict[str, Any]:
    """A todo's state as a takeout has it: without unset fields."""
    return {name: value for name, value in todo.items() if name != LEFT_OUT and value != DEFAULTS[name]}
