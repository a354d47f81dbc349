"""HTTP without a client library's manners: any bytes out, the answer in."""

import json
import select
import socket
from dataclasses import dataclass
from http.client import HTTPMessage, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

_PATIENCE = 60  # seconds; how long an answer may take is the business of the service
_CHUNK = 65_536


@dataclass(frozen=True)
class Answer:
    """What came back; a connection that was closed without an answer has the status 0."""

    status: int
    headers: HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def request(
    method: str = "GET",
    target: str | bytes = "/api/tasks",
    *lines: str | bytes,
    body: bytes | None = None,
) -> bytes:
    """The bytes of a request that asks for the connection to be closed after it.

    Args:
        method: The method.
        target: Path and query, as they are.
        lines: Header fields, as they are, without the line end.
        body: Gets a `Content-Length`, unless it is None.
    """
    first = method.encode() + b" " + _bytes(target) + b" HTTP/1.1"
    fields = [b"Host: duly.example.com", b"Connection: close", *map(_bytes, lines)]
    if body is not None:
        fields.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join([first, *fields, b"", body or b""])


def send(origin: str, message: bytes) -> Answer:
    """Send bytes to the server at `origin` and read one answer, perhaps before all is sent."""
    with _connection(origin) as connection:
        _write(connection, message)
        response = HTTPResponse(connection, method=message.partition(b" ")[0].decode("latin-1"))
        try:
            response.begin()
            return Answer(response.status, response.headers, response.read())
        except (OSError, ValueError) as error:
            if isinstance(error, TimeoutError):
                raise
            return Answer(0, HTTPMessage(), b"")


def sent(origin: str, message: bytes) -> socket.socket:
    """A connection on which that has been sent, and nothing read yet."""
    connection = _connection(origin)
    connection.sendall(message)
    return connection


def answer_of(connection: socket.socket) -> HTTPResponse:
    """The answer, as soon as it comes."""
    response = HTTPResponse(connection)
    response.begin()
    return response


def _connection(origin: str) -> socket.socket:
    parts = urlsplit(origin)
    return socket.create_connection((parts.hostname, parts.port), timeout=_PATIENCE)


def _write(connection: socket.socket, message: bytes) -> None:
    """Write until the other side answers or closes."""
    for start in range(0, len(message), _CHUNK):
        readable, _, _ = select.select([connection], [], [], 0)
        if readable:
            return
        try:
            connection.sendall(message[start : start + _CHUNK])
        except (BrokenPipeError, ConnectionResetError):
            return


def _bytes(text: str | bytes) -> bytes:
    return text.encode("latin-1") if isinstance(text, str) else text
