"""The reference of the command lines names the commands and the options that the parsers have, and no others."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest

import loaders.cli
import stack.cli
from loaders.formats import formats
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "reference" / "cli.md").read_text()

Main = Callable[[Sequence[str] | None], int]


def help_of(main: Main, capsys: pytest.CaptureFixture[str], *command: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


def options_in(help_text: str) -> set[str]:
    """The options of a parser, but for those that every one has."""
    return set(re.findall(r"^  (?:-\w, )?(--[\w-]+)", help_text, re.MULTILINE)) - {"--help"}


def documented_in(section: str) -> set[str]:
    return set(re.findall(r"^- `(--[\w-]+)", section, re.MULTILINE))


def sections(page: str, level: str) -> dict[str, str]:
    """The text below each heading of a level, by the heading's code."""
    parts = re.split(rf"^{level} (?:`([^`]+)`|.*)$", page, flags=re.MULTILINE)
    return {name: text for name, text in zip(parts[1::2], parts[2::2], strict=True) if name}


PROGRAMS = sections(PAGE, "##")
STACK = PROGRAMS["python -m stack"]
COMMANDS = sections(STACK, "###")


def test_every_command_of_the_stack_has_a_section_and_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    listed = re.findall(r"^    ([\w-]+) ", help_of(stack.cli.main, capsys), re.MULTILINE)
    assert set(COMMANDS) == set(listed)
    assert documented_in(STACK.partition("\n###")[0]) == options_in(help_of(stack.cli.main, capsys))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_stack_has_the_documented_options(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert documented_in(COMMANDS[command]) == options_in(help_of(stack.cli.main, capsys, command))


def test_the_loader_has_the_documented_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert documented_in(PROGRAMS["python -m loaders"]) == options_in(help_of(loaders.cli.main, capsys))


def test_the_how_to_lists_every_format() -> None:
    page = (ROOT / "docs" / "how-to" / "loading.md").read_text()
    rows = page.partition("| Format |")[2].partition("\n\n")[0]
    listed = [name for row in rows.splitlines()[2:] for name in re.findall(r"`([\w.-]+)`", row.split("|")[1])]
    # Files of rejected rows are the loader's own.
    assert sorted(listed) == sorted(formats().keys() - {"rejected"})
    assert f"{len(listed)} formats" in (ROOT / "README.md").read_text()
