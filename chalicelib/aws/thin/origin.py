"""Where a service is, and who asks: in a Lambda its environment says so, elsewhere botocore is asked.

What the thin client does not do is left to botocore, wherever it is set: FIPS and dual-stack endpoints, proxies, other
partitions.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from chalicelib.aws.errors import Unconfigured
from chalicelib.aws.thin.http import Address
from chalicelib.aws.thin.signing import Credentials

# Where a region of this form is, its name says (botocore's partition "aws").
_REGION: Final = re.compile(r"(?:us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+")
_PORTS: Final = {"https": 443, "http": 80}
_ENDPOINTS: Final = {"dynamodb": "AWS_ENDPOINT_URL_DYNAMODB", "sns": "AWS_ENDPOINT_URL_SNS"}

# With any of these, the environment alone does not say how AWS is to be reached.
LEFT_TO_BOTOCORE: Final = (
    "ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "http_proxy", "https_proxy",
    "AWS_USE_DUALSTACK_ENDPOINT", "AWS_USE_FIPS_ENDPOINT", "AWS_ACCOUNT_ID_ENDPOINT_MODE",
    "AWS_CONFIG_FILE", "AWS_CREDENTIAL_EXPIRATION", "AWS_PROFILE", "AWS_SHARED_CREDENTIALS_FILE",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a service is, and who asks.

    Attributes
    ----------
    host : str
        For the header ``Host``.
    credentials : callable
        Who asks now. It raises `Unconfigured` if nobody does.
    """

    address: Address
    host: str
    service: str
    region: str
    credentials: Callable[[], Credentials]


def from_lambda(service: str) -> Origin | None:
    """What this Lambda's environment says; None if this is no Lambda, or the environment does not say all of it.

    Parameters
    ----------
    service : str
        ``dynamodb`` or ``sns``.
    """
    found = os.environ
    region = found.get("AWS_DEFAULT_REGION")
    if "AWS_LAMBDA_FUNCTION_NAME" not in found or any(found.get(name) for name in LEFT_TO_BOTOCORE):
        return None
    credentials = _credentials(found)
    if credentials is None or not region:
        return None
    url = _configured_endpoint(service)
    if url is None:
        if _REGION.fullmatch(region) is None:
            return None
        url = f"https://{service}.{region}.amazonaws.com"
    certificates = found.get("AWS_CA_BUNDLE") or found.get("REQUESTS_CA_BUNDLE")
    if not certificates and ssl.get_default_verify_paths().cafile is None:
        # Without certificates of the system, botocore's are used.
        return None
    return _origin(url, service, region, credentials, certificates)


def _credentials(environment: Mapping[str, str]) -> Callable[[], Credentials] | None:
    """Who asks: as the environment says, or, in a function that starts from a snapshot, as what it names says."""
    key, secret = environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY")
    if not key or not secret:
        from chalicelib.aws.thin import container

        return container.from_environment(environment)
    who = Credentials(key, secret, environment.get("AWS_SESSION_TOKEN") or None)
    return lambda: who


def from_botocore(session: Any, client: Any) -> Origin | None:
    """What botocore found for a client of its own; None if the thin client cannot do the same.

    Parameters
    ----------
    session : botocore.session.Session
        It is asked for credentials before each request, and refreshes them.
    client : botocore client
        Made by this session.
    """
    from botocore.httpsession import get_cert_path
    from botocore.utils import get_environ_proxies

    config, url = client.meta.config, client.meta.endpoint_url
    if get_environ_proxies(url):
        return None
    if config.use_fips_endpoint or config.use_dualstack_endpoint or config.signature_version != "v4":
        return None
    if session.get_config_variable("account_id_endpoint_mode") == "required":
        return None
    stated = session.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE")
    certificates = stated or get_cert_path(verify=True)

    def credentials() -> Credentials:
        found = session.get_credentials()
        if found is None:
            raise Unconfigured("Unable to locate credentials")
        frozen = found.get_frozen_credentials()
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token)

    return _origin(url, "dynamodb", client.meta.region_name, credentials, certificates)


def _configured_endpoint(service: str) -> str | None:
    if os.environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    return os.environ.get(_ENDPOINTS[service]) or os.environ.get("AWS_ENDPOINT_URL") or None


def _origin(
    url: str, service: str, region: str, credentials: Callable[[], Credentials], certificates: str | None
) -> Origin | None:
    """An origin at this URL; None unless that is a host and perhaps a port.

    Parameters
    ----------
    certificates : str, optional
        A file of the authorities that are trusted; None for those of the system.
    """
    parts = urlsplit(url)
    is_plain = parts.path in ("", "/") and not (parts.query or parts.fragment or "@" in parts.netloc)
    if not is_plain or parts.scheme not in _PORTS or parts.hostname is None:
        return None
    own_port = _PORTS[parts.scheme]
    port = parts.port or own_port
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    host = name if port == own_port else f"{name}:{port}"
    tls = partial(ssl.create_default_context, cafile=certificates) if parts.scheme == "https" else None
    return Origin(Address(parts.hostname, port, tls), host, service, region, credentials)
