"""Which errors another try can help."""

from __future__ import annotations

import pytest

from chalicelib.aws import errors
from chalicelib.aws.owned_collection import CollectionFull
from chalicelib.ledger.errors import EventTooLarge, LedgerUnavailable, VersionTaken
from chalicelib.todos.errors import Poison
from chalicelib.views.errors import PositionExpired


@pytest.mark.parametrize(
    "error", [EventTooLarge(70_000), Poison("not a record"), PositionExpired("old"), CollectionFull()]
)
def test_what_is_for_good_is_not_tried_again(error: Exception) -> None:
    assert not errors.is_transient(error)


@pytest.mark.parametrize("error", [LedgerUnavailable("throttled"), VersionTaken(), RuntimeError("unknown")])
def test_everything_else_is(error: Exception) -> None:
    assert errors.is_transient(error)
