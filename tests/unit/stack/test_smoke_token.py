"""A token that would expire during the smoke test is refused before anything is made with it."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest

from stack.errors import StackError
from stack.smoke.token import refuse_short_lived


def token(**claims: Any) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"header.{payload}.signature"


@pytest.mark.parametrize("left", [-5, 290])
def test_a_token_that_expires_during_the_run_is_refused(left: int) -> None:
    with pytest.raises(StackError, match=f"expires in {'0' if left < 0 else '2[89][0-9]'} s"):
        refuse_short_lived(token(exp=time.time() + left), 600)


@pytest.mark.parametrize(
    "taken",
    [token(exp=4_000_000_000), token(sub="a"), token(exp=None), "of-nobody", "a.b.c", "a.bm8.c", "a.\x80\x80.c"],
)
def test_others_are_taken(taken: str) -> None:
    refuse_short_lived(taken, 600)
