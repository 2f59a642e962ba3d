"""The bucket from which CloudFormation reads templates and code; each object is named by its content."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from stack.aws import REGION


class Artifacts:
    """An S3 bucket, created when it is first needed.

    Parameters
    ----------
    client : S3 client
    bucket : str
    """

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self.bucket = bucket

    def upload(self, content: bytes, suffix: str) -> str:
        """Store an object, unless it exists, and return its key."""
        key = hashlib.sha256(content).hexdigest() + suffix
        if not self._exists(key):
            self._make_bucket()
            self._client.put_object(Bucket=self.bucket, Key=key, Body=content)
        return key

    def upload_template(self, template: str) -> str:
        """Store a template, and return its URL for CloudFormation."""
        return f"{self._client.meta.endpoint_url}/{self.bucket}/{self.upload(template.encode(), '.template')}"

    def upload_code(self, code: Path) -> str:
        """Store a Lambda package, and return its ``s3://`` URI, as ``CodeUri`` takes it."""
        return f"s3://{self.bucket}/{self.upload(code.read_bytes(), '.zip')}"

    def _exists(self, key: str) -> bool:
        try:
            self._client.head_object(Bucket=self.bucket, Key=key)
        except ClientError:
            return False
        return True

    def _make_bucket(self) -> None:
        region = self._client.meta.region_name
        # This one region must not be named.
        where = {} if region == REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        with suppress(self._client.exceptions.BucketAlreadyOwnedByYou):
            self._client.create_bucket(Bucket=self.bucket, **where)
