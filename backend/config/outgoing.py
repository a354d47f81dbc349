"""How requests of our own leave this machine: the proxies and certificates of its environment."""

import contextlib
import os
import re
import ssl
from collections.abc import Iterable, Mapping
from ipaddress import ip_address, ip_network
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from backend.config.urls import read_web_url

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS: Final = {"http": 80, "https": 443}
# A host and perhaps a port; without brackets, an IPv6 address has none.
_ENTRY: Final = re.compile(r"(\[[^\]]*\]|[^:]*|.*:.*:.*?)(?::(\d+))?")


def is_loopback(host: str) -> bool:
    """Whether the host of a URL is this machine, by the names that everybody knows."""
    return host in _LOOPBACK


class Way(NamedTuple):
    """How to get to a host.

    Attributes:
        proxy: The URL of the proxy; None: directly.
        variable: What names it.
        ignored: A sentence about a proxy that cannot be used; the way is direct then.
    """

    proxy: str | None = None
    variable: str = ""
    ignored: str = ""

    @property
    def shown(self) -> str:
        """What is set, without a password."""
        return f"{self.variable}={_without_password(self.proxy or '')}"


def way_to(url: str, environment: Mapping[str, str] = os.environ) -> Way:
    """The way to a URL, as curl and most others choose it; never a proxy to this machine.

    `https_proxy` (or `http_proxy`, by the scheme) and then `all_proxy` name one, in lower or upper
    case; `no_proxy` lists who needs none.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or _PORTS.get(parts.scheme)
    if is_loopback(host) or _is_exempt(host, port, _first(environment, "no_proxy")[1]):
        return Way()
    for name in (f"{parts.scheme}_proxy", "all_proxy"):
        variable, value = _first(environment, name)
        if value:
            return _through(variable, value, host)
    return Way()


def find_bad_certificates(urls: Iterable[str]) -> str | None:
    """Why servers of https cannot be verified, when that is needed for one of these URLs.

    `SSL_CERT_FILE` is what OpenSSL and most programs have instead of the machine's own store.
    """
    path = os.environ.get("SSL_CERT_FILE")
    if not path or not any(url.startswith("https:") for url in urls):
        return None
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:  # ssl.SSLError is one
        why = error.strerror if error.errno and not isinstance(error, ssl.SSLError) else "no PEM"
        return f"SSL_CERT_FILE={path} cannot be used ({why}): unset it, or name certificates in PEM"
    return None


def _first(environment: Mapping[str, str], name: str) -> tuple[str, str]:
    for variable in (name, name.upper()):
        if value := environment.get(variable, "").strip():
            return variable, value
    return name, ""


def _through(variable: str, value: str, host: str) -> Way:
    with contextlib.suppress(ValueError):
        return Way(read_web_url(value if "://" in value else f"http://{value}").start, variable)
    return Way(
        ignored=f"{variable}={_without_password(value)} is no HTTP proxy, so {host} is asked "
        f"without one: set HTTPS_PROXY to one if it is needed, or NO_PROXY={host}"
    )


def _without_password(url: str) -> str:
    return re.sub(r"^(\w+://)?.*@", r"\1", url)


def _is_exempt(host: str, port: int | None, listed: str) -> bool:
    """Whether a list of hosts, domains, addresses and networks has this one.

    Each has a port or none; a domain stands with or without a dot, or `*.`, before it.
    """
    for each in re.split(r"[\s,]+", listed.lower()):
        entry = _ENTRY.fullmatch(each)
        if entry and entry[2] in {None, str(port)} and _covers(entry[1].strip("[]"), host):
            return True
    return False


def _covers(name: str, host: str) -> bool:
    if name == "*":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        domain = name.removeprefix("*").removeprefix(".")
        return bool(domain) and (host == domain or host.endswith(f".{domain}"))
    try:
        return address in ip_network(name, strict=False)
    except ValueError:
        return False
