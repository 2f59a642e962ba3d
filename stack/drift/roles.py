"""What the functions may do, by their roles: compared with the hand-written policies and brought to them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from stack.deploy import policies
from stack.deploy.deployment import Deployment
from stack.deploy.references import References
from stack.deploy.stages import Function
from stack.drift import functions
from stack.drift.differences import Difference, compare


def differences(deployment: Deployment) -> Iterator[Difference]:
    """What of the functions' permissions is not what their policies say."""
    refer = functions.references(deployment)
    for function, role in _roles(deployment):
        yield from _compare(deployment, refer, function, role)


def settle(deployment: Deployment) -> Iterator[Difference]:
    """Leave each role its policy alone, as it is written; yields what differed."""
    iam, refer = deployment.client("iam"), functions.references(deployment)
    for function, role in _roles(deployment):
        found = list(_compare(deployment, refer, function, role))
        if found:
            kept = _policy_name(deployment, function, role)
            iam.put_role_policy(RoleName=role, PolicyName=kept, PolicyDocument=json.dumps(found[0].wanted[0]))
            for name in set(_inline(iam, role)) - {kept}:
                iam.delete_role_policy(RoleName=role, PolicyName=name)
            for arn in _attached(iam, role):
                iam.detach_role_policy(RoleName=role, PolicyArn=arn)
        yield from found


def _compare(deployment: Deployment, refer: References, function: Function, role: str) -> Iterator[Difference]:
    iam = deployment.client("iam")
    documents = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in _inline(iam, role)]
    wanted = refer.resolve(policies.document(deployment.stage, function))
    found = {"Policies": [*documents, *_attached(iam, role)]}
    yield from compare(f"role of {function.name}", {"Policies": [wanted]}, found)


def _roles(deployment: Deployment) -> Iterator[tuple[Function, str]]:
    for function, found in functions.deployed(deployment):
        if found is not None:
            yield function, found["Configuration"]["Role"].rpartition("/")[2]


def _policy_name(deployment: Deployment, function: Function, role: str) -> str:
    """What Chalice calls the policy: in its template by the role's logical id, in its own deployment as the role."""
    resource = function.role_resource
    return f"{resource}Policy" if resource in deployment.compute.resources() else role


def _inline(iam: Any, role: str) -> list[str]:
    pages = iam.get_paginator("list_role_policies").paginate(RoleName=role)
    return [name for page in pages for name in page["PolicyNames"]]


def _attached(iam: Any, role: str) -> list[str]:
    pages = iam.get_paginator("list_attached_role_policies").paginate(RoleName=role)
    return [policy["PolicyArn"] for page in pages for policy in page["AttachedPolicies"]]
