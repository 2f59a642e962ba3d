"""Where a webhook may go: an owner chooses the URL, and must not reach inside with it."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from chalicelib.webhooks import urls

PUBLIC = ["1.1.1.1", "93.184.216.34", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1", "2606:4700::1"]
INSIDE = [
    ("loopback", "127.0.0.1"),
    ("loopback", "127.255.255.254"),
    ("loopback", "::1"),
    ("private", "10.0.0.1"),
    ("private", "172.16.0.1"),
    ("private", "172.31.255.255"),
    ("private", "192.168.1.1"),
    ("unique local", "fc00::1"),
    ("link-local", "169.254.1.1"),
    ("link-local", "fe80::1"),
    ("metadata of EC2", "169.254.169.254"),
    ("metadata of ECS", "169.254.170.2"),
    ("metadata over IPv6", "fd00:ec2::254"),
    ("carriers' shared", "100.64.0.1"),
    ("carriers' shared", "100.127.255.255"),
    ("unspecified", "0.0.0.0"),
    ("unspecified", "::"),
    ("this network", "0.1.2.3"),
    ("multicast", "224.0.0.1"),
    ("multicast", "239.255.255.255"),
    ("multicast", "ff02::1"),
    ("reserved", "240.0.0.1"),
    ("broadcast", "255.255.255.255"),
    ("protocol assignments", "192.0.0.8"),
    ("benchmarking", "198.18.0.1"),
    ("documentation", "203.0.113.1"),
    ("documentation", "2001:db8::1"),
    ("IPv4-mapped loopback", "::ffff:127.0.0.1"),
    ("IPv4-mapped metadata", "::ffff:169.254.169.254"),
    ("IPv4-mapped public", "::ffff:1.1.1.1"),
    ("IPv4-compatible", "::127.0.0.1"),
    ("NAT64", "64:ff9b::a9fe:a9fe"),
    ("local NAT64", "64:ff9b:1::a00:1"),
    ("6to4", "2002:7f00:1::"),
    ("Teredo", "2001:0:7f00:1::"),
    ("discard", "100::1"),
    ("site-local", "fec0::1"),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_allowed_over_https_alone(address: str) -> None:
    assert urls.is_allowed(ip_address(address), "https", allow_loopback=False)
    assert not urls.is_allowed(ip_address(address), "http", allow_loopback=False)
    assert not urls.is_allowed(ip_address(address), "http", allow_loopback=True)


@pytest.mark.parametrize(("what", "address"), INSIDE)
def test_special_addresses_are_refused_in_production(what: str, address: str) -> None:
    for scheme in ("https", "http"):
        assert not urls.is_allowed(ip_address(address), scheme, allow_loopback=False), what


@pytest.mark.parametrize(("what", "address"), INSIDE)
def test_on_a_laptop_only_this_machine_is_allowed_beside_them(what: str, address: str) -> None:
    allowed = urls.is_allowed(ip_address(address), "http", allow_loopback=True)
    assert allowed == (what == "loopback")


@pytest.mark.parametrize(
    ("url", "host", "port", "target", "authority"),
    [
        ("https://hooks.example", "hooks.example", 443, "/", "hooks.example"),
        ("https://Hooks.Example:8443/a/b?c=d%20e", "hooks.example", 8443, "/a/b?c=d%20e", "hooks.example:8443"),
        ("https://hooks.example.:443/", "hooks.example", 443, "/", "hooks.example"),
        ("https://hooks.example?x=1", "hooks.example", 443, "/?x=1", "hooks.example"),
        ("https://[2606:4700::1]/x", "2606:4700::1", 443, "/x", "[2606:4700::1]"),
        ("https://1.1.1.1:444/", "1.1.1.1", 444, "/", "1.1.1.1:444"),
        ("https://a_b.xn--bcher-kva.example/", "a_b.xn--bcher-kva.example", 443, "/", "a_b.xn--bcher-kva.example"),
    ],
)
def test_the_parts_of_a_url(url: str, host: str, port: int, target: str, authority: str) -> None:
    found = urls.parse(url)
    assert (found.host, found.port, found.target, found.authority) == (host, port, target, authority)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example/x",
        "//hooks.example/x",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "gopher://hooks.example/",
        "https://",
        "https:///path",
        "https://user@hooks.example/",
        "https://user:secret@hooks.example/",
        "https://@hooks.example/",
        "https://hooks.example\\@127.0.0.1/",
        "https://hooks.example/#part",
        "https://hooks.example:0/",
        "https://hooks.example:65536/",
        "https://hooks.example:x/",
        "https://hooks example/",
        "https://hooks.example/a b",
        "https://hooks.example/\r\nX-Injected: 1",
        "https://hooks.example/\t",
        "https://bücher.example/",
        "https://[::1",
        "https://[fe80::1%25eth0]/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://127.1/",
        "https://[v1.a]/",
        "https://[v1.hooks.example]/",
        "https://0177.0.0.1/",
        "https://256.1.1.1/",
        "https://-hooks.example/",
        "https://hooks..example/",
        "https://" + "a" * 64 + ".example/",
        "https://hooks.example/" + "x" * 1_979,
    ],
)
def test_what_is_no_webhooks_url(url: str) -> None:
    assert urls.url_error(url, allow_loopback=True) is not None


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://10.1.2.3/",
    ],
)
def test_what_is_none_in_production(url: str) -> None:
    assert urls.url_error(url, allow_loopback=False) is not None


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/x", "http://localhost:8080/x", "https://[::1]/", "http://[::1]/"]
)
def test_what_is_one_on_a_laptop(url: str) -> None:
    assert urls.url_error(url, allow_loopback=True) is None
    assert urls.url_error(url, allow_loopback=False) is not None


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("https:///path", "a DNS name, or an IP address in full"),
        ("https://127.1/", "a DNS name, or an IP address in full"),
        ("https://hooks..example/", "a DNS name, or an IP address in full"),
        ("https://[v1.a]/", "an IPv6 address between the brackets"),
        ("https://hooks.example:0/", "one from 1 to 65535"),
    ],
)
def test_a_refusal_says_what_is_expected(url: str, hint: str) -> None:
    assert hint in (urls.url_error(url, allow_loopback=False) or "")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "LOCALHOST.", "[::1]"])
def test_the_ports_of_the_local_stack_are_refused(host: str) -> None:
    own = {8000, 4566}
    for port in own:
        error = urls.url_error(f"http://{host}:{port}/", allow_loopback=True, own_ports=own)
        assert error is not None
        assert "this service itself" in error
    assert urls.url_error(f"http://{host}:9999/", allow_loopback=True, own_ports=own) is None
    assert urls.url_error("https://hooks.example:8000/", allow_loopback=True, own_ports=own) is None


def test_a_url_may_be_as_long_as_is_allowed() -> None:
    assert urls.url_error("https://hooks.example/" + "x" * 1_978, allow_loopback=False) is None
