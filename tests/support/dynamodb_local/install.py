"""Install DynamoDB Local in the virtual environment: `python -m tests.support.dynamodb_local.install`.

An npm package of AWS has it inside. The lock leaves that package's own dependencies out: they start it, as we do.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from stack.deploy import npm

INSTALLED: Final = Path(sys.prefix, "dynamodb-local")
PROGRAM: Final = INSTALLED / "node_modules" / "amplify-dynamodb-simulator" / "emulator"

if __name__ == "__main__":
    sys.exit(npm.install(Path(__file__).parent, INSTALLED))
