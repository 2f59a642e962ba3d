"""A local stack that only the tests of one folder use; the folder's conftest imports the fixture."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stack.local.local_stack import LocalStack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """The service, deployed on a private engine, without any todos."""
    with LocalStack(tmp_path_factory.mktemp("stack")) as stack:
        yield stack
