"""AWS clients for operating the stack: of AWS, or of the local engine without the user's AWS settings."""

from __future__ import annotations

import os
from typing import Any

import botocore.session
from botocore.client import BaseClient
from botocore.config import Config

REGION = "us-east-1"
RETRIES: Any = {"mode": "standard", "max_attempts": 3}

LOCAL_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
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


def local_client(service: str, engine_url: str) -> Any:
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
        endpoint_url=engine_url,
        region_name=REGION,
        aws_access_key_id=LOCAL_CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=LOCAL_CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=Config(proxies={}, s3={"addressing_style": "path"}, retries=RETRIES),
    )
    return created
