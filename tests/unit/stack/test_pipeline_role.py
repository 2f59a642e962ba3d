"""The role by which a pipeline deploys (.chalice/pipeline.yaml): enough for its commands, and no more than intended."""

from __future__ import annotations

import ast
import fnmatch
import json
import re
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from stack.deploy import templates
from tests.support.paths import ROOT

TEMPLATE = templates.load(ROOT / ".chalice" / "pipeline.yaml")
ROLE = TEMPLATE["Resources"]["Role"]["Properties"]
STAGE, ACCOUNT = "stage-of-20-characte", "123456789012"
# Where the commands of the pipeline call AWS, and the services that they call.
PARTS = ("stack/deploy", "stack/drift", "stack/smoke", "chalicelib/audit")
# By their names in botocore; those that IAM calls otherwise.
SERVICES = {
    "apigateway": "apigateway", "cloudformation": "cloudformation", "cloudwatch": "cloudwatch", "dynamodb": "dynamodb",
    "events": "events", "iam": "iam", "lambda": "lambda", "logs": "logs", "s3": "s3", "service-quotas": "servicequotas",
    "sns": "sns", "sqs": "sqs", "stepfunctions": "states", "sts": "sts",
}  # fmt: skip
ACTIONS = {"s3:HeadBucket": "s3:ListBucket", "s3:ListObjectVersions": "s3:ListBucketVersions"} | {
    f"s3:{method}Bucket{setting}": f"s3:{method}{action}"
    for method in ("Get", "Put")
    for setting, action in (
        ("Encryption", "EncryptionConfiguration"), ("LifecycleConfiguration", "LifecycleConfiguration"),
    )
} | {"s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock"}  # fmt: skip
# `destroy --data`, which only a person may run.
DELETE_DATA = {"dynamodb:DeleteTable", "s3:DeleteBucket", "s3:DeleteObject"}
# What CloudFormation itself reads of tables, logs and the bucket that it makes or takes over: the permissions of its
# types' handlers (`aws cloudformation describe-type`), beyond what the commands call.
READ_BY_HANDLERS = {
    "dynamodb:DescribeContributorInsights", "dynamodb:DescribeKinesisStreamingDestination",
    "dynamodb:GetResourcePolicy", "dynamodb:ListTagsOfResource", "logs:DescribeIndexPolicies",
    "logs:DescribeResourcePolicies", "logs:GetDataProtectionPolicy", "logs:ListTagsForResource",
    "s3:GetAccelerateConfiguration", "s3:GetAnalyticsConfiguration", "s3:GetIntelligentTieringConfiguration",
    "s3:GetInventoryConfiguration", "s3:GetMetricsConfiguration", "s3:GetReplicationConfiguration",
    "s3:ListTagsForResource",
}  # fmt: skip
MAX_POLICY = 6144


def statements() -> list[dict[str, Any]]:
    found = (TEMPLATE["Resources"][policy["Ref"]] for policy in ROLE["ManagedPolicyArns"])
    return [each for policy in found for each in policy["Properties"]["PolicyDocument"]["Statement"]]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


ALLOWED = [action for statement in statements() for action in listed(statement["Action"])]


def operations() -> dict[str, set[str]]:
    """IAM's actions by the names of botocore's methods."""
    session, found = botocore.session.get_session(), dict[str, set[str]]()
    for service, prefix in SERVICES.items():
        for operation in session.get_service_model(service).operation_names:
            action = f"{prefix}:{operation}"
            found.setdefault(xform_name(operation), set()).add(ACTIONS.get(action, action))
    return found


def called() -> Iterator[str]:
    """The methods of clients that the commands' code names: called, handed on, or named for a paginator."""
    for part in PARTS:
        for path in sorted((ROOT / part).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Attribute):
                    yield node.attr
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def test_what_the_commands_call_is_allowed() -> None:
    known = operations()
    calls = {name: known[name] for name in called() if name in known}
    assert len(calls) > 50
    refused = {
        name: actions
        for name, actions in calls.items()
        if not any(map(is_allowed, actions)) | bool(actions & DELETE_DATA)
    }
    assert refused == {}


def test_cloudformation_reads_what_it_makes_and_takes_over() -> None:
    assert [action for action in sorted(READ_BY_HANDLERS) if not is_allowed(action)] == []


def is_allowed(action: str) -> bool:
    # API Gateway's actions are the methods of HTTP.
    return action.startswith("apigateway:") or any(fnmatch.fnmatchcase(action, each) for each in ALLOWED)


def test_only_a_job_in_the_stages_environment_may_take_the_role() -> None:
    (statement,) = ROLE["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": {"Fn::Sub": "repo:${Repository}:environment:${Stage}"},
        }
    }


@pytest.mark.parametrize(
    ("repository", "is_accepted"),
    [
        ("example/todo-ledger", True),
        ("example@123/todo-ledger@456", True),
        ("example/*", False),
        ("example/todo-ledger:ref:refs/heads/x", False),
        ("example", False),
    ],
)
def test_the_role_trusts_one_repository(repository: str, is_accepted: bool) -> None:
    pattern = TEMPLATE["Parameters"]["Repository"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, repository)) is is_accepted


def test_it_deletes_no_data_and_attaches_no_policy_of_others() -> None:
    forbidden = {
        *DELETE_DATA,
        "dynamodb:DeleteItem",
        "dynamodb:UpdateItem",
        "iam:AttachRolePolicy",
        "iam:CreateUser",
        "sts:AssumeRole",
    }
    assert [action for action in forbidden if is_allowed(action)] == []
    assert [action for action in ALLOWED if action.endswith(":*") or action == "*"] == []


def test_it_may_not_change_itself() -> None:
    name = ROLE["RoleName"]["Fn::Sub"]
    roles = {
        resource["Fn::Sub"].partition(":role/")[2]
        for statement in statements()
        if any(action.startswith("iam:") for action in listed(statement["Action"]))
        for resource in listed(statement["Resource"])
    }
    assert roles == {"todo-ledger-${Stage}-*"}
    assert not name.startswith("todo-ledger-")


def test_roles_are_passed_to_lambda_and_to_the_state_machine_only() -> None:
    (statement,) = (each for each in statements() if "iam:PassRole" in listed(each["Action"]))
    assert statement["Condition"] == {
        "StringEquals": {"iam:PassedToService": ["lambda.amazonaws.com", "states.amazonaws.com"]}
    }


def test_every_action_is_of_a_resource_of_the_stage_or_says_why_not() -> None:
    anywhere = {
        action
        for statement in statements()
        if statement["Resource"] == "*" and "Condition" not in statement
        for action in listed(statement["Action"])
    }
    assert anywhere == {
        "apigateway:GET", "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricStatistics", "dynamodb:ListTables",
        "events:ListRuleNamesByTarget", "lambda:GetAccountSettings", "lambda:GetEventSourceMapping",
        "lambda:ListEventSourceMappings", "lambda:ListTags", "logs:DescribeIndexPolicies", "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies", "servicequotas:ListServiceQuotas", "states:ValidateStateMachineDefinition",
        "sts:GetCallerIdentity",
    }  # fmt: skip


@pytest.mark.parametrize("policy", ["Stacks", "Resources"])
def test_iam_accepts_the_size_of_a_policy(policy: str) -> None:
    document = json.dumps(TEMPLATE["Resources"][policy]["Properties"]["PolicyDocument"], separators=(",", ":"))
    filled = re.sub(r'\{"Fn::Sub":("[^"]*")\}', r"\1", document)
    values = {
        "AWS::Partition": "aws-us-gov",
        "AWS::Region": "ap-southeast-1",
        "AWS::AccountId": ACCOUNT,
        "Stage": STAGE,
    }
    for name, value in values.items():
        filled = filled.replace(f"${{{name}}}", value)
    assert "Fn::" not in filled
    assert len(filled) <= MAX_POLICY
