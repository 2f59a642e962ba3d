"""AWS clients for operating the stack: of the local engine, untouched by the user's own AWS settings, or of AWS."""

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
    # A profile or endpoint in the user's own files must never reach the local stack, nor the local stack them.
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def client(service: str) -> Any:
    """A client by the usual chain of AWS's settings: environment, profile, role; AWS_ENDPOINT_URL leads elsewhere.

    An emulator is asked for buckets by path: it has no host name for each.
    """
    s3: Any = {"addressing_style": "path" if "AWS_ENDPOINT_URL" in os.environ else "auto"}
    created: BaseClient = botocore.session.get_session().create_client(service, config=Config(s3=s3, retries=RETRIES))
    return created


def local_client(service: str, engine_url: str) -> Any:
    """A client of the local engine.

    It reads none of the user's AWS configuration, and goes through no proxy: the engine is on the loopback interface.
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
