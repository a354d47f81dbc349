"""Header fields that every answer carries, and CORS for the configured origins."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.core.problems import OriginRefused
from backend.middleware.problems import ProblemResponse

_ALWAYS = [
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
]
_NO_CONTENT = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
# Everything on them is a file of this origin; `data:` has the icons of Swagger UI's style.
_PAGE_CONTENT = (
    b"content-security-policy",
    (
        b"default-src 'none'; connect-src 'self'; img-src 'self' data:; script-src 'self'; "
        b"style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
)
_HTTPS_ONLY = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")
_PAGES = frozenset({"/", "/docs"})

_METHODS = ("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE")
_REQUEST_HEADERS = ("Authorization", "Content-Type", "If-Match", "If-None-Match", "X-Request-Id")
_RESPONSE_HEADERS = (
    "ETag",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Total-Count",
    "WWW-Authenticate",
    "X-Request-Id",
)


def protective_fields(
    *, https_only: bool, content: tuple[bytes, bytes] = _NO_CONTENT
) -> list[tuple[bytes, bytes]]:
    """The header fields that every answer carries.

    Args:
        https_only: Whether browsers shall remember to come by HTTPS only.
        content: What a browser may load for the answer.
    """
    return [*_ALWAYS, content, *([_HTTPS_ONLY] if https_only else [])]


class HeadersMiddleware:
    """Adds the protective header fields (OWASP ASVS 5.0, V3.4).

    Args:
        app: The layer below.
        https_only: Whether browsers shall remember to come by HTTPS only.
    """

    def __init__(self, app: ASGIApp, *, https_only: bool) -> None:
        self.app = app
        self._fields = protective_fields(https_only=https_only)
        self._page_fields = protective_fields(https_only=https_only, content=_PAGE_CONTENT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            is_page = scope["found"].label in _PAGES
            scope["fields"] += self._page_fields if is_page else self._fields
        await self.app(scope, receive, send)


class ExactOrigins(CORSMiddleware):
    """CORS for a list of exact origins; a refused preflight is a problem like any other."""

    def __init__(self, app: ASGIApp, *, origins: tuple[str, ...]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=_METHODS,
            allow_headers=_REQUEST_HEADERS,
            expose_headers=_RESPONSE_HEADERS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "OPTIONS":
            headers = Headers(scope=scope)
            if "origin" in headers and "access-control-request-method" in headers:
                await self._preflight(headers, scope)(scope, receive, send)
                return
        await super().__call__(scope, receive, send)

    def _preflight(self, headers: Headers, scope: Scope) -> Response:
        answer = self.preflight_response(request_headers=headers)
        if answer.status_code == OriginRefused.status:
            return ProblemResponse(OriginRefused(headers={"Vary": "Origin"}), scope)
        return answer
