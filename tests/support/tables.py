"""The tables of a stage as requests of CreateTable, for tests and benchmarks that make tables of their own."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from chalicelib.views import schema
from stack.deploy.stages import Stage
from stack.settings import LOCAL

# What CreateTable takes of a table's properties in CloudFormation.
PARTS: Final = ("BillingMode", "AttributeDefinitions", "KeySchema", "LocalSecondaryIndexes", "GlobalSecondaryIndexes")


def definition(resource: str, name: str, *, has_stream: bool = False) -> dict[str, Any]:
    """The table that the data stack names `resource`, under another name."""
    stated = _resources()[resource]["Properties"]
    stream = {"StreamSpecification": stated["StreamSpecification"] | {"StreamEnabled": True}} if has_stream else {}
    return {"TableName": name, **{part: stated[part] for part in PARTS if part in stated}, **stream}


def pointer_to(reader: str, *tables: str) -> dict[str, Any]:
    """The item of the settings table by which one views table is read, and these (by default that one) are written."""
    written = [{"S": table} for table in tables or (reader,)]
    return {**schema.POINTER_KEY, "reader": {"S": reader}, "tables": {"L": written}}


@cache
def _resources() -> dict[str, Any]:
    found: dict[str, Any] = Stage(LOCAL).data_template["Resources"]
    return found
