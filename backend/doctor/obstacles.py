"""What stands between Duly and a key source: each kind of failure, and what mends it."""

import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import httpx2

from backend.config.outgoing import is_loopback, way_to
from backend.security.keys.fetch import (
    CONNECT_SECONDS,
    LARGEST_DOCUMENT,
    TOTAL_SECONDS,
    FetchFailed,
)

_LOGIN: Final = re.compile(rb"log.?in|sign.?in|password|sso|oauth", re.IGNORECASE)
_TITLE: Final = re.compile(rb"<title[^>]*>\s*([^<]{1,60})", re.IGNORECASE)
_OPENED: Final = "Let the path of the keys through without a login: they are public"
# OpenSSL's X509_V_ERR_*, and what each says of a certificate.
_CERTIFICATES: Final = {
    9: ("is not valid yet", "Compare this machine's clock with the source's (NTP)."),
    10: ("has expired", "Renew it; if it is fresh, set this machine's clock (NTP)."),
    18: ("is self-signed", "Set SSL_CERT_FILE to that certificate, as a PEM file."),
    62: ("is for another host", "Name the host as the certificate does."),
    64: ("is for another address", "Name the host as the certificate does."),
}
_AUTHORITY: Final = (
    "Set SSL_CERT_FILE to a PEM file with the authority's certificate (of your own, or of a proxy "
    "that looks into TLS); it stands in place of the machine's own."
)
_UNKNOWN: Final = ("is of an authority that this machine does not know", _AUTHORITY)


class Obstacle(NamedTuple):
    """What is in the way.

    Attributes:
        detail: What was seen.
        remedy: What to do about it.
    """

    detail: str
    remedy: str


def find_obstacle(
    url: str, failure: FetchFailed, fields: Mapping[str, str], setting: str
) -> Obstacle:
    """Name what kept a key set from coming.

    Args:
        url: Where it was asked for.
        failure: What became of that.
        fields: The header fields of the answer, if there was one.
        setting: What names the URL.
    """
    detail, remedy = _obstacle(url, failure, fields, setting)
    return Obstacle(f"{url} {detail}", remedy)


def _obstacle(  # noqa: PLR0911 - one for each kind of answer
    url: str, failure: FetchFailed, fields: Mapping[str, str], setting: str
) -> Obstacle:
    where = f"set {setting} to where the keys are"
    match failure.reason.removeprefix("status_"):
        case "unreachable" | "timeout":
            return _of_network(url, failure, setting)
        case "compressed":
            return Obstacle(
                "answers compressed, although it was asked not to",
                "Let the proxy before it heed `Accept-Encoding: identity`.",
            )
        case "too_large":
            return Obstacle(f"answers more than {LARGEST_DOCUMENT} bytes", look_there(setting))
        case status if status.startswith("3"):
            return _of_redirect(status, fields.get("Location", ""), where)
        case "401" | "403" as status:
            return Obstacle(
                f"answers {status}: something before it asks for a login",
                f"{_OPENED}. (A deployment's protection, basic authentication or a proxy.)",
            )
        case "407":
            return Obstacle(
                "answers 407: the proxy wants a password",
                "Put it into HTTPS_PROXY, or the host of the keys into NO_PROXY.",
            )
        case "429":
            return Obstacle(
                "answers 429: too many requests",
                "Raise Better Auth's `rateLimit` for its jwks path.",
            )
        case "502" | "503" | "504" as status:
            return Obstacle(
                f"answers {status}: the frontend is down, or a proxy does not reach it",
                look_there(setting),
            )
        case status:
            return Obstacle(f"answers {status}", look_there(setting))


def look_there(setting: str) -> str:
    """What to do about an answer that is no key set."""
    return (
        'Open the URL in a browser: it must show `{"keys": […]}`. Better Auth needs the `jwt()` '
        f"plugin in auth.ts; `basePath` or `jwksPath` move the URL, then set {setting}."
    )


def describe_page(document: bytes) -> tuple[str, str]:
    """What a web page in place of the keys is called, and what to do first if it is a login."""
    title = _TITLE.search(document)
    name = f" ({title[1].decode('utf-8', 'replace').strip()!a})" if title else ""
    return f"a web page{name}", f"{_OPENED}. " if _LOGIN.search(document) else ""


def _of_redirect(status: str, target: str, where: str) -> Obstacle:
    detail = f"redirects ({status}) to {target[:255]!a}: not followed"
    if _LOGIN.search(target.encode()):
        return Obstacle(detail, f"{_OPENED} (`matcher` in the frontend's proxy.ts), or {where}.")
    return Obstacle(detail, f"{where[0].upper()}{where[1:]}.")


def _of_network(url: str, failure: FetchFailed, setting: str) -> Obstacle:
    parts = urlsplit(url)
    host, causes = parts.hostname or "", list(_causes(failure))
    proxy = way_to(url).shown if parts.scheme == "https" and way_to(url).proxy else None
    detail, remedy = _of_causes(causes, host, setting)
    if proxy and not any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        remedy = f"Set NO_PROXY={host} if it is to be reached directly, or mend the proxy. {remedy}"
    through = f", through {proxy}" if proxy else ""
    return Obstacle(f"cannot be reached{through}: {detail}", remedy)


def _of_causes(causes: list[BaseException], host: str, setting: str) -> tuple[str, str]:
    for cause in causes:
        if named := _of_cause(cause, host, setting):
            return named
    if any(isinstance(cause, TimeoutError | httpx2.TimeoutException) for cause in causes):
        remedy = f"Is the frontend up, and its database? Otherwise mend {setting}."
        return f"no answer within {TOTAL_SECONDS:.0f} s", remedy
    return _line(causes[-1]), _listening(host, setting)


def _of_cause(cause: BaseException, host: str, setting: str) -> tuple[str, str] | None:
    match cause:
        case ssl.SSLCertVerificationError():
            says, remedy = _CERTIFICATES.get(cause.verify_code, _UNKNOWN)
            return f"its certificate {says} ({cause.verify_message})", remedy
        case ssl.SSLError() | httpx2.RemoteProtocolError() if not _left(cause):
            detail = f"what listens there speaks another protocol ({_line(cause)})"
            remedy = (
                f"https and http may be mixed up in {setting}; for plain http to a host inside "
                f"your own network, production wants AUTH_JWKS_TRUSTED_HOSTS={host}."
            )
        case socket.gaierror():
            detail = f"the name {host} is not known here ({_line(cause)})"
            remedy = (
                "A service of Compose or Kubernetes is known in its own network or namespace only "
                f"(NAME.NAMESPACE.svc elsewhere). Mend {setting}, or this machine's DNS."
            )
        case ConnectionRefusedError():
            detail = f"nobody listens there ({_line(cause)})"
            remedy = _listening(host, setting)
        case httpx2.ConnectTimeout():
            detail = f"no connection within {CONNECT_SECONDS:.0f} s"
            remedy = (
                "Something drops the packets: a firewall, a NetworkPolicy, a security group, or "
                f"an address that leads nowhere. Is the frontend up? Otherwise mend {setting}."
            )
        case _:
            return None
    return detail, remedy


def _left(cause: BaseException) -> bool:
    """Whether the other side only hung up, which says nothing of what it speaks."""
    return "disconnected" in str(cause)


def _listening(host: str, setting: str) -> str:
    if is_loopback(host):
        return (
            "Is the frontend up? In a container this address is the container itself: name the "
            f"frontend's host in {setting} (http://frontend:3000/api/auth/jwks), in production "
            "with AUTH_JWKS_TRUSTED_HOSTS=frontend."
        )
    return (
        "Is the frontend up, and does it listen on more than its own loopback (HOSTNAME=0.0.0.0 "
        f"for Next.js)? Otherwise mend {setting}."
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """What led to an error, the nearest first; the first of several at once."""
    cause = error.__cause__ or error.__context__
    if isinstance(cause, BaseExceptionGroup):
        cause = cause.exceptions[0]
    if cause is not None:
        yield cause
        yield from _causes(cause)


def _line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
