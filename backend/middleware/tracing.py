"""What the span of a request says: no more than the log does."""

from opentelemetry import trace
from starlette.types import ASGIApp, Receive, Scope, Send


class TracingMiddleware:
    """Takes path and query out of the span that FastAPI has begun: they hold ids and content.

    Adds the request id, by which the log's line is found. Only made when somebody traces.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            span = trace.get_current_span()
            span.set_attribute("url.path", scope["found"].label)
            if scope["query_string"]:
                span.set_attribute("url.query", "REDACTED")
            span.set_attribute("duly.request_id", scope["request_id"])
        await self.app(scope, receive, send)
