"""One keep-alive connection to a server, and what it hears."""

import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from benchmarks.harness.calls import TIMEOUT, Call
from benchmarks.harness.people import Person
from benchmarks.harness.places import HOST

INTRODUCE = Call("GET", "/api/auth/me")
"""What makes the worker at the other end know its user."""

TOO_LATE = 503
"""What Duly answers when a statement takes longer than a request may."""


class Answer(NamedTuple):
    """What one request yielded; latency in milliseconds."""

    status: int
    head: bytes
    body: bytes
    latency: float


class Line:
    """One keep-alive connection; a plain socket, to add little of its own to a latency."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((HOST, port), timeout=TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def ask(self, call: Call, person: Person, task: str = "", *, patient: bool = False) -> Answer:
        """Send one request and wait for its whole answer.

        Raises:
            RuntimeError: when it is an error; if `patient`, other than one of time (503).
            OSError: when the connection is lost.
        """
        request = _packed(call.filled(person, task), person)
        start = time.perf_counter()
        self._socket.sendall(request)
        head, body = self._read()
        latency = (time.perf_counter() - start) * 1000
        status = int(head[9:12])
        if status >= 400 and not (patient and status == TOO_LATE):  # noqa: PLR2004 - RFC 9110
            raise RuntimeError(f"{status} to {call}: {body[:300]!r}")
        return Answer(status, head, body, latency)

    def _read(self) -> tuple[bytes, bytes]:
        seen = b""
        while b"\r\n\r\n" not in seen:
            seen += self._receive()
        head, _, body = seen.partition(b"\r\n\r\n")
        length = int(field(head, b"content-length"))
        while len(body) < length:
            body += self._receive()
        return head, body

    def _receive(self) -> bytes:
        if not (part := self._socket.recv(65_536)):
            raise ConnectionError("the server hung up")
        return part


@contextmanager
def introduced(port: int, people: Sequence[Person]) -> Iterator[Line]:
    """A connection whose worker knows the users already."""
    line = Line(port)
    for person in people:
        line.ask(INTRODUCE, person)
    try:
        yield line
    finally:
        line.close()


def _packed(call: Call, person: Person) -> bytes:
    lines = [f"{call.method} {call.path} HTTP/1.1", f"Host: {HOST}", ": ".join(person.header)]
    if call.body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(call.body)}"]
    return "\r\n".join([*lines, "", call.body]).encode()


def field(head: bytes, name: bytes) -> bytes:
    """The value of a header field, which must be there."""
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.lower() == name:
            return value.strip()
    raise RuntimeError(f"an answer without {name.decode()}: {head!r}")
