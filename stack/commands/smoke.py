"""`python -m stack smoke`: prove that a stage works."""

from __future__ import annotations

import json
import os
import signal
import sys
import uuid
from argparse import ArgumentParser, Namespace
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stack.commands.arguments import add_stage
from stack.commands.command import Command
from stack.errors import StackError
from stack.settings import LOCAL

if TYPE_CHECKING:
    from stack.smoke.check import Check
    from stack.smoke.outcome import Outcome
    from stack.smoke.run import Options, Run

# How long the given tokens must live yet.
TOKEN_SECONDS: Final = 600
QUICK_TOKEN_SECONDS: Final = 120
# Nothing on the local engine runs as long as a timeout on AWS.
LOCAL_WAITS: Final = {"settle_seconds": 3.0, "drain_seconds": 3.0}


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--quick", action="store_true", help="under a minute: without what takes longer")
    parser.add_argument("--only", action="append", metavar="AREA", help="only the checks of this area (more than once)")
    parser.add_argument("--todos", type=int, default=3_600, help="how many are loaded and cleared; default: 3600")
    parser.add_argument("--webhook-url", metavar="URL", help="of a receiver that repeats the challenge")
    other = "the stage has another version than this checkout, as after `rollback`: do not compare the two"
    parser.add_argument("--other-version", action="store_true", help=other)
    recorded = "what the gateway sends, without tokens, hosts and ids"
    parser.add_argument("--record", type=Path, metavar="DIR", help=f"write {recorded}, there")
    parser.add_argument("--compare", type=Path, metavar="DIR", help=f"compare {recorded}, with what is recorded there")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    add_stage(parser)


def run(parsed: Namespace) -> int:
    from stack.commands import targets
    from stack.smoke.outcome import FAILED, STATES
    from stack.smoke.registry import AREAS, CHECKS
    from stack.smoke.run import Run

    if unknown := set(parsed.only or ()) - set(AREAS):
        raise StackError(f"there is no area {', '.join(sorted(unknown))}; there are {', '.join(AREAS)}")
    if parsed.todos < 1:
        raise StackError("--todos must be at least 1")
    targets.use_service(parsed)
    wanted = parsed.only or AREAS
    checks = [check for check in CHECKS if check.area in wanted and (check.is_quick or not parsed.quick)]
    found = []
    # Whatever ends this block, the clean-up comes before anything else.
    with closing(_outcomes(parsed, Run(targets.deployment(parsed), _options(parsed)), checks)) as outcomes:
        for outcome in outcomes:
            found.append(outcome)
            if not parsed.json:
                print(outcome, flush=True)
    counts = {state: sum(outcome.state == state for outcome in found) for state in STATES}
    if parsed.json:
        print(json.dumps({"stage": parsed.stage, **counts, "checks": [outcome.to_json() for outcome in found]}))
    else:
        print(", ".join(f"{count} {state}" for state, count in counts.items()))
    return 1 if counts[FAILED] else 0


def _outcomes(parsed: Namespace, started: Run, checks: Sequence[Check]) -> Generator[Outcome, None, None]:
    from stack.smoke import runner

    # A pipeline that is cancelled ends a command so; what was made is removed then, too.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield from runner.outcomes(started, checks)
    finally:
        signal.signal(signal.SIGTERM, before)
        for what in started.left:
            print(f"not removed: {what}", file=sys.stderr, flush=True)
    if parsed.compare is not None:
        yield runner.comparison(started, parsed.compare)
    if parsed.record is not None:
        started.recording.write(parsed.record)


def _options(parsed: Namespace) -> Options:
    from stack.smoke.run import Options
    from stack.smoke.token import refuse_short_lived

    token, read_token = os.environ.get("TODO_LEDGER_TOKEN"), os.environ.get("TODO_LEDGER_READ_TOKEN")
    if token is None and parsed.stage == LOCAL:
        token, read_token = _local_tokens(parsed.directory)
    if not token:
        raise StackError("a token with the scopes todos:read and todos:write is needed in TODO_LEDGER_TOKEN")
    for given in filter(None, (token, read_token)):
        refuse_short_lived(given, QUICK_TOKEN_SECONDS if parsed.quick or parsed.only else TOKEN_SECONDS)
    return Options(
        token,
        read_token or None,
        todos=parsed.todos,
        webhook_url=parsed.webhook_url,
        other_version=parsed.other_version,
        rebuild_waits=LOCAL_WAITS if parsed.stage == LOCAL else {},
    )


def _local_tokens(directory: Path) -> tuple[str, str]:
    """Tokens of the local issuer for an owner of this run's own, whose feed is short."""
    from stack.local.local_stack import LocalStack

    stack, owner = LocalStack(directory), f"smoke-{uuid.uuid4()}"
    return stack.token(owner), stack.token(owner, "todos:read")


COMMAND = Command("smoke", "prove that a stage works, by using it; exit code 1 if a check fails", run, add_arguments)
