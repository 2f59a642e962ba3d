"""The todos that earlier versions of the loader made under other ids: their rows keep them, and nothing doubles."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from chalicelib.todos import fold, ids
from chalicelib.todos.events import Event
from loaders.planner import Creation, Planned
from loaders.rows.seen import Seen

FirstStates = Callable[[list[str], threading.Event], dict[str, Mapping[str, Any]]]


class FormerTodos:
    """Finds, for rows with former ids, the todos that they were loaded as.

    A row whose todo does not exist is the first todo that exists under one of its former ids, unless another row of the
    run is. Whether a load made that todo need not be asked: such an id is a hash of the owner, the source and the row's
    former id, which nothing else makes.

    Parameters
    ----------
    claims : Seen
        Remembers which former todo belongs to which row, for all files of a run.
    kept : Seen, optional
        Collects the ids of the todos that the files have (`loaders.planner.Planner`).
    """

    def __init__(self, claims: Seen, kept: Seen | None = None) -> None:
        self._claims = claims
        self._kept = kept

    def find(self, group: list[Planned], first_states: FirstStates, stopped: threading.Event) -> list[Planned]:
        """The group, with the rows that have a former todo as commands to that.

        Costs a look-up of all former ids of the group, and a second one if any exists; nothing without former ids.

        Parameters
        ----------
        group : list of Planned
        first_states : callable
            Looks up streams by their ids: the state of those that exist, after their first event.

        Raises
        ------
        GaveUp
        """
        partition, _ = ids.split_stream_id(group[0].event.stream_id)

        def look_up(todo_ids: Iterable[str]) -> dict[str, Mapping[str, Any]]:
            streams = {ids.stream_id(partition, todo_id): todo_id for todo_id in todo_ids}
            found = first_states(list(streams), stopped) if streams else {}
            return {streams[stream]: state for stream, state in found.items()}

        wanted = {todo_id: former for one in group for todo_id, former in _former_of(one)}
        found = look_up({each for former in wanted.values() for each in former})
        if not found:
            return group
        known = look_up(todo_id for todo_id, former in wanted.items() if any(each in found for each in former))
        lists = {todo_id: one.former.list_name for one in group for todo_id, _ in _former_of(one)}
        lists |= {_todo_id(one): one.former.list_name for one in group}
        current = {
            todo_id: todo_id
            if todo_id in known
            else self._claim(
                todo_id,
                [each for each in former if each in found and lists[todo_id] in (None, found[each]["list"])],
            )
            for todo_id, former in wanted.items()
        }
        return [self._as_former(one, current, found) for one in group]

    def _claim(self, todo_id: str, found: list[str]) -> str:
        """The first of the former todos that no other row has; the row's own id if there is none."""
        for former in found:
            if not self._claims.has(former):
                self._claims.note(former, 0)
                self._claims.note(f"{former} {todo_id}", 0)
            if self._claims.has(f"{former} {todo_id}"):
                return former
        return todo_id

    def _as_former(self, one: Planned, current: dict[str, str], found: dict[str, Mapping[str, Any]]) -> Planned:
        if not has_former(one):
            return one
        fields = dict(one.event.change)
        if "parent" in fields:
            fields["parent"] = current.get(fields["parent"], fields["parent"])
        own = _todo_id(one)
        todo_id = current.get(own, own)
        if todo_id in one.former.ids and (before := found.get(todo_id)) is not None:
            if self._kept is not None:
                self._kept.note(todo_id, one.line)
            fields["source"] = before["source"]
        return msgspec.structs.replace(one, creation=Creation(_changed(one.event, todo_id, fields)))


def has_former(one: Planned) -> bool:
    """Whether the row, or its parent, may be a former todo."""
    return bool(one.former.ids or one.former.parents)


def _former_of(one: Planned) -> Iterable[tuple[str, tuple[str, ...]]]:
    """The ids of a row and of its parent that have former ones, with these."""
    if one.former.ids:
        yield _todo_id(one), one.former.ids
    if one.former.parents and "parent" in one.event.change:
        yield one.event.change["parent"], one.former.parents


def _todo_id(one: Planned) -> str:
    return ids.split_stream_id(one.event.stream_id)[1]


def _changed(event: Event, todo_id: str, fields: dict[str, Any]) -> Event:
    """The event that creates another todo with these fields."""
    partition, _ = ids.split_stream_id(event.stream_id)
    return replace(
        event,
        stream_id=ids.stream_id(partition, todo_id),
        change=fields,
        state=fold.evolve(None, event.type, fields, event.occurred_at),
    )
