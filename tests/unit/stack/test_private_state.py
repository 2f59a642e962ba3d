"""Only this user can read the state of a local stack, also what an older version left behind."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.errors import StackError
from stack.local.issuer import Issuer
from stack.local.state import State, make_private, open_private, restrict, write_json


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def generous() -> Iterator[None]:
    """Files that this process makes may be read by all, unless the code says otherwise."""
    before = os.umask(0o000)
    yield
    os.umask(before)


def test_what_is_new_is_readable_by_this_user_only(tmp_path: Path) -> None:
    state = State(tmp_path / "outer" / "state")
    with state.locked():
        write_json(state.engine_record, {"token": "secret"})
    _ = Issuer(state.issuer_key).private_key
    with open_private(state.log) as log:
        log.write(b"line\n")
    assert mode(state.directory) == 0o700
    for file in (state.engine_record, state.issuer_key, state.log, state.directory / "lock"):
        assert mode(file) == 0o600, file


def test_a_record_that_is_replaced_becomes_private(tmp_path: Path) -> None:
    record = tmp_path / "engine.json"
    record.write_text("{}")
    write_json(record, {"token": "secret"})
    assert mode(record) == 0o600


def test_what_an_older_version_left_is_made_private(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    tables = state.engine_data / "state"
    tables.mkdir(parents=True)
    (tables / "dynamodb.json").write_text("todos and secrets of webhooks")
    state.engine_record.write_text("{}")
    state.issuer_key.write_text("key")
    restrict(state)
    assert {mode(path) for path in (state.directory, state.engine_data, tables)} == {0o700}
    assert {mode(path) for path in (tables / "dynamodb.json", state.engine_record, state.issuer_key)} == {0o600}


def test_what_links_lead_to_is_left_alone(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    state.engine_data.mkdir(parents=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("of another program")
    (state.directory / "link").symlink_to(elsewhere)
    (state.engine_data / "link").symlink_to(elsewhere)
    restrict(state)
    assert mode(elsewhere) == 0o666


def test_a_directory_for_all_users_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    with pytest.raises(StackError, match="shared by all users"):
        make_private(tmp_path)
    assert mode(tmp_path) == 0o1777
