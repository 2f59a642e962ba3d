"""The bucket for templates and packages is used only if it belongs to the account, and what lies there never is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from stack.aws import LocalEndpoint, expect_owner, local_client
from stack.deploy.artifacts import MAX_INLINE_BYTES, Artifacts
from stack.errors import DeploymentFailed
from tests.support.server import Received, Reply, Server

OURS, THEIRS = "111111111111", "222222222222"
BUCKET = "todo-ledger-dev-artifacts-0123456789ab"


class S3:
    """As much of S3 as uploads need: buckets with an owner, and what they hold."""

    def __init__(self) -> None:
        self.owners: dict[str, str] = {}
        self.objects: dict[str, bytes] = {}
        self.received: list[Received] = []
        # Makes each bucket an instant before somebody else does.
        self.squatter: str | None = None

    def answer(self, request: Received) -> Reply:
        self.received.append(request)
        bucket, _, key = urlsplit(request.target).path.removeprefix("/").partition("/")
        expected = header(request, "x-amz-expected-bucket-owner")
        if request.method == "PUT" and not key:
            return self._create(bucket)
        if bucket not in self.owners:
            return error(404, "NoSuchBucket")
        if expected not in (None, self.owners[bucket]):
            return error(403, "AccessDenied")
        if request.method == "PUT":
            self.objects[key] = request.content
        elif key and key not in self.objects:
            return error(404, "NoSuchKey")
        return Reply()

    def _create(self, bucket: str) -> Reply:
        if self.squatter:
            self.owners[bucket] = self.squatter
        if bucket in self.owners:
            return error(409, "BucketAlreadyOwnedByYou" if self.owners[bucket] == OURS else "BucketAlreadyExists")
        self.owners[bucket] = OURS
        return Reply()


def error(status: int, code: str) -> Reply:
    return Reply(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())


def header(request: Received, name: str) -> str | None:
    return next((value for key, value in request.headers.items() if key.lower() == name), None)


@pytest.fixture
def s3() -> S3:
    return S3()


@pytest.fixture
def client(s3: S3) -> Iterator[Any]:
    with Server(s3.answer) as server:
        yield local_client("s3", LocalEndpoint(server.url, ""))


@pytest.fixture
def artifacts(client: Any) -> Artifacts:
    return Artifacts(client, BUCKET, OURS)


def test_the_bucket_is_made_once_and_every_call_on_it_names_the_account(s3: S3, artifacts: Artifacts) -> None:
    first, second = artifacts.upload(b"one", ".zip"), artifacts.upload(b"two", ".zip")
    assert s3.owners == {BUCKET: OURS}
    assert s3.objects == {first: b"one", second: b"two"}
    creates = [request for request in s3.received if request.method == "PUT" and request.target == f"/{BUCKET}"]
    assert len(creates) == 1
    assert {header(request, "x-amz-expected-bucket-owner") for request in s3.received if request not in creates} == {
        OURS
    }


def test_what_lies_there_already_is_replaced_by_what_is_deployed(s3: S3, artifacts: Artifacts) -> None:
    key = artifacts.upload(b"our code", ".zip")
    s3.objects[key] = b"another's code"
    assert artifacts.upload(b"our code", ".zip") == key
    assert s3.objects[key] == b"our code"


def test_a_bucket_of_another_account_is_refused_with_advice(s3: S3, artifacts: Artifacts) -> None:
    s3.owners[BUCKET] = THEIRS
    with pytest.raises(DeploymentFailed, match=f"{BUCKET} does not belong to the account {OURS}"):
        artifacts.upload(b"our code", ".zip")
    assert s3.objects == {}


def test_a_bucket_that_another_account_makes_at_that_moment_is_refused(s3: S3, artifacts: Artifacts) -> None:
    s3.squatter = THEIRS
    with pytest.raises(DeploymentFailed, match="does not belong to the account"):
        artifacts.upload(b"our code", ".zip")
    assert s3.objects == {}


def test_a_bucket_that_another_deployment_makes_at_that_moment_is_used(s3: S3, artifacts: Artifacts) -> None:
    s3.squatter = OURS
    key = artifacts.upload(b"our code", ".zip")
    assert s3.objects == {key: b"our code"}


def test_a_template_that_fits_into_the_call_is_never_in_the_bucket(s3: S3, artifacts: Artifacts) -> None:
    fits = "é" * (MAX_INLINE_BYTES // 2)
    assert artifacts.template(fits) == {"TemplateBody": fits}
    assert s3.received == []
    url = artifacts.template(fits + "x")["TemplateURL"]
    assert list(s3.objects) == [url.rpartition("/")[2]]


def test_every_other_call_on_a_bucket_names_the_account_too(s3: S3, client: Any) -> None:
    s3.owners[BUCKET] = THEIRS
    expect_owner(client, OURS)
    calls: tuple[Callable[[], object], ...] = (
        lambda: client.delete_bucket(Bucket=BUCKET),
        lambda: client.list_object_versions(Bucket=BUCKET),
        lambda: client.delete_object(Bucket=BUCKET, Key="key"),
        lambda: client.get_bucket_encryption(Bucket=BUCKET),
        lambda: client.get_public_access_block(Bucket=BUCKET),
    )
    for call in calls:
        with pytest.raises(ClientError, match="AccessDenied"):
            call()
