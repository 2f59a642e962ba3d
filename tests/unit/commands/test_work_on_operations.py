"""Work of the queue that never ended does not keep its operation from being undone for ever."""

from __future__ import annotations

import uuid

import pytest
import uuid_utils

from chalicelib.commands import operations

HOUR = 3600 * 1000


def begun(milliseconds_ago: int) -> str:
    """The id of work that was asked for so long ago."""
    now = int(str(uuid_utils.uuid7()).replace("-", "")[:12], 16)
    return str(uuid.UUID(f"{now - milliseconds_ago:012x}7{'0' * 19}"))


@pytest.mark.parametrize(
    ("work", "is_worked_on"),
    [([], False), ([0], True), ([23 * HOUR], True), ([25 * HOUR], False), ([25 * HOUR, HOUR], True)],
)
def test_work_that_began_a_day_ago_is_given_up(work: list[int], is_worked_on: bool) -> None:
    item = {"working": {"SS": [begun(ago) for ago in work]}} if work else {}

    assert operations.is_worked_on(item) == is_worked_on
