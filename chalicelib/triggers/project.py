"""The stream's reader that keeps the views current."""

from __future__ import annotations

from typing import Any

from chalicelib import logs
from chalicelib.views import stream


def handle(event: dict[str, Any]) -> None:
    """Project a batch of stream records (a Lambda event of DynamoDB Streams, NEW_IMAGE) into every views table in use.

    A record that cannot be projected is quarantined, and the others are projected.

    Raises
    ------
    ProjectionIncomplete
        After everything else was done; Lambda then hands over the batch again, and what was done is skipped.
    AWSError
        When the pointer cannot be read, or the quarantine does not take what belongs there.
    """
    records = event["Records"]
    heads = stream.heads_of(records)
    logs.write("project", records=len(records), owners=len(heads))
    stream.project_or_quarantine(heads)
    stream.observe_lag(records)
