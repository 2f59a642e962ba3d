"""Views that an older version of the service made, without an index: `up` brings them over, and loses nothing."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.todos import zones
from chalicelib.views import pointer, queries, schema
from chalicelib.views.errors import ViewsUnavailable
from stack.local.local_stack import LocalStack
from stack.operate import audit
from stack.operate import rebuild as command
from tests.operate.live.commanding import Owner
from tests.operate.live.rebuild.rebuilding import SHORT, counts, exists
from tests.support.client import Client, problem
from tests.support.waiting import PATIENCE_SECONDS

YOUNGEST = "by_created"


@pytest.fixture
def older(owner: Owner, views: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The views as they were before the youngest index: neither the table nor its rows have it."""
    define, index = schema.table_definition, schema.index_attributes

    def defined(table: str) -> dict[str, Any]:
        definition = define(table)
        for part, name in (("LocalSecondaryIndexes", "IndexName"), ("AttributeDefinitions", "AttributeName")):
            definition[part] = [each for each in definition[part] if each[name] != YOUNGEST]
        return definition

    def indexed(*given: Any) -> dict[str, dict[str, str]]:
        return {name: value for name, value in index(*given).items() if name != YOUNGEST}

    # From here on the stack's own projection, which has the index, brings in nothing.
    assert audit.audit_views(patience=PATIENCE_SECONDS).is_clean
    with monkeypatch.context() as then:
        then.setattr(schema, "table_definition", defined)
        then.setattr(schema, "index_attributes", indexed)
        return command.rebuild_views(**SHORT).table


def test_up_makes_the_views_again_with_the_index(older: str, owner: Owner, stack: LocalStack) -> None:
    before = counts(owner)
    client = Client(stack.url, stack.token(owner.name))
    assert stack.deployment.missing_indexes() == [YOUNGEST]
    assert not audit.audit_views(patience=0).is_clean
    problem(client.get("/todos?sort=created"), 503)
    assert client.get("/todos").status_code == 200, "the others work meanwhile"

    assert stack.start() is False

    assert stack.deployment.missing_indexes() == []
    (table,) = pointer.pointer().tables
    assert table != older
    assert not exists(older)
    assert audit.audit_views(patience=PATIENCE_SECONDS).is_clean
    assert counts(owner) == before
    created = [todo["created_at"] for todo in client.rows("/todos?sort=created&limit=2")]
    assert created == sorted(created)
    assert len(created) == before[0]


def test_up_makes_views_again_that_have_the_instants_of_other_time_zones(
    owner: Owner, views: str, stack: LocalStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as then:
        then.setattr(zones, "version", lambda: "2020a")
        table = command.rebuild_views(**SHORT).table
    assert "-views-2020a-" in table
    reason = f"was not made with the time zones of {zones.version()}"
    assert stack.deployment.need_of_rebuild() == reason
    assert f"{table} {reason}: rebuild the views" in audit.describe(audit.audit_views(patience=PATIENCE_SECONDS))

    assert stack.start() is False

    assert stack.deployment.need_of_rebuild() is None
    assert not exists(table)
    assert "time zones" not in audit.describe(audit.audit_views(patience=PATIENCE_SECONDS))


def test_without_the_index_the_order_is_unavailable_and_nothing_else(older: str, owner: Owner) -> None:
    with pytest.raises(ViewsUnavailable):
        queries.by_created(owner.name, None, after=None, limit=1)  # type: ignore[arg-type]
    assert queries.by_list(owner.name, None, list_name=None, after=None, limit=1).rows  # type: ignore[arg-type]
    command.rebuild_views(**SHORT)
