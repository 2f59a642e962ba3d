"""What `drift` counts as a difference between deployed and wanted settings."""

from __future__ import annotations

import pytest

from stack.drift.differences import SETS, Difference, compare


def test_only_what_is_wanted_is_compared() -> None:
    assert list(compare("queue", {"DelaySeconds": 0}, {"DelaySeconds": 0, "KmsKey": "x"})) == []
    assert list(compare("queue", {"DelaySeconds": 0}, {})) == [Difference("queue", "DelaySeconds", 0, None)]


@pytest.mark.parametrize("name", SETS)
def test_the_order_in_which_aws_tells_a_set_does_not_matter(name: str) -> None:
    one, other = {"Name": "a", "Value": 1}, {"Name": "b", "Value": 2}
    assert list(compare("it", {name: [one, other]}, {name: [dict(reversed(other.items())), one]})) == []
    assert len(list(compare("it", {name: [one, other]}, {name: [one]}))) == 1
    assert len(list(compare("it", {name: [one, other]}, {name: [one, {**other, "Value": 3}]}))) == 1


def test_the_order_of_a_list_matters() -> None:
    keys = [{"AttributeName": "owner", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
    assert list(compare("table", {"KeySchema": keys}, {"KeySchema": keys[::-1]}))


def test_a_difference_is_printed_in_a_line() -> None:
    said = str(Difference("function project", "Timeout", 60, None))
    assert said == "function project: Timeout is missing, and should be 60"
    assert len(str(Difference("role", "Policies", [], "long " * 1000))) < 300
