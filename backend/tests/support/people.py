"""The cast: clients as people."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any
from uuid import uuid4

import httpx2

from backend.security.signing import Issuer
from backend.tests.support import processes
from backend.tests.support.document import check_code
from backend.tests.support.program import ServedProgram
from backend.tests.support.service import Service

ORIGIN = "https://app.example.com"

NO_TLS = processes.NO_TLS


class _FirstPiece(httpx2.SyncByteStream):
    def __init__(self, whole: Iterable[bytes], close: Callable[[], None]) -> None:
        self._whole = whole
        self.close = close  # type: ignore[method-assign]  # that of the whole

    def __iter__(self) -> Iterator[bytes]:
        yield from islice(self._whole, 1)


class _Impatient(httpx2.HTTPTransport):
    """Of an answer that goes on for ever the first piece is enough for most tests."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = super().handle_request(request)
        kind = answer.headers.get("content-type", "")
        if kind.startswith("text/event-stream") and "whole" not in request.extensions:
            assert isinstance(answer.stream, httpx2.SyncByteStream)
            answer.stream = _FirstPiece(answer.stream, answer.stream.close)
        return answer


class Person:
    """Somebody with a token and a client that sends it.

    Attributes:
        subject: Their user id; new for each test.
        token: A valid token of theirs.
        client: Sends the token with every request.
    """

    def __init__(self, name: str, service: Service | ServedProgram, issuer: Issuer) -> None:
        self.subject = f"{name}-{uuid4().hex[:12]}"
        self.token = issuer.token(self.subject, issuer=ORIGIN, audience=ORIGIN)
        self.client = httpx2.Client(
            base_url=service.url,
            headers={"Authorization": f"Bearer {self.token}"},
            transport=_Impatient(verify=NO_TLS, trust_env=False),
            trust_env=False,
            event_hooks={"response": [check_code]},
            timeout=60,  # seconds; how long a request may take is the service's business
        )

    def create(self, title: str = "Buy milk", **fields: Any) -> dict[str, Any]:
        """Create a task and give its representation."""
        answer = self.client.post("/api/tasks", json={"title": title, **fields})
        assert answer.status_code == 201, answer.text
        task: dict[str, Any] = answer.json()
        return task

    def titles(self, **query: Any) -> list[str]:
        """The titles of their tasks, in the order of the answer."""
        answer = self.client.get("/api/tasks", params=query)
        assert answer.status_code == 200, answer.text
        return [task["title"] for task in answer.json()]
