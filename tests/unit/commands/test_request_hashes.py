"""What a key covers: operation, todo and body, however the body is written, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.commands.execute import request_hash


def test_the_request_of_names_and_the_spaces_of_a_body_mean_nothing() -> None:
    assert request_hash("patch", "id", {"a": 1, "b": {"c": 2, "d": 3}}) == request_hash(
        "patch", "id", {"b": {"d": 3, "c": 2}, "a": 1}
    )


@pytest.mark.parametrize(
    ("operation", "todo_id", "body"),
    [
        ("put", "id", {"a": 1}), ("patch", "other", {"a": 1}), ("patch", "id", {"a": 2}), ("patch", "id", {"a": True}),
        ("patch", "id", {"a": "1"}), ("patch", "id", {}), ("patch", "id", None), ("patch", "id", [{"a": 1}]),
    ],
)  # fmt: skip
def test_another_request_has_another_hash(operation: str, todo_id: str, body: Any) -> None:
    assert request_hash(operation, todo_id, body) != request_hash("patch", "id", {"a": 1})


def test_operation_and_id_cannot_run_into_each_other() -> None:
    assert request_hash("a", "bc", None) != request_hash("ab", "c", None)


def test_a_hash_never_changes() -> None:
    """It is stored: another hash of the same request would refuse its repeat."""
    assert request_hash("patch", "id", {"title": "é"}) == (
        "c4ef27f1ab2fbd0bb5ed4f00375c5341416d66377434d1860f1092e498476e5f"
    )


def test_any_json_has_a_hash() -> None:
    """A body is hashed before it is validated, so one with a lone surrogate must come as far as its refusal."""
    assert len(request_hash("patch", "id", {"title": "\ud800"})) == 64
