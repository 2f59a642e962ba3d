"""Given a request: what the helpers of the HTTP side are asked about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.api.media_types import JSON
from chalicelib.api.problems import Problem, problem_of
from chalicelib.api.request import Request
from chalicelib.todos.ids import Owner


def a_request(
    *,
    owner: str = "me",
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, list[str]] | None = None,
    body: bytes = b"",
    route: str = "/todos",
    path: Mapping[str, str] | None = None,
) -> Request:
    return Request(
        owner=Owner(owner),
        actor=owner,
        client=None,
        method="GET",
        route=route,
        path=path or {},
        query=query or {},
        headers=headers or {},
        body=body,
        media_type=JSON,
        base_url="https://api.example/v1",
        request_id="request",
        address_path="/local/todos",
    )


class Refused:
    """The problem document that what runs inside ends in."""

    problem: Problem

    def __enter__(self) -> Refused:
        self._raises = pytest.raises(Exception)  # noqa: PT011 - whatever it is, the caller sees what problem_of makes of it
        self._raised = self._raises.__enter__()
        return self

    def __exit__(self, *error: Any) -> bool:
        suppressed = bool(self._raises.__exit__(*error))
        self.problem = problem_of(self._raised.value)
        return suppressed

    @property
    def status(self) -> int:
        return self.problem.status

    @property
    def errors(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = self.problem.members["errors"]
        return found
