"""The address of a client, as far as proxies that are trusted say so.

Each proxy adds whom it was asked by to the right of `X-Forwarded-For`, or of `Forwarded` (RFC
7239). What stands left of an address that is not trusted is what its owner likes us to believe.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final, NamedTuple

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_PORT = re.compile(r"(?:\[([^\]]*)\]|([^:]*))(?::\d+)?")
# Read in one go, for clients may send many blanks and quotes. No possessive groups, in which Python
# 3.11.2 has a fault.
_PIECE = re.compile(r'([^,"]+|"(?:[^"\\]|\\.)*")|,|(".*)', re.DOTALL)
_PARAMETER = re.compile(r'(?:[^;"]+|"(?:[^"\\]|\\.)*")+', re.DOTALL)
_UNQUOTED = re.compile(r'[^,"]+')
_OWN_BITS: Final = 64  # of an IPv6 address: a customer has at least as many to choose from
_REMEMBERED: Final = 4_096  # to read one takes 10 µs
_LONGEST: Final = 128  # characters of an address


class _Hop(NamedTuple):
    """Who passed a request on.

    Attributes:
        shown: Whom to hold responsible; None for what is no address.
        is_trusted: Whether it is one of the proxies.
    """

    shown: str | None
    is_trusted: bool


class Proxies:
    """The proxies whose word counts; false when there are none.

    Args:
        trusted: Their networks.
    """

    def __init__(self, trusted: Sequence[Network] = ()) -> None:
        self._trusted = trusted
        self._hop = lru_cache(_REMEMBERED)(self._read)

    def __bool__(self) -> bool:
        return bool(self._trusted)

    def client_address(self, scope: Mapping[str, Any]) -> str | None:
        """Whom to hold responsible: an IPv4 address, or the network of an IPv6 address.

        Args:
            scope: The request's ASGI scope.

        Returns:
            The last address that is not trusted; what a trusted proxy says without naming an
            address counts as the proxy itself. None without an address, as over a Unix socket. If
            nobody is trusted, the peer, just as the server names it.
        """
        host = _peer(scope)
        if not self._trusted:
            return host or None
        found = self._hop(host)
        if found.is_trusted:
            for text in _hops(scope["headers"]):
                hop = self._hop(text) if len(text) <= _LONGEST else _NOBODY
                if hop.shown is None:
                    break
                found = hop
                if not hop.is_trusted:
                    break
        return found.shown

    def sent(self, scope: Mapping[str, Any]) -> bool:
        """Whether a request comes from one of them."""
        return self._hop(_peer(scope)).is_trusted

    def _read(self, text: str) -> _Hop:
        address = _parse(text)
        if address is None:
            return _NOBODY
        shown = str(address)
        if isinstance(address, IPv6Address):
            shown = str(ip_network((int(address), _OWN_BITS), strict=False))
        return _Hop(shown, any(address in network for network in self._trusted))


_NOBODY: Final = _Hop(None, is_trusted=False)


def _peer(scope: Mapping[str, Any]) -> str:
    host: str = (scope.get("client") or ("",))[0]
    return host


def _hops(headers: Sequence[tuple[bytes, bytes]]) -> Iterator[str]:
    """Who asked whom, the latest first; `Forwarded` only without `X-Forwarded-For`."""
    plain = b",".join(value for name, value in headers if name == b"x-forwarded-for")
    if plain:
        yield from reversed(plain.decode("latin-1").split(","))
        return
    forwarded = b",".join(value for name, value in headers if name == b"forwarded")
    for element in reversed([*_elements(forwarded.decode("latin-1"))]):
        pairs = (each.partition("=") for each in _PARAMETER.findall(element))
        values = (value for name, _, value in pairs if name.strip().lower() == "for")
        yield next(values, "").strip().strip('"')


def _elements(field: str) -> Iterator[str]:
    """The elements of `Forwarded`; behind a quote that nobody closes there are no quotes."""
    element = ""
    for piece, rest in _PIECE.findall(field):
        if piece:
            element += piece
            continue
        if element:
            yield element
        element = ""
        yield from _UNQUOTED.findall(rest)
    if element:
        yield element


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
