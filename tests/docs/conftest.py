"""A local stack of these tests' own: the documents' commands use all of it, as somebody does who reads them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stack.local.local_stack import LocalStack
from stack.local.samples import load_into
from tests.support.own_stack import private_stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """The service, deployed on a private engine that keeps what it has when a page stops it, with the sample todos."""
    with private_stack(tmp_path_factory.mktemp("stack"), persist=True) as stack:
        load_into(stack)
        yield stack
