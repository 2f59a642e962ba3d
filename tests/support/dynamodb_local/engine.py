"""The engine process of a local stack with DynamoDB Local behind it, in place of `stack.local.engine`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Final
from unittest.mock import patch

from hypercorn.typing import ASGIFramework

from stack.local import engine
from stack.local.emulator import application
from tests.support.dynamodb_local.database import Database
from tests.support.dynamodb_local.forwarding import Forwarding

MODULE: Final = "tests.support.dynamodb_local.engine"
# The environment variable with the endpoint URL of DynamoDB Local.
VARIABLE: Final = "DYNAMODB_LOCAL"


def main() -> None:
    """Run the engine until it is told to stop."""
    # The local engine has none of the items, so it needs no journal of them.
    sys.argv = [argument for argument in sys.argv if argument != "--journal"]
    with patch.object(engine, "application", _application):
        engine.main()


def _application(journal: None, on_start: Callable[[], None]) -> ASGIFramework:
    # Each stack has a database of its own, also after a restart.
    database = Database(os.environ[VARIABLE], os.environ["AWS_SESSION_TOKEN"][:20])
    return Forwarding(application(journal, on_start), database)


if __name__ == "__main__":
    main()
