"""The bucket from which CloudFormation reads large templates and code; each object is named by its content.

The bucket's name follows from the stage, the account and the region, so somebody else can make it first. What is found
there would be deployed with the right to make roles: every call names the account that the bucket must belong to
(``ExpectedBucketOwner``), and what lies there already is used only if it has the content that its name says.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from stack.aws import REGION
from stack.errors import DeploymentFailed

# CloudFormation's limit on a template in the call itself.
MAX_INLINE_BYTES: Final = 51_200
# How the keys of templates end.
TEMPLATE: Final = ".template"


class Artifacts:
    """An S3 bucket of one account, created when it is first needed.

    Parameters
    ----------
    client : S3 client
    bucket : str
    owner : str
        The id of the account.

    Attributes
    ----------
    uploaded : list of str
        The keys of what was stored.
    """

    def __init__(self, client: Any, bucket: str, owner: str) -> None:
        self._client = client
        self.bucket = bucket
        self._owner = owner
        self.uploaded: list[str] = []

    def upload(self, content: bytes, suffix: str) -> str:
        """Store an object, also if one of this name exists, and return its key.

        Raises
        ------
        DeploymentFailed
            The bucket belongs to another account.
        """
        key = hashlib.sha256(content).hexdigest() + suffix
        try:
            self._own_bucket  # noqa: B018 - made, or checked, at the first upload
            self._client.put_object(Bucket=self.bucket, Key=key, Body=content, ExpectedBucketOwner=self._owner)
        except ClientError as error:
            raise self._explained(error) from error
        self.uploaded.append(key)
        return key

    def read(self, key: str) -> bytes:
        """The content of an object that `upload` has stored.

        Raises
        ------
        DeploymentFailed
            It is not there any more, or was changed.
        """
        try:
            got = self._client.get_object(Bucket=self.bucket, Key=key, ExpectedBucketOwner=self._owner)
            content: bytes = got["Body"].read()
        except ClientError as error:
            if _status(error) == 404:
                raise DeploymentFailed(f"{key} is not in the bucket {self.bucket} any more") from error
            raise self._explained(error) from error
        if not key.startswith(hashlib.sha256(content).hexdigest()):
            raise DeploymentFailed(f"{key} in the bucket {self.bucket} was changed: its name is not its content's hash")
        return content

    def url(self, key: str) -> str:
        """The address by which CloudFormation reads a template."""
        return f"{self._client.meta.endpoint_url}/{self.bucket}/{key}"

    def template(self, template: str) -> dict[str, str]:
        """A template as CloudFormation's calls take it: itself, or its URL in the bucket if it is too large."""
        content = template.encode()
        if len(content) <= MAX_INLINE_BYTES:
            return {"TemplateBody": template}
        return {"TemplateURL": self.url(self.upload(content, TEMPLATE))}

    def upload_code(self, code: Path) -> str:
        """Store a Lambda package, and return its ``s3://`` URI, as ``CodeUri`` takes it."""
        return f"s3://{self.bucket}/{self.upload(code.read_bytes(), '.zip')}"

    @cached_property
    def _own_bucket(self) -> str:
        """The bucket once it exists and belongs to the account."""
        try:
            self._client.head_bucket(Bucket=self.bucket, ExpectedBucketOwner=self._owner)
        except ClientError as error:
            if _status(error) != 404:
                raise
            self._make_bucket()
        return self.bucket

    def _make_bucket(self) -> None:
        region = self._client.meta.region_name
        # This one region must not be named.
        where = {} if region == REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        # Another deployment may be faster.
        with suppress(self._client.exceptions.BucketAlreadyOwnedByYou):
            self._client.create_bucket(Bucket=self.bucket, **where)

    def _explained(self, error: ClientError) -> Exception:
        if _status(error) in (301, 403) or error.response["Error"]["Code"] == "BucketAlreadyExists":
            return DeploymentFailed(
                f"the bucket {self.bucket} does not belong to the account {self._owner}, or your role may not use it: "
                "nothing was uploaded. If another account has taken this name, report that to AWS, and deploy under "
                "another stage name"
            )
        return error


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
