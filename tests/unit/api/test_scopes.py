"""The scopes of a token: a text (RFC 8693), or the same as an array; whatever else grants nothing."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.api.auth import scopes_in


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({}, ""),
        ({"scope": None}, ""),
        ({"scope": ""}, ""),
        ({"scope": "todos:read todos:write"}, "todos:read todos:write"),
        ({"scope": ["todos:read", "todos:write"]}, "todos:read todos:write"),
        ({"scope": []}, ""),
        ({"scope": ["todos:read todos:write"]}, None),
        ({"scope": ["todos:read", 7]}, None),
        ({"scope": [["todos:read"]]}, None),
        ({"scope": [""]}, None),
        ({"scope": {"todos:read": False}}, None),
        ({"scope": 7}, None),
        ({"scope": True}, None),
        ({"scope": "todos:read\ttodos:write"}, None),
        ({"scope": "todos:read\u2003todos:write"}, None),
    ],
)
def test_the_scopes_that_a_token_grants(claims: dict[str, Any], expected: str | None) -> None:
    assert scopes_in(claims) == expected
