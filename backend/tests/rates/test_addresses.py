"""Whose address counts: the last one that no trusted proxy has."""

from ipaddress import ip_network

import pytest

from backend.rates.addresses import Proxies

PROXIES = [ip_network(text) for text in ("10.0.0.0/8", "fd00::/8", "192.0.2.1")]
XFF, FORWARDED = b"x-forwarded-for", b"forwarded"
Case = tuple[str, list[tuple[bytes, bytes]], str | None]

CASES: dict[str, Case] = {
    "a peer that is no proxy is the client": ("203.0.113.9", [(XFF, b"1.1.1.1")], "203.0.113.9"),
    "a proxy that says nothing is the client": ("10.0.0.1", [], "10.0.0.1"),
    "the last one counts": ("10.0.0.1", [(XFF, b"1.1.1.1, 203.0.113.9")], "203.0.113.9"),
    "proxies behind proxies": (
        "10.0.0.1",
        [(XFF, b"1.1.1.1, 203.0.113.9, 192.0.2.1,10.9.9.9")],
        "203.0.113.9",
    ),
    "fields are one list": (
        "10.0.0.1",
        [(XFF, b"1.1.1.1"), (b"host", b"x"), (XFF, b"203.0.113.9")],
        "203.0.113.9",
    ),
    "nobody but proxies": ("10.0.0.1", [(XFF, b"10.0.0.3, 10.0.0.2")], "10.0.0.3"),
    "with a port": ("10.0.0.1", [(XFF, b"203.0.113.9:4711")], "203.0.113.9"),
    "IPv6 counts by network": ("10.0.0.1", [(XFF, b"2001:db8:1:2:3::4")], "2001:db8:1:2::/64"),
    "IPv6 with a port": ("10.0.0.1", [(XFF, b"[2001:db8:1:2:3::4]:443")], "2001:db8:1:2::/64"),
    "IPv6 in brackets": ("10.0.0.1", [(XFF, b"[2001:db8:1:2:3::4]")], "2001:db8:1:2::/64"),
    "IPv4 as IPv6": ("::ffff:10.0.0.1", [(XFF, b"::ffff:203.0.113.9")], "203.0.113.9"),
    "a proxy of IPv6": ("fd00::7", [(XFF, b"203.0.113.9")], "203.0.113.9"),
    "with a zone": ("fe80::1%eth0", [], "fe80::/64"),
    "garbage is the proxy's": ("10.0.0.1", [(XFF, b"1.1.1.1, garbage")], "10.0.0.1"),
    "garbage behind a proxy": ("10.0.0.1", [(XFF, b"1.1.1.1, \xff\xfe, 10.0.0.2")], "10.0.0.2"),
    "an empty field": ("10.0.0.1", [(XFF, b"")], "10.0.0.1"),
    "a hanging comma": ("10.0.0.1", [(XFF, b"1.1.1.1,")], "10.0.0.1"),
    "too large a number": ("10.0.0.1", [(XFF, b"203.0.113.999")], "10.0.0.1"),
    "Forwarded": ("10.0.0.1", [(FORWARDED, b"for=1.1.1.1, for=203.0.113.9")], "203.0.113.9"),
    "Forwarded with more": (
        "10.0.0.1",
        [(FORWARDED, b'proto=https;For="[2001:db8:1:2:3::4]:4711";by=10.0.0.1')],
        "2001:db8:1:2::/64",
    ),
    "Forwarded with commas in quotes": (
        "10.0.0.1",
        [(FORWARDED, b'for=203.0.113.9;host="a,for=1.1.1.1;b"')],
        "203.0.113.9",
    ),
    "Forwarded behind a quote that nobody closes": (
        "10.0.0.1",
        [(FORWARDED, b'for="1.1.1.1, for=203.0.113.9')],
        "203.0.113.9",
    ),
    "Forwarded that hides": ("10.0.0.1", [(FORWARDED, b"for=1.1.1.1, for=_hidden")], "10.0.0.1"),
    "Forwarded that knows not": ("10.0.0.1", [(FORWARDED, b"for=unknown")], "10.0.0.1"),
    "Forwarded without for": ("10.0.0.1", [(FORWARDED, b"proto=https")], "10.0.0.1"),
    "X-Forwarded-For comes first": (
        "10.0.0.1",
        [(FORWARDED, b"for=1.1.1.1"), (XFF, b"203.0.113.9")],
        "203.0.113.9",
    ),
    "a Unix socket": ("", [(XFF, b"1.1.1.1")], None),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_client_is(case: Case) -> None:
    peer, headers, expected = case
    scope = {"client": (peer, 4711), "headers": headers}
    assert Proxies(PROXIES).client_address(scope) == expected


def test_a_scope_without_a_client_has_no_address() -> None:
    assert Proxies(PROXIES).client_address({"client": None, "headers": []}) is None


def test_without_trusted_proxies_it_is_the_peer_whatever_anybody_says() -> None:
    scope = {"client": ("10.0.0.1", 1), "headers": [(XFF, b"203.0.113.9")]}
    assert Proxies().client_address(scope) == "10.0.0.1"


def test_a_long_field_of_garbage_is_read_in_no_time() -> None:
    """What takes long in a regular expression that goes back would take minutes here."""
    for field in (
        b'for="' * 30_000,
        b'"\\' * 80_000,
        b'for="' + b'\\"' * 80_000,
        b"," * 160_000,
        b"for=" + b";" * 160_000,
        b"for=" + b" " * 160_000 + b"x y",
        b'for="x" ' + b" " * 160_000 + b"y",
        b";" + b" " * 160_000 + b"for",
    ):
        scope = {"client": ("10.0.0.1", 1), "headers": [(FORWARDED, field)]}
        Proxies(PROXIES).client_address(scope)
