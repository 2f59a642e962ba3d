"""The functions' roles, as IAM has them, and the hand-written policies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from stack.deploy import policies
from stack.deploy.deployment import Deployment
from stack.deploy.functions import references
from stack.deploy.stages import Function
from stack.drift.differences import Difference, Settings
from stack.drift.functions import deployed


def settings(deployment: Deployment) -> Iterator[Settings]:
    """The policies of each deployed function's role: one document is wanted, and nothing beside it."""
    iam, refer = deployment.client("iam"), references(deployment)
    for function, answer in deployed(deployment):
        if answer is None:
            continue
        role = answer["Configuration"]["Role"].rpartition("/")[2]
        wanted = refer.resolve(policies.document(deployment.stage, function))
        inline = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in _inline(iam, role)]
        put = partial(_put, iam, role, _policy_name(deployment, function, role))
        found = [*inline, *_attached(iam, role)]
        yield Settings(f"role of {function.name}", {"Policies": [wanted]}, {"Policies": found}, put)


def _put(iam: Any, role: str, kept: str, differences: list[Difference]) -> None:
    """Leave the role only the wanted policy, under the name `kept`."""
    (difference,) = differences
    iam.put_role_policy(RoleName=role, PolicyName=kept, PolicyDocument=json.dumps(difference.wanted[0]))
    for name in set(_inline(iam, role)) - {kept}:
        iam.delete_role_policy(RoleName=role, PolicyName=name)
    for arn in _attached(iam, role):
        iam.detach_role_policy(RoleName=role, PolicyArn=arn)


def _policy_name(deployment: Deployment, function: Function, role: str) -> str:
    """Chalice's name of the policy: in its template from the role's logical id, in its own deployment the role's."""
    resource = function.role_resource
    return f"{resource}Policy" if resource in deployment.compute.resources() else role


def _inline(iam: Any, role: str) -> list[str]:
    pages = iam.get_paginator("list_role_policies").paginate(RoleName=role)
    return [name for page in pages for name in page["PolicyNames"]]


def _attached(iam: Any, role: str) -> list[str]:
    pages = iam.get_paginator("list_attached_role_policies").paginate(RoleName=role)
    return [policy["PolicyArn"] for page in pages for policy in page["AttachedPolicies"]]
