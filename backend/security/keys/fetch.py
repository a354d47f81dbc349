"""The one HTTP request that Duly makes on its own: to the URL of the key set, from the settings."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Final, Protocol
from urllib.parse import urlsplit

import httpx2

from backend.config.outgoing import way_to

LARGEST_DOCUMENT: Final = 64 * 1024
CONNECT_SECONDS: Final = 1.0
TOTAL_SECONDS: Final = 3.0

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class FetchFailed(Exception):  # noqa: N818 - an outcome that is planned for
    """The document could not be had.

    Args:
        reason: A stable word for log and metrics, such as `unreachable` or `status_503`.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Fetch(Protocol):
    """A way to the key set's document."""

    def __call__(self) -> Awaitable[bytes]:
        """Get the document, in bounded time and size. Raises `FetchFailed`."""

    async def aclose(self) -> None:
        """Let go of connections."""


class HttpFetch:
    """Gets a document over https (http on loopback), as a suspicious client does.

    No redirect is followed, nothing compressed or over 64 KiB is read, and all of it takes at most
    3 s, 1 s of it for the connection.

    Attributes:
        fields: The header fields of the latest answer, whatever became of it: for the doctor.

    Raises:
        ValueError: The URL is not https.
    """

    fields: Mapping[str, str]

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        local = parts.hostname in _LOOPBACK
        if parts.scheme != "https" and not (parts.scheme == "http" and local):
            raise ValueError("a key source must be https (http only on loopback)")
        self.fields = {}
        self._url = url
        self._client = httpx2.AsyncClient(
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            follow_redirects=False,
            timeout=httpx2.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS),
            # The environment's certificates count, its proxies as `way_to` reads them.
            verify=httpx2.create_ssl_context(trust_env=parts.scheme == "https"),
            proxy=way_to(url).proxy,
            trust_env=False,
        )

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
        except (TimeoutError, httpx2.TimeoutException):
            raise FetchFailed("timeout") from None
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise FetchFailed("unreachable") from error

    async def aclose(self) -> None:
        """Close idle connections."""
        await self._client.aclose()


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
