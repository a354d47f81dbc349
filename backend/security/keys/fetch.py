"""The one HTTP request that Duly makes on its own: to the URL of the key set, from the settings."""

import asyncio
import ssl
from collections.abc import Awaitable, Mapping
from typing import Final, Protocol, Self
from urllib.parse import urlsplit

import httpx2

from backend.config import Settings
from backend.config.outgoing import is_loopback, way_to

LARGEST_DOCUMENT: Final = 64 * 1024
CONNECT_SECONDS: Final = 1.0
TOTAL_SECONDS: Final = 3.0


class FetchFailed(Exception):  # noqa: N818 - an outcome that is planned for
    """The document could not be had.

    Args:
        reason: A stable word for log and metrics, such as `unreachable` or `status_503`.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)

    @property
    def cause(self) -> str:
        """What the network or TLS said of it, in one line; empty when nothing did."""
        cause = self.__cause__
        return str(cause).strip().partition("\n")[0] or type(cause).__name__ if cause else ""


class Fetch(Protocol):
    """A way to the key set's document."""

    def __call__(self) -> Awaitable[bytes]:
        """Get the document, in bounded time and size. Raises `FetchFailed`."""

    async def aclose(self) -> None:
        """Let go of connections."""


class HttpFetch:
    """Gets a document over https (http on loopback), as a suspicious client does.

    No redirect is followed, nothing compressed or over 64 KiB is read, and all of it takes at most
    3 s, 1 s of it for the connection. Authorities are the system's, or those of `SSL_CERT_FILE`.

    Args:
        url: The document.
        plain: Whether http will do for any host: in development, or for one that is trusted.

    Attributes:
        fields: The header fields of the latest answer, whatever became of it: for the doctor.

    Raises:
        ValueError: The URL is not https.
    """

    fields: Mapping[str, str]

    def __init__(self, url: str, *, plain: bool = False) -> None:
        parts = urlsplit(url)
        host = parts.hostname or ""
        local = is_loopback(host)
        if parts.scheme != "https" and not (parts.scheme == "http" and host and (local or plain)):
            raise ValueError("a key source must be https (http only on loopback)")
        self.fields = {}
        self._url = url
        self._client = httpx2.AsyncClient(
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            follow_redirects=False,
            timeout=httpx2.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS),
            # The environment's certificates count; its proxies as `way_to` reads them, and for
            # https alone: what came back by plain http would be the proxy's word.
            verify=_authorities(parts.scheme),
            proxy=way_to(url).proxy if parts.scheme == "https" else None,
            trust_env=False,
        )

    @classmethod
    def of(cls, settings: Settings, url: str) -> Self:
        """For a URL that the settings name."""
        return cls(url, plain=settings.allows_plain_http(urlsplit(url).hostname or ""))

    async def __call__(self) -> bytes:
        """Get the document.

        Raises:
            FetchFailed: `timeout`, `unreachable`, `status_NNN`, `compressed` or `too_large`.
        """
        try:
            async with (
                asyncio.timeout(TOTAL_SECONDS),
                self._client.stream("GET", self._url) as response,
            ):
                self.fields = response.headers
                return await _read(response)
        except (TimeoutError, httpx2.TimeoutException) as error:
            raise FetchFailed("timeout") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise FetchFailed("unreachable") from error

    async def aclose(self) -> None:
        """Close idle connections."""
        await self._client.aclose()


def _authorities(scheme: str) -> ssl.SSLContext:
    """Whose certificates are believed; reading all of them takes 70 ms, for http in vain."""
    if scheme == "http":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx2.create_ssl_context()


async def _read(response: httpx2.Response) -> bytes:
    if response.status_code != httpx2.codes.OK:
        raise FetchFailed(f"status_{response.status_code}")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise FetchFailed("compressed")
    document = bytearray()
    async for chunk in response.aiter_raw():
        document += chunk
        if len(document) > LARGEST_DOCUMENT:
            raise FetchFailed("too_large")
    return bytes(document)
