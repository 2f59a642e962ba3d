"""The one client for SQS."""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.session


@cache
def sqs() -> Any:
    """A botocore client for SQS, made when the first message goes out: most processes never send one."""
    return botocore.session.get_session().create_client("sqs")
