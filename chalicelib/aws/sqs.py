"""The one client for SQS."""

from __future__ import annotations

from typing import Any

import botocore.session

from chalicelib.aws.memory import remembered


@remembered
def sqs() -> Any:
    """A botocore client for SQS, made when the first message goes out: most processes never send one."""
    return botocore.session.get_session().create_client("sqs")
