"""`python -m stack deploy`: deploy a stage."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from stack.commands.arguments import add_stage
from stack.commands.changes import print_changes
from stack.commands.command import Command
from stack.commands.diff import print_diff
from stack.settings import LOCAL


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--only-data", action="store_true", help="leave the compute stack to `chalice deploy`")
    dry_run = "only let CloudFormation judge the templates, print what would change, and discard the change sets"
    parser.add_argument("--dry-run", action="store_true", help=dry_run)
    add_stage(parser)


def run(parsed: Namespace) -> int:
    from stack.commands import targets
    from stack.deploy import functions

    if parsed.dry_run:
        target = targets.deployment(parsed)
        print_diff(target, only_data=parsed.only_data)
        for key in target.artifacts.uploaded:
            print(f"uploaded and not used: s3://{target.artifacts.bucket}/{key}")
        return 0
    if parsed.stage == LOCAL:
        stack = targets.local_stack(parsed)
        stack.check_running()
        stack.start()
        print(f"up to date at {stack.url}/")
        return 0
    target = targets.deployment(parsed)
    if not parsed.only_data:
        # What is missing, in the way, or more than the account has, is reported before the data stack is deployed.
        functions.check(target)
    print_changes(target.stage.data_stack, target.deploy_data(print))
    if not parsed.only_data:
        print_changes(target.stage.compute_stack, target.deploy_compute())
    print_changes(target.stage.watch_stack, target.deploy_watch())
    if reason := target.need_of_rebuild():
        print(
            f"the views table {reason}: once the functions are deployed, make the views again with "
            f"`python -m stack rebuild --stage {parsed.stage}`"
        )
    if warning := target.concurrency.warning():
        print(warning)
    if not parsed.only_data:
        print(f"the API answers at {target.compute.outputs()['EndpointURL']}")
    return 0


COMMAND = Command("deploy", "deploy the app as it is now: data, compute, alarms and dashboard", run, add_arguments)
