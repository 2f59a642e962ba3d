"""The commands of ``python -m stack``, each a few lines over the modules beside it."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import __version__
from chalicelib.todos import ids
from chalicelib.views.errors import ProjectionIncomplete
from stack import aws
from stack.commands import openapi, stages
from stack.deploy.stages import LOCAL
from stack.errors import NotRunning, StackError
from stack.local.explanation import explained
from stack.local.issuer import DEFAULT_SCOPE, DEFAULT_SECONDS
from stack.local.local_stack import LocalStack
from stack.local.samples import OWNER, load_into
from stack.local.state import default_directory
from stack.operate import logs, status
from stack.progress import Progress

DEFAULT_PORT = 8000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    parsed = _parser().parse_args(arguments)
    try:
        code: int = parsed.command(parsed)
        return code
    except (StackError, ClientError, BotoCoreError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m stack", description="Operate the service on this machine.")
    parser.add_argument("--version", action="version", version=f"todo-ledger {__version__}")
    where = "where the state is kept (default: TODO_LEDGER_DIRECTORY, or .local)"
    parser.add_argument("--directory", type=Path, default=default_directory(), help=where)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    up = commands.add_parser("up", help="start the local engine, deploy the service to it, and say how to use it")
    up.add_argument("--port", type=_port, default=os.environ.get("PORT") or None, help="of the API (default: 8000)")
    up.set_defaults(command=_up)

    commands.add_parser("down", help="stop the local engine; its state is kept").set_defaults(command=_down)

    stages.add_to(commands)
    openapi.add_to(commands)

    state = commands.add_parser("status", help="say what is running where")
    state.add_argument("--stage", default=LOCAL, help="default: local, the local engine")
    state.add_argument("--json", action="store_true", help="one JSON object, of the local stage with a token")
    state.set_defaults(command=_status)

    tail = commands.add_parser("logs", help="print the newest lines of the functions' logs")
    tail.add_argument("function", nargs="?", metavar="FUNCTION", help="of one function (default: of all)")
    tail.add_argument("--stage", default=LOCAL, help="default: local, the local engine")
    tail.add_argument("--since", type=float, default=10, metavar="MINUTES", help="default: 10")
    tail.add_argument("--follow", action="store_true", help="go on with those to come")
    tail.set_defaults(command=_logs)

    token = commands.add_parser("token", help="print a token of the local issuer")
    token.add_argument("--owner", type=_owner, required=True, help="whose todos it opens (the token's `sub`)")
    token.add_argument("--scope", default=DEFAULT_SCOPE, help=f'default: "{DEFAULT_SCOPE}"')
    token.add_argument("--expires-in", type=float, default=DEFAULT_SECONDS, help="seconds; default: a day")
    token.set_defaults(command=_token)

    catchup = commands.add_parser("catchup", help="project what the views lack from the ledger")
    catchup.set_defaults(command=_catchup)

    republish = commands.add_parser("republish", help="bring the ledger's events to the topic once more")
    since = "an RFC 3339 date or date-time, such as 2026-11-20T09:00:00Z"
    republish.add_argument("--since", type=stages.instant, required=True, help=since)
    republish.set_defaults(command=_republish)

    redrive = commands.add_parser("redrive", help="bring back what lies in the quarantine or a dead-letter queue")
    queues = ("quarantine", "deliver-dead-letters", "remind-dead-letters", "clear-dead-letters")
    redrive.add_argument("queue", metavar="QUEUE", choices=queues, help=", ".join(queues))
    redrive.add_argument("--dry-run", action="store_true", help="only show what would go")
    redrive.set_defaults(command=_redrive)

    audit = commands.add_parser("audit", help="check that ledger and views are what they should be")
    audit.add_argument("--table", action="append", help="a views table (default: those that the pointer names)")
    audit.add_argument("--patience", type=float, default=30.0, help="seconds for a lag to pass; default: 30")
    audit.add_argument("--json", action="store_true", help="one JSON object")
    audit.set_defaults(command=_audit)

    rebuild = commands.add_parser("rebuild", help="make the views anew from the ledger while writes go on; resumes")
    what = rebuild.add_mutually_exclusive_group()
    what.add_argument("--status", action="store_true", help="say which tables are in use, and how far a rebuild is")
    what.add_argument("--abandon", action="store_true", help="go back to the old table alone, and drop the new one")
    what.add_argument("--despite-differences", action="store_true", help="switch over whatever the audit finds")
    rebuild.set_defaults(command=_rebuild)
    for command in (catchup, republish, redrive, audit, rebuild):
        stages.add_stage(command)
    return parser


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port number (1 to 65535)")
    return int(text)


def _owner(text: str) -> str:
    if (error := ids.owner_error(text)) is not None:
        raise argparse.ArgumentTypeError(error)
    return text


def _up(parsed: argparse.Namespace) -> int:
    stack = LocalStack(parsed.directory, _wanted_port(parsed), attached=False, say=lambda line: print(f"· {line}"))
    if not stack.start():
        print("· already running")
    if load_into(stack):
        print(f"· loaded the sample todos of the owner {OWNER!r}")
    print(explained(stack.url, OWNER, parsed.directory), end="")
    return 0


def _wanted_port(parsed: argparse.Namespace) -> int:
    """The port asked for; else the one it runs on; else the default."""
    if parsed.port:
        return int(parsed.port)
    try:
        return LocalStack(parsed.directory).engine.port
    except StackError:
        return DEFAULT_PORT


def _down(parsed: argparse.Namespace) -> int:
    print("stopped; its state is kept" if LocalStack(parsed.directory).stop() else "it was not running")
    return 0


def _status(parsed: argparse.Namespace) -> int:
    found = status.of_stage(_client(parsed), parsed.stage)
    if parsed.stage == LOCAL:
        return _local_status(parsed, found)
    if parsed.json:
        print(json.dumps(found))
    else:
        print("\n".join(status.lines(found)))
    return 0


def _logs(parsed: argparse.Namespace) -> int:
    client = _client(parsed)("logs")
    found = logs.tail(client, parsed.stage, parsed.function, since_seconds=parsed.since * 60, follow=parsed.follow)
    for line in found:
        print(f"{line.function}: {line.text}", flush=True)
    return 0


def _client(parsed: argparse.Namespace) -> Callable[[str], Any]:
    """Clients of the local engine, or of the account that the AWS settings lead to."""
    if parsed.stage == LOCAL:
        return LocalStack(parsed.directory).deployment.client
    return cache(aws.client)


def _local_status(parsed: argparse.Namespace, found: dict[str, Any]) -> int:
    stack = LocalStack(parsed.directory)
    data = stack.deployed()
    tables = {
        "events": data["EventsTableName"],
        "settings": data["SettingsTableName"],
        "views": stack.deployment.views_table(),
    }
    if parsed.json:
        of_engine = {"url": stack.url, "token": stack.token(OWNER), "owner": OWNER, "tables": tables}
        print(json.dumps({**found, **of_engine, "engine_url": stack.engine_url}))
        return 0
    print(f"running at {stack.url}/ (pid {stack.engine.pid}), the AWS API at {stack.engine_url}")
    print("\n".join(status.lines(found)))
    return 0


def _token(parsed: argparse.Namespace) -> int:
    stack = LocalStack(parsed.directory)
    # The issuer would make a key, and a token of it opens nothing.
    if not stack.state.issuer_key.exists():
        raise NotRunning(f"no local stack has run in {parsed.directory}; `make up` starts one")
    print(stack.token(parsed.owner, parsed.scope, parsed.expires_in))
    return 0


def _catchup(parsed: argparse.Namespace) -> int:
    _use_service(parsed)

    with Progress("catching up") as bar:
        try:
            done = importlib.import_module("stack.operate.catchup").run(
                lambda so_far: bar.show(f"{so_far.streams:,} streams")
            )
        except ProjectionIncomplete as error:
            raise StackError(f"not everything was projected, do it again later: {error}") from error
    print(f"projected {done.projected:,} of {done.streams:,} streams")
    for stream_id in done.refused:
        print(f"cannot be projected: {stream_id}", file=sys.stderr)
    return 0


def _audit(parsed: argparse.Namespace) -> int:
    _use_service(parsed)
    code: int = importlib.import_module("stack.operate.audit").command(parsed.table, parsed.patience, parsed.json)
    return code


def _rebuild(parsed: argparse.Namespace) -> int:
    _use_service(parsed)
    rebuild = importlib.import_module("stack.operate.rebuild")
    if parsed.status:
        print(rebuild.status())
    elif parsed.abandon:
        print(f"abandoned {rebuild.abandon().table}")
    else:
        rebuild.command(despite_differences=parsed.despite_differences)
    return 0


def _use_service(parsed: argparse.Namespace) -> None:
    """Without the service's own environment, as typed by hand, it is the local stack that is meant."""
    if parsed.stage != LOCAL:
        os.environ.update(stages.environment(parsed))
    elif "EVENTS_TABLE" not in os.environ:
        os.environ.update(LocalStack(parsed.directory).environment())


def _republish(parsed: argparse.Namespace) -> int:
    _use_service(parsed)
    from chalicelib.publishing.topic import PublishIncomplete

    with Progress("republishing") as bar:
        try:
            done = importlib.import_module("stack.operate.republish").run(
                parsed.since, lambda so_far: bar.show(f"{so_far.examined:,} events")
            )
        except PublishIncomplete as error:
            raise StackError(f"not everything went out, do it again later: {error}") from error
    print(f"{done.examined:,} events looked at, {done.handed_over:,} of them handed to the topic")
    return 0


def _redrive(parsed: argparse.Namespace) -> int:
    _use_service(parsed)
    redrive = importlib.import_module("stack.operate.redrive")
    done = redrive.run(f"todo-ledger-{parsed.stage}-{parsed.queue}", print, dry_run=parsed.dry_run)
    print(f"{done.done:,} {'would go' if parsed.dry_run else 'went'} back, {done.failed:,} failed again and stay")
    return 1 if done.failed else 0
