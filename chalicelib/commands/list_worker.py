"""The queue's work on long lists and undos: what a message asks for is done; what no retry can help is quarantined."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chalicelib.aws import errors, quarantine
from chalicelib.commands import clear_list, list_queue, rename_list
from chalicelib.commands.undo import messages, service
from chalicelib.todos.errors import Poison


def work_or_quarantine(handler: str, record: dict[str, Any]) -> None:
    """Do a page's work, of a list or of an undo.

    Parameters
    ----------
    handler : str
        The name under which to quarantine.
    record : dict
        The message as Lambda hands it over.

    Raises
    ------
    Exception
        The first transient error, after every other todo of the page was tried.
    """
    try:
        if (undo := messages.undo_in(record["body"])) is not None:
            service.resume(*undo)
            return
        work = list_queue.decode(record["body"])
        failures = clear_list.resume(work) if work.operation.to_list is None else rename_list.resume(work)
    except Poison as poison:
        quarantine.put(handler, poison, record=record)
        return
    except Exception as error:
        if errors.is_transient(error):
            raise
        quarantine.put(handler, error, record=record)
        return
    quarantine.put_each(
        handler,
        (
            (
                failure.error,
                {**record, "body": list_queue.encode(replace(work, todos=(failure.todo,)))},
                {"owner": work.operation.partition, "todo_id": failure.todo[0]},
            )
            for failure in failures
        ),
    )
