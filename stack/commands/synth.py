"""`python -m stack synth`: the compute stack's template."""

from __future__ import annotations

import shutil
from argparse import ArgumentParser, Namespace
from pathlib import Path

from stack.commands.arguments import add_stage
from stack.commands.command import Command


def add_arguments(parser: ArgumentParser) -> None:
    where = "write the template there, with the package that it refers to"
    parser.add_argument("--output", type=Path, metavar="DIRECTORY", help=where)
    add_stage(parser)


def run(parsed: Namespace) -> int:
    from stack.deploy.package import package
    from stack.deploy.stages import Stage

    made = package(Stage(parsed.stage).name)
    if parsed.output is None:
        print(made.template.read_text(), end="")
        return 0
    parsed.output.mkdir(parents=True, exist_ok=True)
    for file in (made.template, made.code):
        print(shutil.copy(file, parsed.output))
    return 0


COMMAND = Command("synth", "print the compute stack's template, Chalice's merged with ours", run, add_arguments)
