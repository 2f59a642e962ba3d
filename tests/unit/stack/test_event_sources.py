"""The event source mappings of a function that is not deployed."""

from __future__ import annotations

import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from stack.deploy import event_sources


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "InvalidParameterValueException"])
def test_a_function_that_does_not_exist_has_none(code: str) -> None:
    assert mappings_after(code) == []


def test_other_errors_are_raised() -> None:
    with pytest.raises(ClientError, match="AccessDeniedException"):
        mappings_after("AccessDeniedException")


def mappings_after(code: str) -> list[dict[str, object]]:
    """What is found when Lambda answers with an error."""
    client = botocore.session.get_session().create_client(
        "lambda", "eu-central-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    with Stubber(client) as stubber:
        stubber.add_client_error("list_event_source_mappings", code)
        return event_sources.of_function(client, "todo-ledger-dev-project")
