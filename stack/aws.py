"""AWS clients for operating the stack: of AWS, or of the local engine without the user's AWS settings."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import botocore.session
from botocore.client import BaseClient
from botocore.config import Config
from botocore.model import OperationModel

REGION = "us-east-1"
RETRIES: Any = {"mode": "standard", "max_attempts": 3}

LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
# For a quarter of an hour. An engine on this machine is done within a fraction of a second.
WAIT: Final = {"Delay": 1, "MaxAttempts": 900}
LOCAL_WAIT: Final = {"Delay": 0.1, "MaxAttempts": 9000}

# The engine derives the account from the access key, and verifies no signature: the session token is the secret.
LOCAL_ACCESS_KEY = "test"


@dataclass(frozen=True)
class LocalEndpoint:
    """The AWS API of a local engine.

    Attributes
    ----------
    url : str
        Without a slash at its end.
    token : str
        The session token of its credentials; a request without it is refused (stack/local/guard.py).
    """

    url: str
    token: str

    def environment(self) -> dict[str, str]:
        """The environment variables by which AWS's SDKs and tools use this endpoint, and nothing else."""
        return local_credentials(self.token) | {"AWS_ENDPOINT_URL": self.url}


def local_credentials(token: str) -> dict[str, str]:
    """Environment variables with the credentials of a local engine, and without the user's AWS settings."""
    return {
        "AWS_ACCESS_KEY_ID": LOCAL_ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": LOCAL_ACCESS_KEY,
        "AWS_SESSION_TOKEN": token,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        # A profile or endpoint in the user's own files must not affect the local stack.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def client(service: str) -> Any:
    """A client by AWS's usual chain of settings: environment, profile, role.

    If AWS_ENDPOINT_URL names an emulator, buckets are addressed by path: an emulator has no host name for each.
    """
    s3: Any = {"addressing_style": "path" if "AWS_ENDPOINT_URL" in os.environ else "auto"}
    created: BaseClient = botocore.session.get_session().create_client(service, config=Config(s3=s3, retries=RETRIES))
    return created


def is_local(client: Any) -> bool:
    """Whether a client is one of an AWS API on this machine."""
    return urlsplit(client.meta.endpoint_url).hostname in LOOPBACK


def wait(client: Any, waiter: str, **names: str) -> None:
    """Wait as the client's waiter of this name does.

    Raises
    ------
    WaiterError
        What is waited for has failed, or takes more than 15 minutes.
    """
    client.get_waiter(waiter).wait(**names, WaiterConfig=LOCAL_WAIT if is_local(client) else WAIT)


def expect_owner(s3: Any, account: str) -> None:
    """Make every call of an S3 client fail (403) on a bucket of another account: names of buckets can be guessed."""

    def add(params: dict[str, Any], model: OperationModel, **_: Any) -> None:
        # All operations on an existing bucket have it.
        shape = model.input_shape
        if shape is not None and "ExpectedBucketOwner" in shape.members:
            params.setdefault("ExpectedBucketOwner", account)

    s3.meta.events.register("before-parameter-build.s3", add)


def local_client(service: str, endpoint: LocalEndpoint) -> Any:
    """A client of the local engine, which is on the loopback interface.

    It reads none of the user's AWS configuration, and uses no proxy.
    """
    ignored = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
    }
    session = botocore.session.Session(session_vars=ignored)
    created: BaseClient = session.create_client(
        service,
        endpoint_url=endpoint.url,
        region_name=REGION,
        aws_access_key_id=LOCAL_ACCESS_KEY,
        aws_secret_access_key=LOCAL_ACCESS_KEY,
        aws_session_token=endpoint.token or None,
        config=Config(proxies={}, s3={"addressing_style": "path"}, retries=RETRIES),
    )
    return created
