"""Telling a webhook: the message signed (Standard Webhooks), and sent to an address that was checked before.

The name in the URL is resolved once, every address that it leads to is checked, and the connection is made to one of
these very addresses, with the name in SNI and Host and the certificate verified against the name. So a name that
leads elsewhere at a second look (DNS rebinding) has none. Redirects are not followed, and no proxy is used.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

from chalicelib import settings
from chalicelib.aws.memory import remembered
from chalicelib.publishing import cloudevents
from chalicelib.webhooks import urls
from chalicelib.webhooks.errors import AddressRefused, DeliveryFailed, Rejected, TimedOut, WebhookGone
from chalicelib.webhooks.urls import Address, Destination

if TYPE_CHECKING:
    from urllib3.response import BaseHTTPResponse

# From the connection to the answer's status, whatever the receiver does meanwhile.
TIMEOUT_SECONDS: Final = 10.0
CONNECT_TIMEOUT_SECONDS: Final = 4.0
# From the status to the end of the answer: a receiver that accepts and then dawdles keeps nobody waiting.
BODY_SECONDS: Final = 1.0
# Of several addresses the first that answers is taken; a name with hundreds must not keep us busy.
MAX_ADDRESSES: Final = 4
# So much of the answer is read: the receiver should not see its connection break off.
MAX_RESPONSE_BYTES: Final = 16 * 1024

GONE: Final = 410


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver answered.

    Attributes
    ----------
    content : bytes
        The beginning of its body, at most `MAX_RESPONSE_BYTES`.
    """

    status: int
    content: bytes = b""


def send(url: str, secrets: Sequence[str], message_id: str, body: str) -> Answer:
    """Send one signed POST, and return the answer, whose status is one of 2xx.

    Parameters
    ----------
    secrets : sequence of str
        Each signs the message.
    message_id : str
        The same for every try, so that the receiver can drop repeats.
    body : str
        A CloudEvent in JSON.

    Raises
    ------
    Rejected
        When the answer was another status.
    TimedOut, DeliveryFailed
        When it took too long; when none came.
    AddressRefused
        Before anything was sent.
    WebhookGone
    """
    headers = {
        "Content-Type": cloudevents.MEDIA_TYPE,
        "User-Agent": "todo-ledger-webhooks",
        **signature(secrets, message_id, datetime.now(UTC), body),
    }
    try:
        answer = post(urls.parse(url), headers, body.encode())
    except ValueError as error:
        raise DeliveryFailed(f"the URL {error}") from error
    if answer.status == GONE:
        raise WebhookGone
    if not 200 <= answer.status < 300:
        raise Rejected(answer.status)
    return answer


def signature(secrets: Sequence[str], message_id: str, now: datetime, body: str) -> dict[str, str]:
    """The headers of a Standard Webhooks 1.0 message, with a signature by each secret; `now` is in UTC.

    A secret is ``whsec_`` and base64.
    """
    # Only who sends needs it.
    from standardwebhooks import Webhook

    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(message_id, now, body) for secret in secrets),
    }


def checked_addresses(destination: Destination) -> list[Address]:
    """The addresses that the destination's name leads to now, all of them allowed.

    Raises
    ------
    AddressRefused
        When any of them is not: a name that also leads inside is not one to trust with the others.
    DeliveryFailed
        When the name leads nowhere.
    """
    try:
        found = resolve(destination.host, destination.port)
    except (OSError, UnicodeError) as error:
        raise DeliveryFailed(f"the name {destination.host} leads nowhere: {error}") from error
    allow_loopback, own_ports = settings.webhooks_allow_private(), settings.own_ports()
    for address in found:
        if not urls.is_allowed(address, destination.scheme, allow_loopback=allow_loopback):
            raise AddressRefused(f"{destination.host} leads to {address}, which is not public")
        if urls.is_own(address, destination.port, own_ports):
            raise AddressRefused(f"{destination.host} leads to port {destination.port} of this service itself")
    if not found:
        raise DeliveryFailed(f"the name {destination.host} leads nowhere")
    return found


def resolve(host: str, port: int) -> list[Address]:
    """Every address of a name, in the system's order of preference; without a zone, which only link-local ones have."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(ip_address(str(address[0]).partition("%")[0]) for *_, address in answers))


def post(destination: Destination, headers: Mapping[str, str], body: bytes) -> Answer:
    """POST to one of the destination's checked addresses; the answer.

    Raises
    ------
    TimedOut, DeliveryFailed
    """
    from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError

    sent = {**headers, "Host": destination.authority}
    failure: Exception | None = None
    addresses = checked_addresses(destination)[:MAX_ADDRESSES]
    with _Deadline(TIMEOUT_SECONDS) as deadline:
        for address in addresses:
            try:
                return _post_to(address, destination, sent, body, deadline)
            except (NewConnectionError, ConnectTimeoutError) as error:
                # Nothing was sent: the next address may be reached (from a Lambda, IPv6 is not).
                failure = error
            except (HTTPError, OSError) as error:
                failure = error
                break
        if deadline.has_passed:
            raise TimedOut(f"no answer within {TIMEOUT_SECONDS:g} s") from failure
    # urllib3 counts a refused connection among the timeouts; but it kept nobody waiting.
    if isinstance(failure, ConnectTimeoutError | ReadTimeoutError) and not isinstance(failure, NewConnectionError):
        raise TimedOut(type(failure).__name__) from failure
    raise DeliveryFailed(f"{type(failure).__name__}: {failure}") from failure


def _post_to(
    address: Address, destination: Destination, headers: Mapping[str, str], body: bytes, deadline: _Deadline
) -> Answer:
    pool = _pool(address, destination, deadline)
    try:
        response: BaseHTTPResponse = pool.urlopen(
            "POST",
            destination.target,
            body=body,
            headers=headers,
            retries=False,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
        )
        if deadline.has_passed:
            # Cut off by us, an answer's headers look as if they had come to their end.
            raise TimeoutError("the time is over")
        status, content = int(response.status), b""
        deadline.shorten(BODY_SECONDS)
        # Only the answer to a challenge is looked at; for an event, what comes after the status changes nothing.
        with suppress(Exception):
            content = response.read(MAX_RESPONSE_BYTES, decode_content=False)
        response.close()
        return Answer(status, content)
    finally:
        pool.close()


def _pool(address: Address, destination: Destination, deadline: _Deadline) -> Any:
    """A pool of one connection to one address. A pool of urllib3's own kind reads no proxy from the environment."""
    from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
    from urllib3.connection import HTTPConnection, HTTPSConnection

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return deadline.watch(super()._new_conn())

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return deadline.watch(super()._new_conn())

    timeout = Timeout(connect=CONNECT_TIMEOUT_SECONDS, read=TIMEOUT_SECONDS)
    pool: Any
    if destination.scheme == "http":
        pool = HTTPConnectionPool(str(address), destination.port, timeout=timeout)
        pool.ConnectionCls = Plain
    else:
        pool = HTTPSConnectionPool(
            str(address),
            destination.port,
            timeout=timeout,
            ssl_context=tls_context(),
            # In SNI, and what the certificate must be made out to.
            server_hostname=destination.host,
        )
        pool.ConnectionCls = Secure
    return pool


@remembered
def tls_context() -> ssl.SSLContext:
    """The system's certificate authorities, loaded once; verification and the name's check are its defaults.

    A certificate must have the name among its subject alternative names: a common name does not count (RFC 9525,
    section 2).
    """
    context = ssl.create_default_context()
    context.hostname_checks_common_name = False
    return context


class _Deadline:
    """A bound on a whole exchange: timeouts of single reads do not stop a receiver that sends a byte now and then.

    When the time is over the socket is shut down, which ends whatever waits for it.
    """

    def __init__(self, seconds: float) -> None:
        self.has_passed = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._timers = [threading.Timer(seconds, self._pass)]

    def __enter__(self) -> _Deadline:
        self._start()
        return self

    def shorten(self, seconds: float) -> None:
        """Let the time be over after so many seconds at the latest."""
        self._timers.append(threading.Timer(seconds, self._pass))
        self._start()

    def __exit__(self, *_: object) -> None:
        for timer in self._timers:
            timer.cancel()
        with self._lock:
            self._let_go()

    def watch(self, connected: socket.socket) -> socket.socket:
        """The socket just connected; from now on it is the one that the deadline ends."""
        with self._lock:
            if self.has_passed:
                connected.close()
                raise TimeoutError("the time is over")
            self._let_go()
            # A duplicate: TLS takes the descriptor of the original away.
            self._socket = connected.dup()
        return connected

    def _start(self) -> None:
        self._timers[-1].daemon = True
        self._timers[-1].start()

    def _pass(self) -> None:
        with self._lock:
            self.has_passed = True
            if self._socket is not None:
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    def _let_go(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
