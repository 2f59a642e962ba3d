"""The commands that take a stage: the local engine's, or one in the account that the AWS settings lead to."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chalicelib.todos import instants
from stack.deploy import destroy as destroying
from stack.deploy.changes import Change
from stack.deploy.deployment import Deployment, refuse_to_lose_data
from stack.deploy.package import package
from stack.deploy.stages import LOCAL, Stage
from stack.drift import drift, functions
from stack.errors import StackError
from stack.local import watching
from stack.local.local_stack import LocalStack
from stack.operate import restore


def add_to(commands: Any) -> None:
    """Add the parsers of these commands."""
    deploy = _command(commands, "deploy", _deploy, "deploy the app as it is now: data, compute, and what watches them")
    deploy.add_argument("--only-data", action="store_true", help="leave the compute stack to `chalice deploy`")
    _command(commands, "diff", _diff, "say what `deploy` would add, change, replace and remove")
    synth = _command(commands, "synth", _synth, "print the compute stack's template as CloudFormation gets it")
    synth.add_argument("--output", type=Path, metavar="DIRECTORY", help="put it there, with the package it refers to")
    watch = commands.add_parser("watch", help="deploy the app to the running local engine at every change of it")
    watch.set_defaults(command=_watch)
    _command(commands, "settle", _settle, "set what Chalice cannot, of the functions, what feeds them, and the API")
    _command(commands, "drift", _drift, "say what is not as it should be; exit code 1 if anything is not")
    restore = _command(commands, "restore", _restore, "make the ledger as it was in a table beside the live one")
    restore.add_argument("--to", type=instant, required=True, help="an RFC 3339 date-time: 2026-11-20T09:00:00Z")
    destroy = _command(commands, "destroy", _destroy, "delete the compute stack and its alarms; the data stays")
    destroy.add_argument("--data", action="store_true", help="delete the data stack too, with every table")
    destroy.add_argument("--yes-delete-all-data", action="store_true", help="say so a second time")


def add_stage(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stage", default=LOCAL, help="of .chalice/config.json (default: local, the local engine)")


def instant(text: str) -> str:
    """An argument that is an RFC 3339 date or date-time."""
    try:
        instants.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None
    return text


def environment(parsed: argparse.Namespace) -> dict[str, str]:
    """The environment variables with which the service's own code runs here, on the stage's data."""
    target = deployment(parsed)
    if not target.outputs():
        raise StackError(f"the stack {target.data.name} does not stand")
    found = functions.environments(target)["deliver"]
    return {name: value for name, value in found.items() if name != "HANDLERS"}


def deployment(parsed: argparse.Namespace) -> Deployment:
    """The stage that a command is about."""
    if parsed.stage == LOCAL:
        return LocalStack(parsed.directory).deployment
    return Deployment(Stage(parsed.stage))


def _command(commands: Any, name: str, function: Any, summary: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary)
    add_stage(parser)
    parser.set_defaults(command=function)
    return parser


def _deploy(parsed: argparse.Namespace) -> int:
    if parsed.stage == LOCAL:
        stack = LocalStack(parsed.directory, attached=False, say=lambda line: print(f"· {line}"))
        _ = stack.engine
        stack.start()
        print(f"up to date at {stack.url}/")
        return 0
    target = deployment(parsed)
    if not parsed.only_data:
        # Better before the data stack stands than after.
        target.stated_parameters()
    _say(target.stage.data_stack, target.deploy_data())
    if not parsed.only_data:
        _say(target.stage.compute_stack, target.deploy_compute())
    _say(target.stage.watch_stack, target.deploy_watch())
    if not parsed.only_data:
        print(f"the API answers at {target.compute.outputs()['EndpointURL']}")
    return 0


def _diff(parsed: argparse.Namespace) -> int:
    target = deployment(parsed)
    data, compute = target.diff_data(), target.diff_compute()
    _say(target.stage.data_stack, data)
    _say(target.stage.compute_stack, compute)
    _say(target.stage.watch_stack, target.diff_watch())
    refuse_to_lose_data([*data, *compute])
    return 0


def _synth(parsed: argparse.Namespace) -> int:
    made = package(Stage(parsed.stage).name)
    if parsed.output is None:
        print(made.template.read_text(), end="")
        return 0
    parsed.output.mkdir(parents=True, exist_ok=True)
    for file in (made.template, made.code):
        print(shutil.copy(file, parsed.output))
    return 0


def _watch(parsed: argparse.Namespace) -> int:
    stack = LocalStack(parsed.directory, attached=False, say=lambda line: print(f"· {line}"))
    _ = stack.engine
    for _ in watching.changes():
        began = time.monotonic()
        try:
            stack.start()
        except StackError as error:
            print(f"error: {error}", file=sys.stderr)
        else:
            print(f"up to date at {stack.url}/ after {time.monotonic() - began:.1f} s")
    return 0


def _settle(parsed: argparse.Namespace) -> int:
    settled = 0
    for difference in drift.settle(deployment(parsed)):
        print(f"set {difference.name} of {difference.where} to {difference.wanted}")
        settled += 1
    print(f"{settled} settings set" if settled else "all is as it should be")
    return 0


def _drift(parsed: argparse.Namespace) -> int:
    found = drift.find(deployment(parsed))
    for difference in found:
        print(difference)
    print(f"{len(found)} settings differ" if found else "all is as it should be")
    return 1 if found else 0


def _restore(parsed: argparse.Namespace) -> int:
    if parsed.stage == LOCAL:
        raise StackError("the local engine keeps no past: what can be restored is a stage in an AWS account")
    table = restore.restore(deployment(parsed), parsed.to, print)
    print(
        f"""Nothing uses it yet. What takes it into use (docs/operate/restore.md):
  1. "EventsTable": "{table}" in stages.{parsed.stage}.parameters of .chalice/config.json
  2. python -m stack deploy --stage {parsed.stage}
  3. python -m stack rebuild --stage {parsed.stage}"""
    )
    return 0


def _destroy(parsed: argparse.Namespace) -> int:
    if parsed.stage == LOCAL:
        raise StackError("the local engine's state lies in .local/: `make down`, then delete that directory")
    if parsed.data != parsed.yes_delete_all_data:
        raise StackError("the data is deleted by both --data and --yes-delete-all-data, or not at all")
    target = deployment(parsed)
    destroying.compute(target, print)
    if parsed.data:
        destroying.data(target, print)
    return 0


def _say(stack: str, changes: Iterable[Change]) -> None:
    lines = [f"  {change}" for change in changes]
    print(f"{stack}:" if lines else f"{stack}: nothing changes")
    for line in lines:
        print(line)
