"""Given a todo with a past, when a command comes, then …: the vocabulary of the tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from chalicelib.todos import content, instants
from chalicelib.todos.decide import Command, Create, Decision, Delete, IfMatch, IfNoneMatch, Patch, decide
from chalicelib.todos.events import Event, Todo
from tests.support.events import following

STREAM = "me#0197e1f0-0000-7000-8000-000000000001"
FIRST_MILLISECOND = 1_766_000_000_000


def instant(number: int) -> str:
    """The instant at which version `number` of every scenario's stream is written."""
    return instants.format_milliseconds(FIRST_MILLISECOND + 1000 * number)


def content_of(**fields: Any) -> dict[str, Any]:
    """A valid, complete content, titled "Buy milk" unless stated otherwise."""
    return content.validate({"title": "Buy milk", **fields})


@dataclass
class Stream:
    """A stream of events that grows by commands, as the service lets it grow but without a ledger."""

    stream_id: str = STREAM
    events: list[Event] = field(default_factory=list)

    @property
    def todo(self) -> Todo | None:
        return self.events[-1].state if self.events else None

    @property
    def version(self) -> int:
        return len(self.events)

    def decide(
        self, command: Command, if_match: IfMatch | None = None, if_none_match: IfNoneMatch | None = None
    ) -> Decision | None:
        return decide(command, self.todo, self.version, if_match, if_none_match)

    def after(self, *commands: Command) -> Stream:
        """The stream once each command has been decided and what it decides written."""
        for command in commands:
            decision = self.decide(command)
            if decision is not None:
                self.write(decision.type, decision.change)
        return self

    def write(self, event_type: str, change: dict[str, Any]) -> Event:
        newest = self.events[-1] if self.events else None
        self.events.append(following(newest, self.stream_id, event_type, change, at=instant(self.version + 1)))
        return self.events[-1]


def nothing() -> Stream:
    """Given no todo."""
    return Stream()


def live(**fields: Any) -> Stream:
    """Given a todo that was created with these fields."""
    return Stream().after(Create(content_of(**fields)))


def deleted(**fields: Any) -> Stream:
    """Given a todo that was created and deleted."""
    return live(**fields).after(Delete())


def patched(stream: Stream, **patch: Any) -> Stream:
    return stream.after(Patch(patch))


def complaints(*values: dict[str, Any], **fields: Any) -> dict[str, str]:
    """The errors of a content, by pointer; empty if it is valid."""
    stated: dict[str, Any] = {"title": "Buy milk"}
    for value in values:
        stated |= value
    try:
        content.validate(stated | fields)
    except content.InvalidContent as invalid:
        return {error.pointer: error.detail for error in invalid.errors}
    return {}
