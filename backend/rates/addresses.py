"""The address of a client, as far as proxies that are trusted say so.

Each proxy adds whom it was asked by to the right of `X-Forwarded-For`, or of `Forwarded` (RFC
7239). What stands left of an address that is not trusted is what its owner likes us to believe.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_PORT = re.compile(r"(?:\[([^\]]*)\]|([^:]*))(?::\d+)?")
_FOR = re.compile(r'(?:^|;)\s*for\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s]*)\s*(?=;|$)', re.IGNORECASE)
_QUOTED = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
_OWN_BITS = 64  # of an IPv6 address: a customer has at least as many to choose from


def client_address(scope: Mapping[str, Any], trusted: Sequence[Network]) -> str | None:
    """Whom to hold responsible: an IPv4 address, or the network of an IPv6 address.

    Args:
        scope: The request's ASGI scope.
        trusted: The proxies whose word counts.

    Returns:
        The last address that is not trusted; what a trusted proxy says without naming an address
        counts as the proxy itself. None without an address, as over a Unix socket. If nobody is
        trusted, the peer, just as the server names it.
    """
    host = (scope.get("client") or ("",))[0]
    if not trusted:
        return host or None
    peer = _parse(host)
    if peer is None:
        return None
    found = peer
    if _is_trusted(peer, trusted):
        for hop in _hops(scope["headers"]):
            address = _parse(hop)
            if address is None:
                break
            found = address
            if not _is_trusted(address, trusted):
                break
    if isinstance(found, IPv4Address):
        return str(found)
    return str(ip_network((int(found), _OWN_BITS), strict=False))


def is_from_proxy(scope: Mapping[str, Any], trusted: Sequence[Network]) -> bool:
    """Whether a request comes from a proxy whose word counts."""
    peer = _parse((scope.get("client") or ("",))[0])
    return peer is not None and _is_trusted(peer, trusted)


def _is_trusted(address: Address, trusted: Iterable[Network]) -> bool:
    return any(address in network for network in trusted)


def _hops(headers: Iterable[tuple[bytes, bytes]]) -> Iterator[str]:
    """Who asked whom, the latest first; `Forwarded` only without `X-Forwarded-For`."""
    fields = [(name, value.decode("latin-1")) for name, value in headers]
    plain = ",".join(value for name, value in fields if name == b"x-forwarded-for")
    if plain:
        yield from reversed(plain.split(","))
        return
    elements = _QUOTED.findall(",".join(value for name, value in fields if name == b"forwarded"))
    for element in reversed(elements):
        match = _FOR.search(element)
        yield match[1].strip('"') if match else ""


def _parse(text: str) -> Address | None:
    """An address, with or without a port; one of IPv4 in IPv6's clothes is one of IPv4."""
    text = text.strip()
    match = _PORT.fullmatch(text)
    if match:
        text = match[1] or match[2] or ""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
