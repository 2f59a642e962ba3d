"""How every client for DynamoDB is set, whoever made it."""

from __future__ import annotations

from typing import Final

# Botocore builds its own User-Agent for each call, which takes a fifth of a PutItem's CPU (docs/performance.md).
USER_AGENT: Final = "todo-ledger"
# A Lambda must answer within the gateway's 29 s: time out early, and retry.
CONNECT_TIMEOUT_SECONDS: Final = 2
READ_TIMEOUT_SECONDS: Final = 5
ATTEMPTS: Final = 3
# The loader keeps several transactions in flight, and a batch several commands.
CONNECTIONS: Final = 32
