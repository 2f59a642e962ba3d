"""Where a webhook may go: what its URL must be, and which addresses its name may lead to. Nothing is resolved here.

An owner chooses the URL, and our Lambda sends to it from inside AWS. So the URL is checked when it is given, and the
addresses of its name when something is sent (http_post.py): names change, and may be made to (DNS rebinding).
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

MAX_URL_LENGTH: Final = 2_000
_PORTS: Final = {"https": 443, "http": 80}

# A DNS name of letters, digits, hyphens and underscores (RFC 1123, section 2.1), of at most 253 characters.
_NAME: Final = re.compile(r"(?=.{1,253}$)(_LABEL\.)*_LABEL".replace("_LABEL", r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"))
# What ends so is taken for an IPv4 address by some and for a name by others: 127.1, 0x7f000001, 2130706433.
_NUMBER_AT_THE_END: Final = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)")
_VISIBLE_ASCII: Final = re.compile(r"[\x21-\x7e]+")

# The IANA special-purpose address registry. Spelled out, since what Python calls global changes with its versions.
_SPECIAL_IPV4: Final = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/8",  # this network, and unspecified
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers (RFC 6598)
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, and the metadata of EC2 and ECS
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
# Outside of this everything is special: loopback, link-local, unique local (fd00:ec2::254 gives metadata), multicast,
# IPv4-mapped (::ffff:0:0/96) and NAT64 (64:ff9b::/96).
_GLOBAL_IPV6: Final = ip_network("2000::/3")
_SPECIAL_IPV6: Final = tuple(
    ip_network(block)
    for block in (
        "2001::/23",  # protocol assignments, and Teredo, which carries an IPv4 address
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which carries an IPv4 address
        "3fff::/20",  # documentation
    )
)

_LOCAL_NAMES: Final = frozenset({"localhost", "localhost.localdomain"})
_LOCALHOST: Final = ip_address("127.0.0.1")

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Destination:
    """A webhook's URL in its parts.

    Attributes
    ----------
    host : str
        A DNS name or an IP address (without brackets), in lower case.
    target : str
        Path and query as the request line has them (RFC 9112, section 3.2.1).
    """

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """What the `Host` header says: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def canonical(self) -> str:
        """The URL in the one form that all its spellings share: host in lower case, no default port, a path."""
        return f"{self.scheme}://{self.authority}{self.target}"

    @property
    def literal(self) -> Address | None:
        """The address, where the URL has one instead of a name."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None


def parse(url: str) -> Destination:
    """The parts of a webhook's URL.

    Raises
    ------
    ValueError
        With what is wrong: a text for the owner who gave it.
    """
    if len(url) > MAX_URL_LENGTH:
        raise ValueError(f"{len(url)} characters where {MAX_URL_LENGTH} are allowed")
    if not _VISIBLE_ASCII.fullmatch(url) or "\\" in url:
        raise ValueError("expected an absolute URL in ASCII: percent-encode its path, write its host in Punycode")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower().removesuffix("."), parts.port
    except ValueError as error:
        raise ValueError(f"is no URL: {error}") from None
    if parts.scheme not in _PORTS:
        raise ValueError("expected an https URL")
    if "@" in parts.netloc:
        raise ValueError("a user name or password in the URL is not allowed: the signature tells who sends")
    if parts.fragment:
        raise ValueError("a fragment is never sent: leave it out")
    if port == 0:
        raise ValueError("port 0 is none that a program listens on: leave it out, or name one from 1 to 65535")
    if "[" in parts.netloc and ":" not in host:
        # What later versions of the Internet Protocol may have (RFC 3986, section 3.2.2); to others it is a name.
        raise ValueError("expected an IPv6 address between the brackets")
    if not _is_host(host):
        raise ValueError("expected a host: a DNS name, or an IP address in full, such as 192.0.2.1 or [2001:db8::1]")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Destination(parts.scheme, host, port or _PORTS[parts.scheme], target)


def is_allowed(address: Address, scheme: str, *, allow_loopback: bool) -> bool:
    """Whether something may be sent to an address: over https to any public one.

    Parameters
    ----------
    allow_loopback : bool
        Whether this machine itself is allowed too, even over http: while developing, never in production.
    """
    # From Python 3.13 on, an IPv4-mapped loopback address calls itself one too; nobody needs it, so it is not one here.
    is_mapped = isinstance(address, IPv6Address) and address.ipv4_mapped is not None
    if address.is_loopback and not is_mapped:
        return allow_loopback
    return scheme == "https" and is_public(address)


def is_own(address: Address, port: int, own_ports: Container[int]) -> bool:
    """Whether an address with a port is one on which the stack itself listens: a webhook would speak to it as we do."""
    return address.is_loopback and port in own_ports


def is_public(address: Address) -> bool:
    """Whether an address is one of the Internet's, and not a special one that could lead inside."""
    if isinstance(address, IPv4Address):
        return not any(address in block for block in _SPECIAL_IPV4)
    return address in _GLOBAL_IPV6 and not any(address in block for block in _SPECIAL_IPV6)


def url_error(url: str, *, allow_loopback: bool, own_ports: Container[int] = ()) -> str | None:
    """What keeps a URL from being a webhook's, or None. What its name leads to is looked at when something is sent.

    Parameters
    ----------
    allow_loopback : bool
        As `is_allowed` takes it.
    own_ports : container of int
        The ports of this machine that are refused all the same.
    """
    try:
        destination = parse(url)
    except ValueError as error:
        return str(error)
    if destination.scheme != "https" and not allow_loopback:
        return "expected an https URL"
    address = _LOCALHOST if destination.host in _LOCAL_NAMES else destination.literal
    if address is not None and not is_allowed(address, destination.scheme, allow_loopback=allow_loopback):
        return "leads to an address that is not public"
    if address is not None and is_own(address, destination.port, own_ports):
        return "leads to this service itself: choose the port of another program"
    return None


def _is_host(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return bool(_NAME.fullmatch(host)) and not _NUMBER_AT_THE_END.fullmatch(host)
    # A zone names one of this machine's own interfaces.
    return "%" not in host
