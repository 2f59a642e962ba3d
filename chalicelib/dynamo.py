"""The one tuned DynamoDB client: every table of every module goes through it."""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config

# Botocore builds its own User-Agent anew for each call, which is a fifth of a PutItem's CPU (docs/performance.md).
USER_AGENT = "todo-ledger"
# A Lambda must answer within the gateway's 29 s: give a connection up early, and try again.
CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 5
ATTEMPTS = 3
# The loader keeps several transactions in flight, and a batch several commands.
CONNECTIONS = 32


@cache
def client() -> Any:
    """A botocore client for DynamoDB, made at the first call and safe to share between threads.

    Parameter validation is off: requests are built by this project's own code, and DynamoDB checks them anyway.
    """
    return botocore.session.get_session().create_client(
        "dynamodb",
        config=Config(
            parameter_validation=False,
            user_agent=USER_AGENT,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=READ_TIMEOUT_SECONDS,
            max_pool_connections=CONNECTIONS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        ),
    )
