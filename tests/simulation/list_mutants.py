"""Ways to clear and rename lists that are not enough; `mutants` has the table of all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from chalicelib.aws import settings_table
from chalicelib.commands import clear_list, execute, list_records, rename_list
from chalicelib.commands.list_operation import Failure, ListOperation, change_each, raise_first
from chalicelib.commands.list_queue import Work
from chalicelib.todos import ids, instants
from chalicelib.todos.decide import Delete, TodoIsDeleted, TodoNotFound
from chalicelib.views import current, cuts, queries
from chalicelib.views.cuts import Cut, ListPage


@contextmanager
def clearing_what_was_created_before() -> Iterator[None]:
    """The key remembers an instant, and a todo that was created before it was in the list then."""

    def clear(
        owner: ids.Owner, list_name: str, *, actor: str, correlation_id: str | None, key: str | None = None
    ) -> clear_list.Cleared:
        operation = ListOperation(owner, list_name, actor, correlation_id, "an operation")
        asked_at = instants.instant_after(None)
        if key is not None:
            at = settings_table.key(operation.partition, list_records.key_of(key, ""))
            if not settings_table.put_new({**at, "list": {"S": list_name}, "asked_at": {"S": asked_at}}):
                first: Any = settings_table.find(operation.partition, list_records.key_of(key, ""))
                asked_at = first["asked_at"]["S"]
        page = queries.by_list(owner, None, list_name=list_name, after=None, limit=1000)
        meant = [(row.todo_id, row.version) for row in page.rows if row.todo["created_at"] <= asked_at]
        raise_first(change_each(meant, lambda *todo: _delete_at_any_version(operation, *todo))[1])
        return clear_list.Cleared(None, {})

    with patch.object(clear_list, "clear", clear):
        yield


def _delete_at_any_version(operation: ListOperation, todo_id: str, version: int) -> int | None:
    """Unless it is in another list by now, as the list's clearing was once decided."""
    newest = execute.current(operation.owner, todo_id)
    if newest is None or newest.state["list"] != operation.list_name:
        return None
    try:
        event, _ = execute.execute(replace(operation.command(todo_id, version, Delete()), if_match=None))
    except (TodoIsDeleted, TodoNotFound):
        return None
    return event.version


@contextmanager
def deleting_at_any_version() -> Iterator[None]:
    with patch.object(clear_list, "_delete", _delete_at_any_version):
        yield


@contextmanager
def recording_nothing_where_nothing_was_deleted() -> Iterator[None]:
    real = settings_table.put_new

    def put_new(item: Mapping[str, Any]) -> bool:
        return True if item.get("todos") == {"S": "[]"} else real(item)

    with patch.object(settings_table, "put_new", put_new):
        yield


@contextmanager
def looking_the_set_up_at_each_try() -> Iterator[None]:
    real = list_records._record

    def record(item: Mapping[str, Any]) -> list_records.Record:
        found = replace(real(item), is_done=False)
        if found.todos is None and found.cut is None:
            return found
        owner = ids.owner_of(ids.Partition(item["owner"]["S"]))
        cut = cuts.read_cut(owner)
        page = cuts.list_page(cut.table, owner, item["list"]["S"], after=None, limit=1000)
        if found.todos is None:
            return replace(found, cut=cut)
        return replace(found, todos=tuple((todo.todo_id, todo.version) for todo in page.todos))

    with patch.object(list_records, "_record", record):
        yield


@contextmanager
def deleting_at_the_rows_version_without_a_cut() -> Iterator[None]:
    with patch.object(Cut, "has", lambda self, todo: True), patch.object(list_records, "is_done", lambda *_: False):
        yield


@contextmanager
def taking_a_cut_by_a_remembered_pointer() -> Iterator[None]:
    """The table before has a moment later what its caller has seen in the new one."""
    remembering = SimpleNamespace(
        forget=lambda: None, read_current=current.read_current, unavailable=current.unavailable
    )
    with patch.object(cuts, "current", remembering):
        yield


@contextmanager
def taking_a_cut_for_another_tables() -> Iterator[None]:
    """Revisions are compared with a cut of the table before the rebuild, which counted from one as well."""

    def list_page(table: str, owner: ids.Owner, list_name: str, *, after: str | None, limit: int) -> ListPage:
        return real(current.current_table(), owner, list_name, after=after, limit=limit)

    def resume(work: Work) -> list[Failure]:
        return real_resume(replace(work, cut=Cut(current.current_table(), work.cut.revision)))

    real, real_resume = cuts.list_page, clear_list.resume
    with ExitStack() as patches:
        patches.enter_context(patch.object(cuts, "list_page", list_page))
        patches.enter_context(patch.object(clear_list, "resume", resume))
        yield


@contextmanager
def moving_by_the_rows_version_alone() -> Iterator[None]:
    with (
        patch.object(rename_list, "_newest_if_it_stayed", lambda *_: None),
        patch.object(rename_list, "MAX_PASSES", 1),
    ):
        yield


@contextmanager
def moving_whatever_is_there_now() -> Iterator[None]:
    """Each message, whenever it comes, moves what the list has then."""

    def resume(work: Work) -> list[Failure]:
        if work.operation.to_list is None or work.todos is not None:
            return real(work)
        cut = cuts.read_cut(work.operation.owner)
        page = cuts.list_page(cut.table, work.operation.owner, work.operation.list_name, after=None, limit=1000)
        meant = [(todo.todo_id, todo.version) for todo in page.todos]
        failures = change_each(meant, lambda *todo: rename_list._move(work.operation, *todo))[1]
        if not failures:
            list_records.finish(work.operation)
        return failures

    real = rename_list.resume
    with patch.object(rename_list, "resume", resume):
        yield


@contextmanager
def beginning_a_pass_after_the_end() -> Iterator[None]:
    with patch.object(rename_list, "_is_done", lambda operation: False):
        yield


@contextmanager
def moving_without_a_key() -> Iterator[None]:
    real = execute.execute

    def executed(request: execute.CommandRequest) -> Any:
        if request.request_hash is not None and (request.correlation_id or "").startswith("list "):
            request = replace(request, idempotency_key=None, request_hash=None)
        return real(request)

    with patch.object(execute, "execute", executed):
        yield
