"""The changes of a change set in words, and which of them would lose data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

# Types of resources that hold the only copy of data or messages.
PRECIOUS: Final = ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SQS::Queue")

WORDS: Final = {"Add": "added", "Modify": "changed", "Remove": "removed", "Import": "imported"}
REPLACED: Final = {"True": "replaced", "Conditional": "perhaps replaced"}


@dataclass(frozen=True)
class Change:
    """One resource of a change set.

    Attributes
    ----------
    what : str
        added, changed, replaced, perhaps replaced, or removed.
    resource, kind : str
        Its logical id, and its CloudFormation type.
    properties : tuple of str
        The names of those that change.
    """

    what: str
    resource: str
    kind: str
    properties: tuple[str, ...] = ()

    @property
    def loses_data(self) -> bool:
        """Whether a table, a bucket or a queue would be replaced or removed, or could be."""
        return self.kind in PRECIOUS and self.what in ("replaced", "perhaps replaced", "removed")

    def __str__(self) -> str:
        why = f": {', '.join(self.properties)}" if self.properties else ""
        return f"{self.what:<8} {self.resource} ({self.kind}){why}"


def parse_change(described: dict[str, Any]) -> Change:
    """One entry of `Changes` in the answer to DescribeChangeSet."""
    found = described["ResourceChange"]
    targets = [detail.get("Target", {}) for detail in found.get("Details", [])]
    names = {target.get("Name") or target.get("Attribute", "") for target in targets}
    what = WORDS.get(found["Action"], "perhaps changed")
    if found["Action"] == "Modify":
        what = REPLACED.get(found.get("Replacement", ""), what)
    return Change(what, found["LogicalResourceId"], found["ResourceType"], tuple(sorted(names - {""})))
