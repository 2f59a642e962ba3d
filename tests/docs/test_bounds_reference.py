"""The table of bounds states those of the code, and each of its rows leads to the test that counts."""

from __future__ import annotations

import re

import pytest

from bench.hostile.__main__ import MAX_GROWTH_BYTES
from chalicelib.api import bodies, filters, headers, pages, problems, request
from chalicelib.api.resources import batch, batch_commands
from chalicelib.commands import execute, next_occurrence
from chalicelib.ledger import ledger
from chalicelib.mcp import arguments, outputs, server
from chalicelib.todos import content, earlier_ids, events, fields, instants, representation, rule_days, rules, texts
from chalicelib.todos import zones as todo_zones
from chalicelib.views import projection
from loaders.formats import todo_txt
from loaders.reading import archive
from loaders.reading import input as reading
from loaders.rows import fields as row_fields
from loaders.rows import json_stream, records, spool, table
from loaders.rows.icalendar import lines as calendar_lines
from loaders.rows.icalendar import occurrences, zones
from tests.loaders.test_loaders_memory import MAX_MEGABYTES
from tests.support.paths import ROOT

PAGE = ROOT / "docs" / "reference" / "bounds.md"
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.read_text().splitlines()
    if line.startswith("| ") and not line.startswith(("| Input", "| What"))
]
TESTS = dict(re.findall(r"^\[(\w+)\]: (\.\./.+)$", PAGE.read_text(), re.MULTILINE))
KB, MB = 1024, 1024 * 1024


def longest_of(pattern: str) -> str:
    return str(re.findall(r"\d+", pattern)[-1])


# By the beginning of a row: the figures of its bound.
BOUNDS = {
    "a body": f"{bodies.MAX_BODY_BYTES // KB} KB",
    "a batch": f"{batch_commands.MAX_BODY_BYTES // MB} MB, {batch_commands.MAX_COMMANDS} commands",
    "the rules": f"{batch.MAX_WORK_OF_RULES:,} steps to their next dates",
    "arrays": f"{bodies.MAX_BRACKETS:,}",
    "nesting": f"{fields.MAX_NESTING} levels within a field",
    "errors": f"{content.MAX_ERRORS}, {problems.MAX_QUOTED} characters",
    "parameters": f"{request.MAX_PARAMETERS}",
    "a cursor": f"{pages.MAX_CURSOR_LENGTH:,} characters, signed",
    "`q`": f"{filters.MAX_SOUGHT_LENGTH}, {filters.MAX_TAG_LENGTH}, {fields.MAX_LIST_LENGTH} characters",
    # An operation's name has one character before those that the pattern counts.
    "`Idempotency-Key`": f"{longest_of(headers.IDEMPOTENCY_KEY)}, {1 + int(longest_of(headers.OPERATION_ID))}, "
    f"{longest_of(headers.REQUEST_ID)} visible ASCII",
    "a message": f"{server.MAX_BODY_BYTES // MB} MB, {server.MAX_NESTING} levels, {arguments.MAX_ITEMS} todos",
    "an answer": f"{outputs.MAX_BYTES // 1000} KB, {arguments.MAX_ROWS} rows; texts are cut to fit",
    "other headers": "what the gateway lets through: 10 KB",
    "conflicts": f"{batch.MAX_EVENTS_BYTES // KB} KB of events, once for each todo",
    "a conflict alone": f"{representation.MAX_EVENTS_BYTES // MB} MB of events, 100 or {pages.MAX_LIMIT} of them",
    "a text": f"{texts.LONGEST_DECOMPOSITION} × the bound of its field, in characters",
    "combining": f"{texts.MAX_MARKS} ",
    "an instant": f"{instants.MAX_LENGTH} characters, {instants.MAX_FRACTION_DIGITS} decimals of a second",
    "the name of a time zone": f"{todo_zones.MAX_LENGTH} characters, then the list of all names",
    "a rule": f"{rules.MAX_LENGTH} characters, {rule_days.MAX_WORK:,} steps",
    "the content": f"{events.MAX_CONTENT_BYTES:,} bytes",
    "todos after": f"{next_occurrence.MAX_LINKS}",
    "earlier completions": f"{next_occurrence.MAX_COMPLETIONS_BACK}, in {next_occurrence.MAX_EVENTS_BACK:,} events;"
    f" {earlier_ids.MAX_STEPS:,} steps",
    "newest events": f"{execute.REMEMBERED_STREAMS:,}, {execute.REMEMBERED_BYTES // 1_000_000} MB",
    "checks": f"{content._instant_error.cache_parameters()['maxsize']:,} of each, {fields.MAX_LIST_LENGTH} and"
    f" {instants.MAX_LENGTH} characters long",
    "zones of todos": f"{todo_zones._zone.cache_parameters()['maxsize']}, 400 KB together",
    "rules": f"{rules.parse.cache_parameters()['maxsize']}, {rules.MAX_LENGTH} characters long",
    "states": f"{projection._remembered_todo.cache_parameters()['maxsize']},"
    f" {projection.MAX_REMEMBERED_LENGTH:,} characters long",
    "a row": f"{reading.MAX_ROW_BYTES // MB} MB",
    "lines of a row": f"{records._MAX_ROW_LINES:,}",
    "a header": f"{table._MAX_HEADER_CHARACTERS // KB} KB",
    "members": f"{row_fields._MAX_MEMBERS:,}",
    "tasks": f"{json_stream.MAX_HELD // MB} MB",
    "a board": f"{spool.CACHE_KIB // KB} MB in memory, as a temporary file",
    "files of a ZIP": f"{archive.MAX_FILES:,}, {archive.MAX_DIRECTORY_BYTES // MB} MB of their names",
    "a ZIP from": f"{archive.MAX_COPIED_BYTES // 1024 // MB} GB, as a temporary file",
    "what a ZIP": f"{archive.MAX_UNPACKED_BYTES // 1024 // MB} GB, {archive.MAX_RATIO} times its size",
    "time zones": f"{zones.MAX_DEFINED:,}, {zones.MAX_DEFINITIONS_BYTES // MB} MB together",
    "a to-do": f"{calendar_lines.MAX_LINES:,} lines",
    "exceptions": f"{occurrences.MAX_EXCEPTIONS:,}",
    "part of": f"{ledger.MAX_TRANSACTION_ITEMS} events, {ledger.MAX_TRANSACTION_BYTES / 1_000_000} MB",
}


def test_every_row_is_known_here() -> None:
    assert [next(name for name in BOUNDS if row[0].startswith(name)) for row in ROWS] == list(BOUNDS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_states_the_bound_of_the_code(row: list[str]) -> None:
    expected = next(bound for name, bound in BOUNDS.items() if row[0].startswith(name))
    assert row[1].startswith(expected)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_leads_to_tests(row: list[str]) -> None:
    names = re.findall(r"\[(\w+)\]", row[-1])
    assert names
    for name in names:
        assert "def test_" in (PAGE.parent / TESTS[name]).resolve().read_text()


def test_the_others_that_it_states_are_those_of_the_code() -> None:
    page = PAGE.read_text()
    assert f"more than {MAX_GROWTH_BYTES // 1_000_000} MB after the warm-up" in page
    assert f"{MAX_MEGABYTES} MB for the whole process" in page
    assert table._MAX_HEADER_CHARACTERS == todo_txt._MAX_LINE_BYTES
