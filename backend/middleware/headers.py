"""Header fields that every answer carries, errors too."""

from starlette.types import ASGIApp, Receive, Scope, Send

from backend.middleware.cors import Cors

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
    """Adds the protective header fields (OWASP ASVS 5.0, V3.4) and those of CORS.

    Args:
        app: The layer below.
        https_only: Whether browsers shall remember to come by HTTPS only.
        cors: What pages of other origins may do.

    Raises:
        OriginRefused: for a preflight of what they may not.
    """

    def __init__(self, app: ASGIApp, *, https_only: bool, cors: Cors) -> None:
        self.app = app
        self._cors = cors
        self._fields = protective_fields(https_only=https_only)
        self._page_fields = protective_fields(https_only=https_only, content=_PAGE_CONTENT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            is_page = scope["found"].label in _PAGES
            scope["fields"] += self._page_fields if is_page else self._fields
            scope["fields"] += self._cors.fields(scope["headers"])
            if scope["method"] == "OPTIONS" and (answer := self._cors.preflight(scope)):
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)
