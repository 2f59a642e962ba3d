"""CloudFormation templates: read as YAML (by libyaml, ten times as fast, if PyYAML was built with it), sent as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from stack.deploy.references import References

# The properties that name the types of resources which outlive their stack.
NAMES: Final = ("TableName", "BucketName", "LogGroupName")

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load(path: Path) -> dict[str, Any]:
    """Read a template."""
    template: dict[str, Any] = yaml.load(path.read_text(), Loader=_LOADER)  # noqa: S506 - a safe loader, whichever it is
    return template


def dump(template: dict[str, Any]) -> str:
    """A template as CloudFormation takes it.

    Chalice's YAML has aliases for what occurs more than once, which CloudFormation rejects ("YAML aliases are not
    allowed in CloudFormation templates").
    """
    return json.dumps(template, separators=(",", ":"))


def retained(template: dict[str, Any], names: References) -> Iterator[tuple[str, str]]:
    """What outlives its stack: the property that names it, and its name (``TableName``, ``todo-ledger-dev-events``)."""
    for resource in template["Resources"].values():
        if "DeletionPolicy" in resource:
            for key, value in resource["Properties"].items():
                if key in NAMES:
                    yield key, names.resolve(value)


def with_literal_names(template: dict[str, Any], names: References) -> dict[str, Any]:
    """The template with the names of what outlives its stack resolved: CloudFormation imports only literal names."""

    def literal(resource: dict[str, Any]) -> dict[str, Any]:
        if "DeletionPolicy" not in resource:
            return resource
        properties = resource["Properties"]
        named = {key: names.resolve(properties[key]) for key in NAMES if key in properties}
        return {**resource, "Properties": {**properties, **named}}

    return {**template, "Resources": {name: literal(one) for name, one in template["Resources"].items()}}
