"""How long a token lives: with one that expires during the run, neither the checks nor the clean-up can end."""

from __future__ import annotations

import base64
import json
import time

from stack.errors import StackError


def refuse_short_lived(token: str, seconds: float) -> None:
    """Refuse a token that expires within `seconds`. One that does not say when it expires is taken.

    Raises
    ------
    StackError
    """
    left = _seconds_left(token)
    if left is not None and left < seconds:
        raise StackError(f"the token expires in {max(left, 0):.0f} s; the run needs one that lives for {seconds:.0f} s")


def _seconds_left(token: str) -> float | None:
    """For how long a JSON Web Token is valid yet (its `exp`, RFC 7519); None if it is not one, or has none."""
    try:
        _, claims, _ = token.split(".")
        padded = claims + "=" * (-len(claims) % 4)
        return float(json.loads(base64.urlsafe_b64decode(padded))["exp"]) - time.time()
    except (ValueError, KeyError, TypeError):
        return None
