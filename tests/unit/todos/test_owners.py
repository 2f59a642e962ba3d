"""An owner is a token's subject of bounded size, and none that the service itself uses."""

from __future__ import annotations

import pytest

from chalicelib.todos import ids
from chalicelib.todos.ids import Owner


@pytest.mark.parametrize("owner", ["a", "x" * 255, "é" * 127 + "x", "urn:other:loader", "a urn:todo-ledger:loader"])
def test_a_subject_of_at_most_255_bytes_is_an_owner(owner: str) -> None:
    assert ids.owner_error(owner) is None


@pytest.mark.parametrize(
    ("owner", "error"),
    [
        ("", "1 to 255 bytes"),
        ("x" * 256, "1 to 255 bytes"),
        ("é" * 128, "1 to 255 bytes"),
        ("a\ud800", "Unicode text"),
        ("urn:todo-ledger:", "the service's own"),
        ("URN:Todo-Ledger:loader", "the service's own"),
    ],
)
def test_another_is_refused_with_the_reason(owner: str, error: str) -> None:
    assert error in (ids.owner_error(owner) or "")


@pytest.mark.parametrize("owner", ["ann", "a#b/c", "100 %", "é", "\ud800"])
def test_an_owner_comes_back_from_its_partition(owner: str) -> None:
    partition = ids.partition_of(Owner(owner))

    assert "#" not in partition
    assert ids.owner_of(partition) == owner


def test_the_longest_owner_has_a_message_group_of_its_own() -> None:
    groups = {ids.group_of(ids.partition_of(Owner("é" * 126 + last))) for last in "abc"}

    assert len(groups) == 3
    assert max(map(len, groups)) <= 128
