"""The examples of RFC 7396, appendix A, sent as a browser would: as patches of a todo's `metadata`.

Where an example's document is no object, it stands in `metadata` under a name, for the patch is recursive.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.client import MERGE_PATCH, Client, pointers
from tests.support.paths import DATA

APPENDIX_A = json.loads((DATA / "rfc7396-appendix-a.json").read_text())
OBJECTS = [vector for vector in APPENDIX_A if all(isinstance(vector[part], dict) for part in ("original", "result"))]


@pytest.mark.parametrize("vector", APPENDIX_A, ids=lambda vector: str(vector["n"]))
def test_a_document_within_metadata_is_patched_as_the_appendix_says(client: Client, vector: dict[str, Any]) -> None:
    todo = client.create(metadata={"document": vector["original"], "other": [1]})

    patched = client.patch(
        f"/todos/{todo['id']}", {"metadata": {"document": vector["patch"]}}, content_type=MERGE_PATCH
    )

    assert patched.status_code == 200, patched.text
    # A patch of null, which would make the whole document null, removes it where it has a name.
    document = {} if vector["patch"] is None else {"document": vector["result"]}
    assert patched.json()["metadata"] == {**document, "other": [1]}
    assert client.get(f"/todos/{todo['id']}").json() == patched.json()


@pytest.mark.parametrize("vector", OBJECTS, ids=lambda vector: str(vector["n"]))
def test_metadata_itself_is_patched_as_the_appendix_says(client: Client, vector: dict[str, Any]) -> None:
    todo = client.create(metadata=vector["original"])

    patched = client.patch(f"/todos/{todo['id']}", {"metadata": vector["patch"]}, content_type=MERGE_PATCH)

    assert patched.json()["metadata"] == vector["result"]


@pytest.mark.parametrize("result", [["c"], "bar"])
def test_metadata_that_a_patch_would_make_no_object_is_refused(client: Client, result: object) -> None:
    todo = client.create(metadata={"a": "foo"})

    assert pointers(client.patch(f"/todos/{todo['id']}", {"metadata": result})) == {"#/metadata"}
    assert client.get(f"/todos/{todo['id']}").json() == todo


def test_null_unsets_metadata(client: Client) -> None:
    todo = client.create(metadata={"a": "foo"})

    assert client.patch(f"/todos/{todo['id']}", {"metadata": None}).json()["metadata"] is None
