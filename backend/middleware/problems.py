"""Turns whatever is raised below into problem+json (RFC 9457): no error has another form."""

import json
import logging
import random

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.core.problems import (
    InternalError,
    InvalidToken,
    MissingToken,
    Problem,
    Unavailable,
)
from backend.observability.security_events import BURST, SecurityEvents
from backend.rates.addresses import Proxies
from backend.web.fields import answered_by

log = logging.getLogger(__name__)


class ProblemResponse(Response):
    """The answer that `problem` describes."""

    media_type = "application/problem+json"

    def __init__(self, problem: Problem, scope: Scope) -> None:
        headers = dict(problem.headers)
        if isinstance(problem, MissingToken | InvalidToken):
            headers["WWW-Authenticate"] = scope["found"].terms.credentials.challenge
        if problem.ends_connection:
            headers["Connection"] = "close"
        if isinstance(problem, Unavailable):
            # Jitter, or all clients come back in the same second.
            headers.setdefault("Retry-After", str(random.randint(1, 3)))  # noqa: S311
        document = problem.document(answered_by(scope), scope.get("root_path", ""))
        super().__init__(json.dumps(document), problem.status, headers)


class ProblemsMiddleware:
    """Answers every exception of the layers below."""

    def __init__(self, app: ASGIApp, *, events: SecurityEvents, proxies: Proxies) -> None:
        self.app = app
        self._events = events
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except Exception as error:
            if scope["type"] != "http" or "started" in scope:
                raise
            problem = _problem(error, scope)
            scope["problem"] = {"problem": problem.code}
            if reason := getattr(problem, "reason", None):
                scope["problem"]["reason"] = reason
            self._note(problem, scope)
            await ProblemResponse(problem, scope)(scope, receive, send)

    def _note(self, problem: Problem, scope: Scope) -> None:
        if problem.code not in BURST:
            return
        principal = scope.get("principal")
        if principal is not None:
            self._events.note(problem.code, user=principal.subject)
        else:
            self._events.note(problem.code, address=self._proxies.client_address(scope))


def _problem(error: Exception, scope: Scope) -> Problem:
    if isinstance(error, Problem):
        if error.status == InternalError.status:
            log.error("bug", extra={"request_id": scope["request_id"]}, exc_info=error)
        return error
    log.error("bug", extra={"request_id": scope["request_id"]}, exc_info=error)
    return InternalError()
