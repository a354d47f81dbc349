"""URLs and origins, written as a browser's `URL` writes them (the WHATWG URL standard)."""

import difflib
import ipaddress
import re
import socket
import unicodedata
from typing import Final, NamedTuple

_OWN_PORTS: Final = {"http": 80, "https": 443}
_WEB: Final = re.compile(r"(https?):[/\\]*(.*)", re.IGNORECASE | re.DOTALL)
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*:[/\\]*", re.IGNORECASE)
_OTHER: Final = re.compile(r"([a-z][a-z0-9+.-]*)://(.*)", re.IGNORECASE | re.DOTALL)
_PARTS: Final = re.compile(r"(?:([^/\\?#]*)@)?([^/\\?#]*)([^?#]*)(.*)", re.DOTALL)
_AUTHORITY: Final = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(?::(\d{0,5}))?")
_NAME: Final = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")
_NUMBER: Final = re.compile(r"(?:.*\.)?(?:\d+|0x[0-9a-f]*)\.?")
_HIGHEST_PORT: Final = 65_535
# Pages never come from these: their origin is `null`, or none at all.
_NO_PAGES: Final = frozenset({"file", "data", "blob", "about", "javascript", "ws", "wss", "ftp"})


class Url(NamedTuple):
    """The parts of a URL.

    Attributes:
        scheme: In lower case.
        user: What stands before `@`.
        host: In lower case and ASCII; an IPv6 address in brackets.
        port: None when it is the scheme's own.
        path: As it was written.
        rest: Query and fragment.
    """

    scheme: str
    user: str
    host: str
    port: int | None
    path: str
    rest: str

    @property
    def start(self) -> str:
        """The origin, with the user before it."""
        return self.origin.replace("://", f"://{self.user}@", 1) if self.user else self.origin

    @property
    def origin(self) -> str:
        """As `new URL(…).origin` has it."""
        return f"{self.scheme}://{self.host}" + ("" if self.port is None else f":{self.port}")


def read_url(text: str) -> Url:
    """The parts of a URL of any scheme.

    Raises:
        ValueError: when it is none; it says what is, as far as that can be told.
    """
    match = _WEB.fullmatch(text) or _OTHER.fullmatch(text)
    shown = _shown(text)
    if match is None:
        raise ValueError(f"must be a URL with its scheme{_meant(text)}, not {shown}")
    scheme = match[1].lower()
    parts = _PARTS.fullmatch(match[2])
    assert parts is not None  # noqa: S101 - any text has that form
    user, authority, path, rest = parts.groups()
    split = _AUTHORITY.fullmatch(authority)
    if split is None:
        raise ValueError(f"{shown} has no valid host and port (IPv6 addresses stand in brackets)")
    port = int(split[2]) if split[2] else None
    if port is not None and port > _HIGHEST_PORT:
        raise ValueError(f"{shown} has a port over {_HIGHEST_PORT}")
    own = port == _OWN_PORTS.get(scheme)
    host = _host(split[1], shown)
    return Url(scheme, user or "", host, None if own else port, path, rest)


def read_web_url(text: str) -> Url:
    """The parts of a URL of http or https.

    Raises:
        ValueError: when it is none.
    """
    url = read_url(text)
    if url.scheme not in _OWN_PORTS:
        raise ValueError(f"must be a URL of https or http, not {_shown(text)}")
    return url


def read_origin(text: str) -> str:
    """The origin of pages, as their browser sends it (RFC 6454, section 6.2).

    Raises:
        ValueError: when no page can have it; it says how it is written.
    """
    if text == "*":
        raise ValueError("takes exact origins such as https://app.example.com, not *")
    if text.lower() == "null":
        raise ValueError("takes no null: sandboxed frames and local files of anybody send it")
    if "*" in text:
        raise ValueError(f"takes exact origins: list each page's instead of {_shown(text)}")
    url = read_url(text)
    if url.scheme in _NO_PAGES or _is_misspelt(url.scheme):
        raise ValueError(f"takes origins of https or http, not {_shown(text)}")
    if url.path.strip("/\\") or url.rest or url.user:
        raise ValueError(f"takes origins, without user, path and query: {url.origin}")
    return url.origin


def is_loopback(host: str) -> bool:
    """Whether a host of a URL is this machine."""
    return host in {"localhost", "127.0.0.1", "[::1]"}


def _shown(text: str) -> str:
    """A URL for a message: without a password, whatever is in that, and not endless."""
    scheme = _SCHEME.match(text)
    start = scheme[0] if scheme else ""
    return f"{start}{text.removeprefix(start).rpartition('@')[2]}"[:200]


def _is_misspelt(scheme: str) -> bool:
    return scheme not in _OWN_PORTS and bool(
        difflib.get_close_matches(scheme, _OWN_PORTS, cutoff=0.75)
    )


def _meant(text: str) -> str:
    """What was probably meant, when that is a URL but for its scheme."""
    bare = re.sub(r"^(?:https?)?[:/\\]+", "", text, flags=re.IGNORECASE)
    for scheme in ("http", "https"):
        try:
            url = read_web_url(f"{scheme}://{bare}")
        except ValueError:
            break
        named = "." in url.host and not _NUMBER.fullmatch(bare)
        if is_loopback(url.host) or (scheme == "https" and named):
            return f": {url.origin}{url.path.rstrip('/')}"
    return " such as https://app.example.com"


def _host(text: str, shown: str) -> str:
    try:
        if text.startswith("["):
            return f"[{ipaddress.IPv6Address(text[1:-1]).compressed}]"
        name = text.lower() if text.isascii() else _ascii(text)
        if _NUMBER.fullmatch(name):  # 127.1 is 127.0.0.1
            return socket.inet_ntoa(socket.inet_aton(name.rstrip(".")))
    except (ValueError, OSError):
        name = ""
    if not _NAME.fullmatch(name):
        raise ValueError(f"must be a URL with a host such as https://app.example.com, not {shown}")
    return name


def _ascii(name: str) -> str:
    """An international name as it is in the DNS (RFC 5891).

    Raises:
        ValueError: when it can be no name.
    """
    import httpx2  # noqa: PLC0415 - few names need it

    try:
        return httpx2.URL(f"https://{unicodedata.normalize('NFKC', name)}").raw_host.decode("ascii")
    except httpx2.InvalidURL as error:
        raise ValueError from error
