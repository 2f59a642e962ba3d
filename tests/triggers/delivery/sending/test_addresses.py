"""Sending goes to an address that was checked, by the name that was given, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.webhooks import http_post
from chalicelib.webhooks.errors import AddressRefused, DeliveryFailed
from tests.support.receiver import Receiver
from tests.triggers.delivery.sending.sending import Resolver, tell
from tests.triggers.delivery.test_webhook_destinations import INSIDE


@pytest.mark.parametrize(("what", "address"), INSIDE)
def test_a_name_that_leads_inside_is_refused_before_any_connection(
    in_production: None, resolver: Resolver, connections: list[Any], what: str, address: str
) -> None:
    resolver.answers["hooks.example"] = [[address]]
    with pytest.raises(AddressRefused, match="not public"):
        tell("https://hooks.example/")
    assert connections == []


@pytest.mark.parametrize(
    "addresses",
    [["93.184.216.34", "127.0.0.1"], ["2606:4700::1", "169.254.169.254"], ["1.1.1.1", "1.0.0.1", "::ffff:10.0.0.1"]],
)
def test_every_address_of_a_name_is_checked_not_only_the_first(
    in_production: None, resolver: Resolver, connections: list[Any], addresses: list[str]
) -> None:
    resolver.answers["hooks.example"] = [addresses]
    with pytest.raises(AddressRefused):
        tell("https://hooks.example/")
    assert connections == []


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/", "http://1.1.1.1/"])
def test_a_webhook_that_was_stored_with_such_an_address_is_refused_too(
    in_production: None, connections: list[Any], url: str
) -> None:
    with pytest.raises(AddressRefused):
        tell(url)
    assert connections == []


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1"])
def test_the_connection_goes_to_the_checked_address_when_the_name_leads_elsewhere_the_next_time(
    in_production: None, resolver: Resolver, connections: list[Any], address: str
) -> None:
    resolver.answers["rebinding.example"] = [[address], ["127.0.0.1"]]
    with pytest.raises(DeliveryFailed):
        tell("https://rebinding.example/")
    assert connections == [address]
    assert resolver.asked == ["rebinding.example"]


def test_of_several_addresses_the_next_is_tried_when_one_cannot_be_reached(
    in_production: None, resolver: Resolver, connections: list[Any]
) -> None:
    many = [f"93.184.216.{n}" for n in range(1, 10)]
    resolver.answers["hooks.example"] = [many]
    with pytest.raises(DeliveryFailed):
        tell("https://hooks.example/")
    assert connections == many[: http_post.MAX_ADDRESSES]


def test_a_rebound_name_reaches_the_receiver_that_was_checked(resolver: Resolver, receiver: Receiver) -> None:
    resolver.answers["rebinding.example"] = [["127.0.0.1"], ["127.0.0.2"]]
    assert tell(f"http://rebinding.example:{receiver.port}/hook") == 200
    (request,) = receiver.requests
    assert request.headers["Host"] == f"rebinding.example:{receiver.port}"


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "PUBLIC_URL"])
@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "::1"])
def test_a_name_that_leads_to_a_port_of_the_local_stack_is_refused(
    resolver: Resolver,
    connections: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    address: str,
) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:4566")
    resolver.answers["rebinding.example"] = [[address]]
    with pytest.raises(AddressRefused, match="this service itself"):
        tell("http://rebinding.example:4566/2015-03-31/functions")
    assert connections == []


def test_a_name_that_leads_nowhere_is_a_failure(resolver: Resolver) -> None:
    with pytest.raises(DeliveryFailed, match="leads nowhere"):
        tell("https://nowhere.example/")


def test_redirects_are_not_followed() -> None:
    with Receiver() as other, Receiver(lambda _: 302, headers={"Location": other.url}) as receiver:
        with pytest.raises(DeliveryFailed, match="answered 302"):
            tell(receiver.url)
        assert len(receiver.requests) == 1
        assert other.requests == []


def test_proxies_of_the_environment_are_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver() as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert tell(receiver.url) == 200
        assert len(receiver.requests) == 1
        assert proxy.requests == []
