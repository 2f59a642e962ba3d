"""Powertools' idempotency around what `raw_boto3` does: a repeated request gets the first answer again."""

from __future__ import annotations

import os
import uuid
from typing import Any, Final

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)

from bench.peers import raw_boto3
from bench.peers.context import Context

TABLE: Final = os.environ.get("IDEMPOTENCY_TABLE", "idempotency")

_config: Final = IdempotencyConfig(event_key_jmespath="idempotency_key")
_config.register_lambda_context(Context())  # type: ignore[arg-type]


class Commands(raw_boto3.Commands):
    """Updates of one todo, each by a request with a key of its own."""

    def __init__(self) -> None:
        super().__init__()
        update = super().update

        @idempotent_function(  # type: ignore[untyped-decorator]
            data_keyword_argument="request",
            config=_config,
            persistence_store=DynamoDBPersistenceLayer(table_name=TABLE),
        )
        def handle(request: dict[str, Any]) -> dict[str, Any]:
            return update(request["title"])

        self._handle = handle

    def update(self, title: str) -> dict[str, Any]:
        todo: dict[str, Any] = self._handle(request={"idempotency_key": str(uuid.uuid4()), "title": title})
        return todo
