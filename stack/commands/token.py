"""`python -m stack token`: a token of the local issuer."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from stack.commands.arguments import parse_owner
from stack.commands.command import Command
from stack.errors import NotRunning
from stack.settings import DEFAULT_SCOPE, TOKEN_SECONDS


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--owner", type=parse_owner, required=True, help="who has it, and whose todos it opens (its `sub`)"
    )
    parser.add_argument(
        "--acting-for",
        type=parse_owner,
        metavar="OWNER",
        help="whose todos it opens instead: OWNER is its `sub`, and who has it is its `act.sub`, the events' `actor`",
    )
    parser.add_argument("--client", help="the program that it is issued to (its `client_id`), the events' `client`")
    parser.add_argument("--scope", default=DEFAULT_SCOPE, help=f'default: "{DEFAULT_SCOPE}"')
    parser.add_argument("--expires-in", type=float, default=TOKEN_SECONDS, help="seconds; default: a day")


def run(parsed: Namespace) -> int:
    from stack.local.local_stack import LocalStack

    stack = LocalStack(parsed.directory)
    # The issuer would otherwise make a key, whose tokens no service accepts.
    if not stack.state.issuer_key.exists():
        raise NotRunning(f"no local stack has run in {parsed.directory}; `make up` starts one")
    owner, actor = (parsed.owner, None) if parsed.acting_for is None else (parsed.acting_for, parsed.owner)
    print(stack.issuer.token(owner, parsed.scope, parsed.expires_in, client=parsed.client, actor=actor))
    return 0


COMMAND = Command("token", "print a token of the local issuer", run, add_arguments)
