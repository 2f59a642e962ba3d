"""The stream's reader that keeps the views."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from chalicelib import keys, logs
from chalicelib.views import store
from chalicelib.views.projection import Head


def handle(event: dict[str, Any]) -> None:
    """Project a batch of stream records (a Lambda event of DynamoDB Streams, NEW_IMAGE) into every views table in use.

    Raises
    ------
    ProjectionIncomplete
        After everything else was done; Lambda then hands the batch over again, and what was done is skipped.
    """
    heads: defaultdict[str, list[Head]] = defaultdict(list)
    for record in event["Records"]:
        image = record["dynamodb"].get("NewImage")
        if image is None:
            # Nothing removes an event, and nothing here needs to know of one removed by hand.
            continue
        owner, todo_id = keys.split_stream_id(image["stream_id"]["S"])
        heads[owner].append(Head(todo_id, int(image["version"]["N"]), image["state"]["S"]))
    logs.write("project", records=len(event["Records"]), owners=len(heads))
    failures: dict[str, Exception] = {}
    for table in store.tables():
        try:
            store.project_batch(table, heads)
        except store.ProjectionIncomplete as incomplete:
            failures.update(incomplete.failures)
    if failures:
        raise store.ProjectionIncomplete(failures)
