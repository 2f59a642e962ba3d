"""`python -m stack status`: what is running where."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from typing import Any

from stack.commands.arguments import add_stage
from stack.commands.command import Command
from stack.settings import LOCAL


def add_arguments(parser: ArgumentParser) -> None:
    add_stage(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object; for the local stage with a token")


def run(parsed: Namespace) -> int:
    from stack.commands import targets
    from stack.operate import status

    found = status.read_stage(targets.clients(parsed), parsed.stage)
    if parsed.stage == LOCAL:
        return _print_local(parsed, found)
    if parsed.json:
        print(json.dumps(found))
    else:
        print("\n".join(status.lines(found)))
    return 0


def _print_local(parsed: Namespace, found: dict[str, Any]) -> int:
    from stack.local.local_stack import LocalStack
    from stack.local.samples import OWNER
    from stack.operate import status

    stack = LocalStack(parsed.directory)
    if not parsed.json:
        print(f"running at {stack.url}/ (pid {stack.engine.pid}), the AWS API at {stack.engine_url}")
        print("\n".join(status.lines(found)))
        return 0
    data = stack.deployed()
    tables = {
        "events": data["EventsTableName"],
        "settings": data["SettingsTableName"],
        "views": stack.deployment.views_table(),
    }
    of_engine = {"url": stack.url, "token": stack.token(OWNER), "owner": OWNER, "tables": tables}
    aws = {"engine_url": stack.engine_url, "engine_environment": stack.engine.endpoint.environment()}
    print(json.dumps({**found, **of_engine, **aws}))
    return 0


COMMAND = Command("status", "show what is running where", run, add_arguments)
