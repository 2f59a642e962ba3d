"""SnapStart as a setting of a stage: in the template, and as SAM expands that."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from chalice.config import Config
from samtranslator.public.parser import Parser
from samtranslator.public.translator import Translator

from stack.deploy import package as packaging
from stack.deploy import snapstart, templates
from stack.deploy.package import copy_app, package
from stack.deploy.stages import Stage
from stack.drift import functions
from stack.errors import Misconfigured
from stack.settings import REPOSITORY

STAGE = "dev"
SNAPSHOTTED = {"APIHandler", "Mcp", "Authorize"}


def checkout_with(tmp_path: Path, *, has_snapstart: bool) -> Path:
    copy_app(REPOSITORY, tmp_path / "app")
    path = tmp_path / "app" / ".chalice" / "config.json"
    config = json.loads(path.read_text())
    config["stages"][STAGE]["snapstart"] = has_snapstart
    path.write_text(json.dumps(config))
    return tmp_path / "app"


def on_python(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr(Config, "lambda_python_version", property(lambda self: f"python{version}"))


@pytest.mark.parametrize(("version", "is_refused"), [("3.11", True), ("3.12", False), ("3.13", False)])
def test_a_runtime_without_it_is_refused(
    version: str, is_refused: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_python(monkeypatch, version)
    stage = Stage(STAGE, checkout_with(tmp_path, has_snapstart=True))
    if is_refused:
        with pytest.raises(Misconfigured, match=r"make PYTHON=python3\.12"):
            snapstart.check(stage)
    else:
        snapstart.check(stage)
    snapstart.check(Stage(STAGE))


def test_no_stage_has_it_unless_it_says_so(tmp_path: Path) -> None:
    for stage in (Stage(STAGE), Stage("prod"), Stage(STAGE, checkout_with(tmp_path, has_snapstart=False))):
        assert not stage.has_snapstart
        assert not [each for each in stage.functions() if snapstart.is_used(stage, each)]


@pytest.fixture(scope="module")
def packaged() -> dict[str, Any]:
    return templates.load(package(STAGE).template)


@pytest.mark.slow
def test_the_template_of_a_stage_without_it_has_none(packaged: dict[str, Any]) -> None:
    assert "SnapStart" not in json.dumps(packaged)
    assert ".Alias" not in json.dumps(packaged)


@pytest.mark.slow
def test_the_api_calls_published_versions_alone(
    packaged: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(STAGE, checkout_with(tmp_path, has_snapstart=True))
    written = tmp_path / "sam.yaml"
    shutil.copy2(package(STAGE).template, written)
    packaging._use_snapshots(stage, written)
    template = templates.load(written)
    body = json.dumps(template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"])
    before = json.dumps(packaged["Resources"]["RestAPI"]["Properties"]["DefinitionBody"])
    for name in SNAPSHOTTED:
        assert before.count(f"${{{name}.Arn}}") == body.count(f"${{{name}.Alias}}") > 0
        assert f"${{{name}.Arn}}" not in body

    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    made = _expanded(template)
    assert {name for name, each in made.items() if "SnapStart" in each["Properties"]} == SNAPSHOTTED
    for name in SNAPSHOTTED:
        alias = made[f"{name}Alias{snapstart.ALIAS}"]["Properties"]
        (version,) = alias["FunctionVersion"]["Fn::GetAtt"][:1]
        assert made[version]["Type"] == "AWS::Lambda::Version"
        assert made[version]["Properties"]["FunctionName"] == alias["FunctionName"] == {"Ref": name}
        permission = made[f"{name}InvokePermission"]["Properties"]
        assert permission["FunctionName"] == {"Ref": f"{name}Alias{snapstart.ALIAS}"}
    called = json.dumps(made["RestAPI"]["Properties"]["Body"])
    assert all(f"${{{name}Alias{snapstart.ALIAS}}}/invocations" in called for name in SNAPSHOTTED)
    assert not any(f"${{{name}.Arn}}" in called for name in SNAPSHOTTED)
    mappings = [each["Properties"] for each in made.values() if each["Type"] == "AWS::Lambda::EventSourceMapping"]
    assert mappings
    assert all(set(each["FunctionName"]) == {"Ref"} and "Alias" not in str(each["FunctionName"]) for each in mappings)


def _expanded(template: dict[str, Any]) -> dict[str, Any]:
    """The resources that SAM makes of a template."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/code.zip"
    made = Translator({}, Parser()).translate(template, {}, feature_toggle=None)
    resources: dict[str, Any] = made["Resources"]
    return resources


class Missing(Exception):
    """As botocore's ResourceNotFoundException."""


class Account:
    """Lambda and CloudWatch Logs with every function, of which an alias names a version with its own settings."""

    exceptions = SimpleNamespace(ResourceNotFoundException=Missing)

    def __init__(self, published: dict[str, Any] | None) -> None:
        self.published = published

    def get_function(self, FunctionName: str) -> dict[str, Any]:  # noqa: N803 - as botocore names it
        return {"Configuration": {"MemorySize": 1, "SnapStart": {"ApplyOn": "None"}}}

    def get_function_configuration(self, FunctionName: str, Qualifier: str) -> dict[str, Any]:  # noqa: N803
        assert Qualifier == snapstart.ALIAS
        if self.published is None:
            raise Missing
        return self.published

    def get_function_recursion_config(self, FunctionName: str) -> dict[str, Any]:  # noqa: N803
        return {"RecursiveLoop": "Terminate"}

    def get_paginator(self, operation: str) -> Any:
        result = SimpleNamespace(build_full_result=lambda: {"logGroups": []})
        return SimpleNamespace(paginate=lambda **_: result)


@pytest.mark.parametrize("published", [None, {"MemorySize": 2, "SnapStart": {"ApplyOn": "PublishedVersions"}}])
def test_drift_looks_at_the_version_that_requests_reach(
    published: dict[str, Any] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(STAGE, checkout_with(tmp_path, has_snapstart=True))
    names = {function.name: function.deployed_name for function in stage.functions()}
    monkeypatch.setattr(functions, "deployed_names", lambda deployment: names)
    monkeypatch.setattr(functions, "environments", lambda deployment: {name: {"A": "b"} for name in names})
    code = tmp_path / "code.zip"
    code.write_bytes(b"")
    account = Account(published)
    deployment: Any = SimpleNamespace(
        stage=stage, client=lambda service: account, package=lambda: SimpleNamespace(code=code)
    )
    found = {each.where.removeprefix("function "): each for each in functions.settings(deployment)}
    assert set(found) == set(names)
    for name, settings in found.items():
        differences = {each.name: (each.found, each.wanted) for each in settings.differences()}
        is_snapshotted = name in snapstart.FUNCTIONS
        has_alias = is_snapshotted and published is not None
        assert differences["MemorySize"][0] == (2 if has_alias else 1)
        # Only a deployment publishes another version.
        assert ("MemorySize" in settings.fixed) == ("Variables" in settings.fixed) == is_snapshotted
        assert differences.get("SnapStart") == (
            ("None", "PublishedVersions") if is_snapshotted and not has_alias else None
        )
