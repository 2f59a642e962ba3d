"""A client for SNS that publishes batches, in AWS's query protocol: a form that is answered in XML.

https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode
from xml.etree import ElementTree

from chalicelib.aws.errors import NoAnswer, Refusal
from chalicelib.aws.thin import tracing
from chalicelib.aws.thin.client import FIRST_ERROR_STATUS
from chalicelib.aws.thin.http import Response
from chalicelib.aws.thin.origin import Origin
from chalicelib.aws.thin.sender import Sender

CONTENT_TYPE: Final = "application/x-www-form-urlencoded; charset=utf-8"
_VERSION: Final = "2010-03-31"
_OPERATION: Final = "PublishBatch"
# Nothing in an answer needs a document type, and entities are declared in one.
_DOCUMENT_TYPE: Final = re.compile(rb"<!DOCTYPE", re.IGNORECASE)


class ThinTopic:
    """Safe to share between threads. It sends each request once.

    Attributes
    ----------
    sender : Sender
    """

    def __init__(self, origin: Origin) -> None:
        self.sender = Sender(origin, CONTENT_TYPE)

    def publish_batch(
        self,
        *,
        TopicArn: str,  # noqa: N803 - as botocore names it
        PublishBatchRequestEntries: Sequence[Mapping[str, Any]],  # noqa: N803
    ) -> dict[str, Any]:
        """Publish up to ten messages; which arrived (``Successful``) and which did not (``Failed``), by their ``Id``.

        Raises
        ------
        Refusal, NoAnswer
        """
        form = [("Action", _OPERATION), ("Version", _VERSION), ("TopicArn", TopicArn)]
        for number, entry in enumerate(PublishBatchRequestEntries, start=1):
            prefix = f"PublishBatchRequestEntries.member.{number}"
            form += ((f"{prefix}.{name}", value) for name, value in _fields(entry))
        with tracing.subsegment("SNS", _OPERATION, {}):
            return _answer_of(self.sender.post(urlencode(form).encode()))


def _fields(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The fields of a message, by their names within it."""
    for name, value in entry.items():
        if name != "MessageAttributes":
            yield name, value
    for number, (name, value) in enumerate(entry.get("MessageAttributes", {}).items(), start=1):
        prefix = f"MessageAttributes.entry.{number}"
        yield f"{prefix}.Name", name
        for part, content in value.items():
            yield f"{prefix}.Value.{part}", content


def _answer_of(response: Response) -> dict[str, Any]:
    root = _xml(response.body)
    if response.status >= FIRST_ERROR_STATUS:
        found = None if root is None else root.find("{*}Error")
        error = {} if found is None else _members(found)
        stated = {"Code": error.get("Code", str(response.status)), "Message": error.get("Message", "")}
        raise Refusal({"Error": stated, "ResponseMetadata": {"HTTPStatusCode": response.status}}, _OPERATION)
    result = None if root is None else root.find("{*}PublishBatchResult")
    if result is None:
        raise NoAnswer(f"{_OPERATION}: the answer is not what it should be")
    return {
        name: [_members(each) for each in result.iterfind(f"{{*}}{name}/{{*}}member")]
        for name in ("Successful", "Failed")
    }


def _xml(body: bytes) -> ElementTree.Element | None:
    if _DOCUMENT_TYPE.search(body):
        return None
    try:
        return ElementTree.fromstring(body)  # noqa: S314 - from AWS, and without entities
    except ElementTree.ParseError:
        return None


def _members(element: ElementTree.Element) -> dict[str, str]:
    """The texts within an element, by their names."""
    return {each.tag.rpartition("}")[2]: each.text or "" for each in element}
