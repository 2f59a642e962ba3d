"""How long to wait before the same thing is tried again."""

from __future__ import annotations

import random
import time
from typing import Final

FIRST_SECONDS: Final = 0.025
CEILING_SECONDS: Final = 1.0


def back_off(attempt: int) -> None:
    """Wait a random part of a ceiling that doubles with each attempt, so that competitors fall out of step.

    This is the full jitter of the AWS Architecture Blog's "Exponential Backoff and Jitter".
    """
    ceiling = min(CEILING_SECONDS, FIRST_SECONDS * 2 ** (attempt - 1))
    time.sleep(random.uniform(0, ceiling))  # noqa: S311 - nothing to keep secret
