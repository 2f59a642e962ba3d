"""The outputs that the data stack will have, so that CloudFormation can judge what refers to them before it exists."""

from __future__ import annotations

from typing import Any, Final

from stack.deploy.references import References

# By type and attribute ("Ref", or that of Fn::GetAtt); the name is the resource's own. A stream's ARN ends with the
# time at which it was made, which nobody knows before.
_VALUES: Final = {
    ("AWS::DynamoDB::Table", "Ref"): "${Name}",
    ("AWS::DynamoDB::Table", "StreamArn"): (
        "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${Name}/stream/2000-01-01T00:00:00.000"
    ),
    ("AWS::SQS::Queue", "Ref"): "https://sqs.${AWS::Region}.${AWS::URLSuffix}/${AWS::AccountId}/${Name}",
    ("AWS::SQS::Queue", "Arn"): "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${Name}",
    ("AWS::SNS::Topic", "Ref"): "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:${Name}",
    ("AWS::S3::Bucket", "Ref"): "${Name}",
    ("AWS::S3::Bucket", "Arn"): "arn:${AWS::Partition}:s3:::${Name}",
}
_NAMES: Final = ("TableName", "QueueName", "TopicName", "BucketName")


def outputs(template: dict[str, Any], values: dict[str, str]) -> dict[str, str]:
    """The values of a template's outputs by their keys.

    Parameters
    ----------
    template : dict
        The data stack's.
    values : dict of str to str
        Its ``Stage``, and CloudFormation's pseudo parameters.
    """
    return {key: _value(output["Value"], template["Resources"], values) for key, output in template["Outputs"].items()}


def _value(node: dict[str, Any], resources: dict[str, Any], values: dict[str, str]) -> str:
    name, attribute = (node["Ref"], "Ref") if "Ref" in node else node["Fn::GetAtt"]
    resource = resources[name]
    (own,) = (resource["Properties"][key] for key in _NAMES if key in resource["Properties"])
    named = {**values, "Name": References(values, {}).resolve(own)}
    resolved: str = References(named, {}).resolve({"Fn::Sub": _VALUES[resource["Type"], attribute]})
    return resolved


def without_imports(node: Any, references: References) -> Any:
    """The same structure with every ``Fn::ImportValue`` replaced by the value of that export."""
    match node:
        case {"Fn::ImportValue": _}:
            return references.resolve(node)
        case dict():
            return {key: without_imports(value, references) for key, value in node.items()}
        case list():
            return [without_imports(value, references) for value in node]
        case _:
            return node
