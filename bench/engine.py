"""A local engine with empty tables, and without Lambdas, on which `bench` measures."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from stack.deploy import views_table
from stack.local import launch, process
from stack.local.state import State
from tests.support.reset import forget_everything, forget_tables
from tests.support.tables import definition


@contextmanager
def running() -> Iterator[Any]:
    """Start an engine on free ports and configure this process to use it; yields a boto3 client of DynamoDB."""
    with tempfile.TemporaryDirectory(prefix="todo-ledger-bench-") as directory:
        state = State(Path(directory))
        engine = launch.start(state, 0, 0, attached=True)
        try:
            os.environ.update(engine.endpoint.environment())
            forget_everything()
            # Of a session of its own: the default one keeps the credentials that this process began with.
            yield boto3.session.Session().client("dynamodb")
        finally:
            process.stop(state, engine)


def fresh_events_table(client: Any) -> str:
    """Create an empty events table as the data stack defines it, and make the ledger use it; its name."""
    name = f"bench-events-{uuid.uuid4().hex}"
    client.create_table(**definition("EventsTable", name, has_stream=True))
    os.environ["EVENTS_TABLE"] = name
    forget_tables()
    return name


def fresh_views_table(client: Any) -> str:
    """Create an empty views table, and a settings table whose pointer names it; the views table's name."""
    settings_table = f"bench-settings-{uuid.uuid4().hex}"
    client.create_table(**definition("SettingsTable", settings_table))
    os.environ["SETTINGS_TABLE"] = settings_table
    return views_table.ensure_table(client, "bench", settings_table)
