"""A thin HTTP client: what it costs must not hide what the program costs."""

import asyncio
import json
from contextlib import suppress
from typing import Any, NamedTuple

from backend.tests.faults.aside import now

LOST, REFUSED, SILENT = 0, -1, -2
"""In place of a status: closed without an answer, no connection, nothing for `PATIENCE`."""

PATIENCE = 15.0


class Answer(NamedTuple):
    """What came back, and when.

    Attributes:
        status: Of HTTP, or one of those above.
        body: As it came.
        retry_after: The header field, "" without one.
        asked_at: When the request was handed over.
        seconds: From there to the last byte.
    """

    status: int
    body: bytes
    retry_after: str
    asked_at: float
    seconds: float

    @property
    def code(self) -> str:
        """The code of a problem, "" if it is none."""
        return "" if self.status < 400 else str(self.json().get("code", ""))

    def json(self) -> Any:
        return json.loads(self.body)


def message(method: str, target: str, token: str, body: bytes | None = None) -> bytes:
    """The bytes of a request on a kept connection."""
    fields = [f"{method} {target} HTTP/1.1", "Host: duly"]
    if token:
        fields.append(f"Authorization: Bearer {token}")
    if body is not None:
        fields += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*fields, "", ""]).encode() + (body or b"")


class Wire:
    """One connection, opened when it is needed and kept while the server keeps it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, request: bytes) -> Answer:
        """Send a request and wait for its answer; never raises."""
        asked_at = now()
        status, body, retry_after = REFUSED, b"", ""
        try:
            async with asyncio.timeout(PATIENCE):
                reader, writer = await self._open()
                status = LOST
                writer.write(request)
                status, body, retry_after, kept = await read(reader)
            if not kept:
                self.close()
        except TimeoutError:
            status = SILENT
            self.close()
        except (OSError, EOFError, ValueError):
            self.close()
        return Answer(status, body, retry_after, asked_at, now() - asked_at)

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._reader is None or self._reader.at_eof() or self._writer is None:
            self.close()
            streams = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 20)
            self._reader, self._writer = streams
        return self._reader, self._writer

    def close(self) -> None:
        if self._writer is not None:
            with suppress(OSError, RuntimeError):
                self._writer.close()
        self._reader = self._writer = None


async def read(reader: asyncio.StreamReader) -> tuple[int, bytes, str, bool]:
    """Status, body, Retry-After, and whether the connection is kept."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    fields = {
        name.lower(): value.strip() for name, _, value in (row.partition(":") for row in lines)
    }
    body = await reader.readexactly(int(fields.get("content-length", 0)))
    kept = fields.get("connection", "").lower() != "close"
    return int(first.split()[1]), body, fields.get("retry-after", ""), kept
