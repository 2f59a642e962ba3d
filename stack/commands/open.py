"""`python -m stack open`: the page of the local stack in a browser, signed in."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from stack.commands.arguments import parse_owner
from stack.commands.command import Command


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--owner", type=parse_owner, help="whose todos (default: those of the samples)")
    parser.add_argument("--print", action="store_true", dest="only_prints", help="print the link, and open nothing")


def run(parsed: Namespace) -> int:
    import webbrowser

    from stack.local.local_stack import LocalStack
    from stack.local.samples import OWNER

    link = LocalStack(parsed.directory).sign_in_link(parsed.owner or OWNER)
    print(link)
    if not parsed.only_prints:
        webbrowser.open(link)
    return 0


COMMAND = Command("open", "open the page of the local stack in a browser, signed in", run, add_arguments)
