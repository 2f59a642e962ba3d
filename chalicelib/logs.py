"""One structured line for each thing handled: JSON on standard output, which Lambda hands to CloudWatch Logs."""

from __future__ import annotations

import json
import sys
from typing import Any


def write(message: str, **fields: Any) -> None:
    """Log a line. Neither tokens nor what todos say belong into `fields`."""
    sys.stdout.write(json.dumps({"message": message, **fields}) + "\n")
    sys.stdout.flush()
