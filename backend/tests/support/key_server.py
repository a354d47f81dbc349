"""A key set over real HTTP, whose server can be made to misbehave."""

import contextlib
import json
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self

from backend.security.signing import Issuer

PATH = "/api/auth/jwks"


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Callers that hang up are part of the tests, and no news."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class KeyServer:
    """Serves the public keys of `issuers` at `url`, in the way that `mode` names.

    Args:
        issuers: Whose keys are published.
        port: Of loopback; 0 for a free one.
        host: Another address of this machine: nobody takes 127.0.0.2 for loopback.

    Attributes:
        issuers: Whose keys are published; change it at any time.
        mode: One of `MODES`.
        requests: How many arrived.
        release: While it is not set, `slow` answers wait.
        ahead: Seconds by which its clock is ahead.
    """

    def __init__(self, *issuers: Issuer, port: int = 0, host: str = "127.0.0.1") -> None:
        self.issuers = list(issuers)
        self.mode = "ok"
        self.requests = 0
        self.release = threading.Event()
        self.ahead = 0.0
        handler = type("Handler", (_Handler,), {"keys": self})
        self._host = host
        self._server = _Server((host, port), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self.port}{PATH}"

    @property
    def document(self) -> bytes:
        return json.dumps({"keys": [issuer.jwk for issuer in self.issuers]}).encode()

    def rotate(self, *, keep: bool = False) -> Issuer:
        """Publish a new key; the old ones go unless kept."""
        issuer = Issuer.generate()
        self.issuers = [*self.issuers, issuer] if keep else [issuer]
        return issuer

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    keys: ClassVar[KeyServer]

    def do_GET(self) -> None:
        self.keys.requests += 1
        MODES[self.keys.mode](self)

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string((timestamp or time.time()) + self.keys.ahead)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the parent has it
        pass

    def ok(self) -> None:
        self.answer(200, self.keys.document)

    def slow(self) -> None:
        self.keys.release.wait(10)
        self.ok()

    def drop(self) -> None:
        self.close_connection = True

    def cut(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b'{"keys":[')
        self.close_connection = True

    def redirect(self) -> None:
        self.answer(302, b"", Location=self.keys.url + "?elsewhere")

    def compressed(self) -> None:
        self.answer(200, self.keys.document, **{"Content-Encoding": "gzip"})

    def drip(self) -> None:
        """A byte now and then: no single read takes long."""
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            while not self.keys.release.wait(0.02):
                self.wfile.write(b" ")
        self.close_connection = True

    def endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            while not self.keys.release.is_set():
                self.wfile.write(b" " * 4096)
        self.close_connection = True

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _with(status: int, body: bytes) -> Callable[[_Handler], None]:
    return lambda handler: handler.answer(status, body)


MODES: dict[str, Callable[[_Handler], None]] = {
    "ok": _Handler.ok,
    "slow": _Handler.slow,
    "drop": _Handler.drop,
    "cut": _Handler.cut,
    "drip": _Handler.drip,
    "endless": _Handler.endless,
    "redirect": _Handler.redirect,
    "compressed": _Handler.compressed,
    "down": _with(503, b"down"),
    "missing": _with(404, b"not found"),
    "limited": _with(429, b"later"),
    "huge": _with(200, b'{"keys":[' + b" " * 70_000 + b"]}"),
    "garbage": _with(200, b"<!doctype html><title>Sign in</title>"),
    "empty": _with(200, b""),
    "array": _with(200, b"[]"),
    "keyless": _with(200, b'{"keys":[]}'),
    "strange": _with(200, b'{"keys":{"a":1}}'),
    "doubled": _with(200, b'{"keys":[],"keys":[]}'),
}
